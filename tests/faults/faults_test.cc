// The system refuses memory or a thread at each point of a guest's work in turn: once, or from
// there on. In each case the process must go on, and no thread may wait for ever, which would show
// as the test's timeout.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <ostream>
#include <string>
#include <thread>

#include "session/session.h"
#include "support/core.h"

namespace {

// One kind of refusal, for all threads.
class Fault {
 public:
  // The next request after `before` others is refused, and with `all` every one after it.
  void Begin(int64_t before, bool all) {
    all_ = all;
    hit_ = false;
    left_ = before;
    on_ = true;
  }
  // Whether it came to a refusal.
  bool End() {
    on_ = false;
    return hit_;
  }
  bool Refuses() {
    if (!on_.load(std::memory_order_relaxed)) return false;
    const int64_t left = left_.fetch_sub(1);
    if (left == 0) hit_ = true;
    return left == 0 || (left < 0 && all_);
  }

 private:
  std::atomic<bool> on_{false};
  std::atomic<bool> all_{false};
  std::atomic<bool> hit_{false};
  std::atomic<int64_t> left_{0};
};

Fault memory_fault;
Fault thread_fault;

}  // namespace

// Not inlined: GCC would take malloc and free for a pair that does not match.
[[gnu::noinline]] void* operator new(size_t size) {
  if (memory_fault.Refuses()) throw std::bad_alloc();
  if (void* block = std::malloc(size == 0 ? 1 : size)) return block;
  throw std::bad_alloc();
}
// A sanitizer's own would not be a pair with the one below.
[[gnu::noinline]] void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return memory_fault.Refuses() ? nullptr : std::malloc(size == 0 ? 1 : size);
}
[[gnu::noinline]] void operator delete(void* block) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, size_t) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, const std::nothrow_t&) noexcept {
  std::free(block);
}

// A sanitizer's own, where there is one.
extern "C" int __interceptor_pthread_create(pthread_t*, const pthread_attr_t*, void* (*)(void*),
                                            void*) __attribute__((weak));

extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                              void* (*main)(void*), void* argument) noexcept {
  if (thread_fault.Refuses()) return EAGAIN;
  if (__interceptor_pthread_create != nullptr) {
    return __interceptor_pthread_create(thread, attributes, main, argument);
  }
  static const auto next =
      reinterpret_cast<decltype(&pthread_create)>(dlsym(RTLD_NEXT, "pthread_create"));
  return next(thread, attributes, main, argument);
}

namespace wasinn {
namespace {

using std::chrono::milliseconds;
using testing::BytesOf;
using testing::Core;

// As a dialect does with each call of its guest.
template <typename Body>
bool Try(Session& session, Body body) {
  try {
    const auto result = body();
    if (!result) session.Remember(result.error());
    return result.has_value();
  } catch (...) {
    session.Remember(ErrorOfException());
    return false;
  }
}

struct Work {
  const char* name;
  const char* backend;
  Options options;
  const char* compute_timeout;
  void (*body)(Session& session, uint32_t context);
};

bool Set(Session& session, uint32_t context) {
  return Try(session, [&] {
    const int64_t dims[] = {5};
    return session.SetInput(context, std::nullopt, 0, DType::kU8, *Shape::OfTensor(dims),
                            BytesOf("hello"));
  });
}

void Compute(Session& session, uint32_t context) {
  for (int i = 0; i < 2; ++i) {
    if (!Set(session, context)) continue;
    Try(session, [&] { return session.Compute(context).Take(); });
    Try(session, [&] { return session.Output(context, 0); });
  }
}

// A compute that would take a minute, and a stop by another thread.
void StopIt(Session& session, uint32_t context) {
  if (!Set(session, context)) return;
  std::thread stopper;
  try {
    stopper = std::thread([&] { session.Stop(PlainError(Code::kCancelled, "enough")); });
  } catch (...) {
    return;
  }
  Try(session, [&] { return session.Compute(context).Take(); });
  stopper.join();
}

void Stream(Session& session, uint32_t context) {
  if (!Set(session, context)) return;
  if (!Try(session, [&] { return session.StartRun(context); })) return;
  Try(session, [&] { return session.Wait(context, WaitFor::kEnd, {}).Take(); });
  Try(session, [&] { return session.ReadPiece(context, 0, 3); });
  Try(session, [&] { return session.EndRun(context).Take(); });
}

// Steps through a stream and computes before it has ended.
void StepAndCompute(Session& session, uint32_t context) {
  if (!Set(session, context)) return;
  Try(session, [&] { return session.Single(context).Take(); });
  Try(session, [&] { return session.SingleOutput(context, 0); });
  Try(session, [&] { return session.Compute(context).Take(); });
  Try(session, [&] { return session.Output(context, 0); });
}

void Abandon(Session& session, uint32_t context) {
  if (!Set(session, context)) return;
  const wasinn_waker waker{[](void*) {}, nullptr};
  std::optional<wasinn::Call<void>> call;
  try {
    call.emplace(session.Compute(context));
    (void)call->Ready(&waker);
  } catch (...) {
    // Nothing was started.
  }
  session.Abandon();
}

void Handles(Session& session, uint32_t) {
  const int64_t dims[] = {5};
  uint32_t tensor = 0;
  uint32_t error = 0;
  Try(session, [&]() -> Result<> {
    WASINN_TRY(made, session.AddTensor(DType::kU8, *Shape::OfTensor(dims), BytesOf("hello")));
    tensor = made;
    WASINN_TRY(told,
               session.held().AddError({Code::kBusy, "a text that is too long to fit inside", 0}));
    error = told;
    return {};
  });
  session.held().DropTensor(tensor);
  session.held().DropError(error);
}

void PrintTo(const Work& work, std::ostream* out) { *out << work.name; }

class FaultTest : public ::testing::TestWithParam<Work> {
 protected:
  // A guest's whole life on a new engine, with `fault` in it; returns whether something was
  // refused.
  static bool Live(Fault& fault, int64_t before, bool all) {
    const Work& work = GetParam();
    Core core(0, 1 << 20, /*threads=*/1);
    ModelConfig config;
    config.name = "m";
    config.content = core.Copy("wasinn-echo\ninput x u8 -1\noutput y u8 -1");
    config.backend = work.backend;
    config.options = work.options;
    EXPECT_TRUE(core.models.Add(std::move(config)));
    Policy policy;
    EXPECT_TRUE(policy.Set("compute_timeout", work.compute_timeout));
    const SessionHost host{&core.buffers(), &core.models, &core.scheduler, core.log.get()};
    fault.Begin(before, all);
    std::unique_ptr<Session> session;
    try {
      session = std::make_unique<Session>(host, policy);
    } catch (...) {
      return fault.End();
    }
    uint32_t graph = 0;
    uint32_t context = 0;
    const bool ready = Try(*session, [&]() -> Result<> {
      WASINN_TRY(loaded, session->LoadByName("m", {}).Take());
      graph = loaded;
      WASINN_TRY(made, session->InitContext(graph, {}));
      context = made;
      return {};
    });
    if (ready) {
      work.body(*session, context);
      Try(*session, [&] { return session->DropContext(context); });
    }
    session.reset();
    return fault.End();
  }

  static void EachPoint(Fault& fault, bool all) {
    int64_t point = 0;
    while (Live(fault, point, all)) ++point;
    EXPECT_GT(point, 0);
    // And it all works when nothing is refused.
    EXPECT_FALSE(Live(fault, INT64_MAX, all));
  }
};

TEST_P(FaultTest, MemoryIsRefusedOnce) { EachPoint(memory_fault, false); }
TEST_P(FaultTest, MemoryIsRefusedFromThereOn) { EachPoint(memory_fault, true); }
TEST_P(FaultTest, AThreadIsRefusedOnce) { EachPoint(thread_fault, false); }
TEST_P(FaultTest, ThreadsAreRefusedFromThereOn) { EachPoint(thread_fault, true); }

const Work kWorks[] = {
    {"compute", "echo", {}, "0", Compute},
    {"compute_blocking", "echo-blocking", {}, "1h", Compute},
    {"compute_async", "echo", {{"async", "true"}}, "1h", Compute},
    {"timeout", "echo", {{"delay_ms", "60000"}}, "1ms", Compute},
    {"timeout_blocking", "echo-blocking", {{"delay_ms", "60000"}}, "1ms", Compute},
    {"timeout_deaf",
     "echo-blocking",
     {{"delay_ms", "5"}, {"ignore_cancel", "true"}},
     "1ms",
     Compute},
    {"stop", "echo", {{"delay_ms", "60000"}}, "0", StopIt},
    {"stop_blocking", "echo-blocking", {{"delay_ms", "60000"}}, "0", StopIt},
    {"stream", "echo", {{"chunk_bytes", "2"}, {"chunk_delay_ms", "1"}}, "0", Stream},
    {"stream_blocking", "echo-blocking", {{"chunk_bytes", "2"}}, "0", Stream},
    {"step", "echo", {{"chunk_bytes", "2"}, {"chunk_delay_ms", "1"}}, "1h", StepAndCompute},
    {"abandon", "echo", {{"delay_ms", "60000"}}, "1h", Abandon},
    {"abandon_blocking", "echo-blocking", {{"delay_ms", "60000"}}, "1h", Abandon},
    {"handles", "echo", {}, "0", Handles},
};

INSTANTIATE_TEST_SUITE_P(Guests, FaultTest, ::testing::ValuesIn(kWorks),
                         [](const ::testing::TestParamInfo<Work>& work) {
                           return std::string(work.param.name);
                         });

}  // namespace
}  // namespace wasinn
