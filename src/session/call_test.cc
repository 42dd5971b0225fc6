// Calls of a session that are pending at the same time.
#include "session/call.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <latch>
#include <mutex>
#include <numeric>
#include <random>
#include <thread>

#include "base/text.h"
#include "support/session_fixture.h"

namespace wasinn {
namespace {

using std::chrono::milliseconds;
using testing::BytesOf;
using testing::Eventually;
using testing::kAny;
using testing::ScriptedBackend;
using testing::SessionFixture;

// A backend whose computes end when the test says so.
class CallTest : public SessionFixture {
 protected:
  CallTest() {
    script_.run = [this](const wasinn_backend_input* inputs, size_t count,
                         const wasinn_backend_sink& sink) {
      const std::lock_guard lock(mutex_);
      open_.push_back({sink,
                       {static_cast<const char*>(inputs[0].tensor.data),
                        count == 0 ? 0 : inputs[0].tensor.size}});
    };
    EXPECT_TRUE(core_.backends.Add(&script_.table));
    Register("any", kAny);
    Register("open", kAny, {}, "scripted");
    Register("slow-load", kAny, {{"load_delay_ms", "100"}});
  }

  uint32_t Ready(Session& session, std::string_view text = "x") {
    const uint32_t context = Context(session, "open");
    EXPECT_TRUE(SetBytes(session, context, text));
    return context;
  }
  // Ends a compute with its input as output.
  void End(size_t compute) {
    const auto& [sink, text] = Open(compute);
    const int64_t dims[] = {static_cast<int64_t>(text.size())};
    const wasinn_backend_output output{
        0, {WASINN_DTYPE_U8, 1, dims, text.data(), text.size()}, nullptr, nullptr};
    sink.output(sink.self, sink.run, &output);
    ScriptedBackend::Done(sink);
  }
  void SetScript(ScriptedBackend::Run run) { script_.run = std::move(run); }
  void SetLoad(std::function<void()> load) {
    script_.load = [load = std::move(load)](const wasinn_load_request&, wasinn_error*) {
      load();
      return WASINN_OK;
    };
  }
  size_t open_computes() {
    const std::lock_guard lock(mutex_);
    return open_.size();
  }

 private:
  struct Compute {
    wasinn_backend_sink sink;
    std::string text;
  };
  const Compute& Open(size_t compute) {
    const std::lock_guard lock(mutex_);
    return open_.at(compute);
  }

  std::mutex mutex_;
  std::deque<Compute> open_;
  ScriptedBackend script_{WASINN_BACKEND_PARALLEL_LOAD};
};

TEST_F(CallTest, AHundredEndInAnyOrder) {
  for (uint32_t seed = 0; seed < 20; ++seed) {
    Session session = Make();
    std::mt19937 random(seed);
    const size_t first = open_computes();
    std::deque<Woken> woken(100);
    std::vector<uint32_t> contexts;
    std::vector<std::optional<Call<void>>> calls;
    for (size_t i = 0; i < 100; ++i) {
      contexts.push_back(Ready(session, fmt::format("input {}", i)));
      calls.emplace_back(session.Compute(contexts[i]));
      ASSERT_FALSE(calls[i]->Ready(&woken[i].waker));
    }
    std::vector<size_t> order(100);
    std::iota(order.begin(), order.end(), 0);
    std::ranges::shuffle(order, random);
    // Another thread ends them, cancels some and leaves some to be given up.
    std::thread ender([&, order] {
      for (const size_t i : order) {
        if (i % 10 == 3) {
          calls[i]->pending()->Cancel({Code::kCancelled, "changed my mind", 0});
        } else if (i % 10 != 4) {
          End(first + i);
        }
      }
    });
    std::ranges::shuffle(order, random);
    for (const size_t i : order) {
      if (i % 10 == 4) continue;
      ASSERT_TRUE(Eventually([&] { return woken[i].count == 1; }));
      // It stays what it is.
      EXPECT_TRUE(calls[i]->ended());
    }
    ender.join();
    for (const size_t i : order) {
      if (i % 10 == 4) {
        calls[i].reset();
        EXPECT_EQ(woken[i].count, 0);
        continue;
      }
      const auto outcome = calls[i]->Take();
      if (i % 10 == 3) {
        EXPECT_EQ(outcome.error().message, "changed my mind");
      } else {
        EXPECT_TRUE(outcome);
        EXPECT_EQ(Output(session, contexts[i]), fmt::format("input {}", i));
      }
    }
    for (size_t i = 0; i < 100; ++i) {
      if (i % 10 == 3 || i % 10 == 4) End(first + i);
    }
  }
}

TEST_F(CallTest, AContextHasOneComputeAtATime) {
  Session session = Make();
  const uint32_t context = Ready(session);
  auto call = session.Compute(context);
  EXPECT_EQ(session.Compute(context).Take().error().code, Code::kBusy);
  EXPECT_EQ(session.StartRun(context).error().code, Code::kBusy);
  EXPECT_EQ(session.Output(context, 0).error().code, Code::kInvalidArgument);
  End(0);
  // It has ended, but nobody has taken its outcome.
  EXPECT_TRUE(call.ended());
  EXPECT_EQ(session.Compute(context).Take().error().code, Code::kBusy);
  EXPECT_TRUE(call.Take());
  EXPECT_EQ(Output(session, context), "x");
  auto next = session.Compute(context);
  End(1);
  EXPECT_TRUE(next.Take());
}

TEST_F(CallTest, AnOldCallDoesNotCancelTheNextCompute) {
  Session session = Make();
  const uint32_t context = Ready(session);
  auto call = session.Compute(context);
  const auto old = call.pending();
  End(0);
  ASSERT_TRUE(call.Take());
  auto next = session.Compute(context);
  old->Cancel({Code::kCancelled, "too late", 0});
  EXPECT_FALSE(next.ended());
  End(1);
  EXPECT_TRUE(next.Take());
}

TEST_F(CallTest, DroppingAContextEndsItsCalls) {
  Session session = Make();
  const uint32_t computes = Ready(session);
  const uint32_t runs = Ready(session);
  auto compute = session.Compute(computes);
  ASSERT_TRUE(session.StartRun(runs));
  auto wait = session.Wait(runs, WaitFor::kEnd, std::nullopt);
  ASSERT_TRUE(session.DropContext(computes));
  ASSERT_TRUE(session.DropContext(runs));
  EXPECT_EQ(compute.Take().error().code, Code::kCancelled);
  EXPECT_FALSE(wait.Take());
  End(0);
  End(1);
}

TEST_F(CallTest, WaitsOfOneRunAreWokenTogether) {
  Session session = Make();
  const uint32_t context = Ready(session);
  ASSERT_TRUE(session.StartRun(context));
  std::vector<std::optional<Call<RunStatus>>> waits;
  for (int i = 0; i < 10; ++i) waits.emplace_back(session.Wait(context, WaitFor::kEnd, {}));
  auto first_end = session.EndRun(context);
  auto second_end = session.EndRun(context);
  End(0);
  for (auto& wait : waits) EXPECT_EQ(wait->Take().error().code, Code::kCancelled);
  EXPECT_TRUE(first_end.Take());
  EXPECT_TRUE(second_end.Take());
}

TEST_F(CallTest, AWakerMayCallBack) {
  Session session = Make();
  const uint32_t context = Ready(session);
  const uint32_t other = Ready(session);
  auto first = session.Compute(context);
  auto second = session.Compute(other);
  struct Back {
    CallTest* test;
    Session* session;
    Call<void>* call;
    Call<void>* second;
    std::atomic<int> count{0};
  } back{this, &session, &first, &second};
  const wasinn_waker waker{[](void* self) {
                             auto& b = *static_cast<Back*>(self);
                             // All that any thread may call: ask again, cancel, stop.
                             EXPECT_TRUE(b.call->Ready(nullptr));
                             b.second->pending()->Cancel({Code::kCancelled, "from inside", 0});
                             b.session->Stop({Code::kCancelled, "enough", 0});
                             ++b.count;
                           },
                           &back};
  ASSERT_FALSE(first.Ready(&waker));
  End(0);
  EXPECT_EQ(back.count, 1);
  EXPECT_TRUE(first.Take());
  EXPECT_EQ(second.Take().error().message, "from inside");
  EXPECT_TRUE(session.stopped());
  End(1);
}

TEST_F(CallTest, TheStopCallbackMayCallBack) {
  Session session = Make();
  const uint32_t context = Ready(session);
  auto call = session.Compute(context);
  session.OnStop(
      [](void* self) {
        auto& stopped = *static_cast<Session*>(self);
        EXPECT_TRUE(stopped.stopped());
        stopped.Stop({Code::kCancelled, "again", 0});
        stopped.OnStop(nullptr, nullptr);
      },
      &session);
  session.Stop({Code::kTimeout, "enough", 0});
  EXPECT_EQ(call.Take().error().message, "enough");
  End(0);
}

TEST_F(CallTest, ReleasesOfOutputsMayCallBack) {
  static Session* session = nullptr;
  static std::atomic<int> released = 0;
  Session made = Make();
  session = &made;
  released = 0;
  ScriptedBackend::Run give = [](const wasinn_backend_input*, size_t,
                                 const wasinn_backend_sink& sink) {
    const int64_t dims[] = {1};
    const wasinn_backend_output output{0,
                                       {WASINN_DTYPE_U8, 1, dims, "x", 1},
                                       [](void*) {
                                         (void)session->PollRun(0);
                                         ++released;
                                       },
                                       nullptr};
    // The second one takes the place of the first.
    sink.output(sink.self, sink.run, &output);
    sink.output(sink.self, sink.run, &output);
    ScriptedBackend::Done(sink);
  };
  SetScript(give);
  const uint32_t context = Ready(made);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(made.Compute(context).Take());
  EXPECT_EQ(released, 5);
  ASSERT_TRUE(made.DropContext(context));
  EXPECT_TRUE(Eventually([] { return released == 6; }));
}

TEST_F(CallTest, TheListenerOfStandardOutputMayCallBack) {
  Session session = Make();
  wasinn_backend_sink open{};
  SetScript([&](const wasinn_backend_input*, size_t, const wasinn_backend_sink& sink) {
    open = sink;
    sink.guest_stdout(sink.self, sink.run, {"text", 4});
  });
  // The run ends before its call of the sink has returned.
  session.guest_output().Listen(
      [](void* self) {
        ScriptedBackend::Done(*static_cast<wasinn_backend_sink*>(self), WASINN_TIMEOUT);
      },
      &open);
  const uint32_t context = Ready(session);
  EXPECT_EQ(session.Compute(context).Take().error().code, Code::kTimeout);
  EXPECT_EQ(session.guest_output().Take(), "text");
  session.guest_output().Listen(nullptr, nullptr);
}

// ------------------------------------------------------------------ fairness

// A guest with a thousand computes delays another guest by those that run already, and no more.
TEST_F(CallTest, AGuestWithManyComputesDoesNotDelayAnother) {
  Register("slow", kAny, {{"delay_ms", "5"}}, "echo-blocking");
  Session many = Make();
  std::vector<std::optional<Call<void>>> calls;
  for (int i = 0; i < 1000; ++i) {
    const uint32_t context = Context(many, "slow");
    ASSERT_TRUE(SetBytes(many, context, "x"));
    calls.emplace_back(many.Compute(context));
  }
  Session one = Make();
  const uint32_t context = Context(one, "slow");
  ASSERT_TRUE(SetBytes(one, context, "x"));
  auto compute = one.Compute(context);
  ASSERT_TRUE(compute.Take());
  // Two workers take about 2.5 s for all of them.
  EXPECT_FALSE(std::ranges::all_of(calls, [](const auto& call) { return call->ended(); }));
  many.Stop({Code::kCancelled, "enough", 0});
}

// ------------------------------------------------------------------ loads

TEST_F(CallTest, ManyLoadsOfOneModelLoadItOnce) {
  Session session = Make();
  std::vector<std::optional<Call<uint32_t>>> loads;
  for (int i = 0; i < 50; ++i) loads.emplace_back(session.LoadByName("slow-load", {}));
  for (auto& load : loads) EXPECT_TRUE(load->Take());
  EXPECT_EQ(core_.models.GetCounters().loads, 1u);
}

// However many wait for loads that hang, another load goes on.
TEST_F(CallTest, ALoadThatHangsKeepsNoOtherFromLoading) {
  const auto go = std::make_shared<std::atomic<bool>>(false);
  SetLoad([go] {
    while (!*go) std::this_thread::sleep_for(milliseconds(1));
  });
  Session session = Make({{"load_timeout", "50ms"}});
  std::vector<std::optional<Call<uint32_t>>> loads;
  for (int i = 0; i < 40; ++i) {
    const std::string name = fmt::format("hangs {}", i % 20);
    if (i < 20) Register(name, fmt::format("{}", name), {}, "scripted");
    loads.emplace_back(session.LoadByName(name, {}));
  }
  Session other = Make();
  EXPECT_TRUE(other.LoadByName("slow-load", {}).Take());
  for (auto& load : loads) {
    const auto outcome = load->Take();
    EXPECT_EQ(outcome.error().code, Code::kTimeout);
    EXPECT_NE(outcome.error().message.find("load_timeout"), std::string::npos);
  }
  EXPECT_TRUE(other.LoadByName("any", {}).Take());
  *go = true;
}

TEST_F(CallTest, ALoadCanBeCancelled) {
  const auto go = std::make_shared<std::atomic<bool>>(false);
  SetLoad([go] {
    while (!*go) std::this_thread::sleep_for(milliseconds(1));
  });
  Register("hangs", "x", {}, "scripted");
  Session session = Make();
  auto first = session.LoadByName("hangs", {});
  auto second = session.LoadByName("hangs", {});
  Woken woken;
  ASSERT_FALSE(first.Ready(&woken.waker));
  first.pending()->Cancel({Code::kCancelled, "changed my mind", 0});
  EXPECT_EQ(woken.count, 1);
  EXPECT_EQ(first.Take().error().message, "changed my mind");
  // The one that waited for it gets the graph all the same.
  *go = true;
  EXPECT_TRUE(second.Take());
}

}  // namespace
}  // namespace wasinn
