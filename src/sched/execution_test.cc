#include "sched/execution.h"

#include <gtest/gtest.h>

#include <latch>

#include "support/core.h"

namespace wasinn {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::Core;
using testing::Eventually;
using testing::ScriptedBackend;

constexpr auto kNoDeadline = steady_clock::time_point::max();

class ExecutionTest : public ::testing::Test {
 protected:
  std::shared_ptr<Execution> Make(const std::string& backend, const Options& options = {},
                                  std::string_view model = "any bytes") {
    const auto made = Execution::Create(core_.scheduler, core_.Load(model, backend), options);
    EXPECT_TRUE(made) << made.error().message;
    return *made;
  }
  std::vector<Execution::Input> Inputs(std::string_view text = "hello") {
    return {{0, core_.Text(text)}};
  }
  // Starts a run and waits for its report.
  Result<> Run(Execution& execution, steady_clock::time_point deadline = kNoDeadline,
               std::string_view text = "hello") {
    std::latch reported(1);
    const auto started = execution.Start(Inputs(text), deadline, [&] { reported.count_down(); });
    if (!started) return Fail(started.error());
    reported.wait();
    return execution.TakeOutcome();
  }
  static std::string Output(const Execution& execution) {
    const auto bytes = execution.outputs()[0]->data.bytes();
    return {bytes.begin(), bytes.end()};
  }

  const std::atomic<Code> go_on_{Code::kOk};
  Core core_;
};

TEST_F(ExecutionTest, RunsOnEitherKindOfBackend) {
  for (const char* backend : {"echo", "echo-blocking"}) {
    const auto execution = Make(backend);
    for (const char* text : {"one", "two"}) {
      const auto outcome = Run(*execution, kNoDeadline, text);
      ASSERT_TRUE(outcome) << outcome.error().message;
      EXPECT_EQ(Output(*execution), text);
    }
  }
  const auto delayed = Make("echo", {{"delay_ms", "5"}});
  EXPECT_TRUE(Run(*delayed));
  EXPECT_EQ(Output(*delayed), "hello");
}

TEST_F(ExecutionTest, ShortRunsOfBlockingBackendsRunInline) {
  const auto execution = Make("echo-blocking");
  EXPECT_FALSE(execution->RunsInline(Inputs()));  // not known yet
  ASSERT_TRUE(Run(*execution));
  EXPECT_EQ(core_.scheduler.worker_runs, 1u);
  execution->graph()->CountRun(1000, 5);
  EXPECT_TRUE(execution->RunsInline(Inputs()));
  // What small inputs take says nothing of large ones.
  EXPECT_FALSE(execution->RunsInline(Inputs(std::string(1000, 'x'))));
  const auto outcome = execution->RunInline(Inputs("inline"), go_on_);
  EXPECT_TRUE(outcome);
  EXPECT_EQ(Output(*execution), "inline");
  EXPECT_EQ(core_.scheduler.inline_runs, 1u);
  for (int i = 0; i < 40; ++i) execution->graph()->CountRun(100'000'000, 5);
  EXPECT_FALSE(execution->RunsInline(Inputs()));
  // A backend that reports by itself keeps the caller free anyway.
  const auto other = Make("echo");
  other->graph()->CountRun(1000, 5);
  EXPECT_FALSE(other->RunsInline(Inputs()));
}

TEST_F(ExecutionTest, AStopJustBeforeAnInlineRunIsNotLost) {
  const auto execution = Make("echo-blocking");
  const std::atomic<Code> stopped{Code::kCancelled};
  const auto outcome = execution->RunInline(Inputs(), stopped);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::kCancelled);
  EXPECT_TRUE(execution->RunInline(Inputs(), go_on_));
}

TEST_F(ExecutionTest, OptionsAreChecked) {
  const auto graph = core_.Load("x");
  const auto unknown = Execution::Create(core_.scheduler, graph, {{"speed", "9"}});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().message.find("backend echo: unknown context option 'speed'"), 0u);
  EXPECT_FALSE(Execution::Create(core_.scheduler, graph, {{"delay_ms", "soon"}}));
  // The graph's own go below.
  const auto failing = core_.Load("x", "echo", {{"fail", "busy"}});
  EXPECT_EQ(Run(**Execution::Create(core_.scheduler, failing, {})).error().code, Code::kBusy);
  EXPECT_TRUE(Run(**Execution::Create(core_.scheduler, failing, {{"fail", "ok"}})));
}

TEST_F(ExecutionTest, FailuresLeaveNoOutputs) {
  const auto execution = Make("echo-blocking", {{"fail", "context_full"}});
  const auto outcome = Run(*execution);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::kContextFull);
  ASSERT_EQ(execution->outputs().size(), 1u);
  EXPECT_FALSE(execution->outputs()[0]);
}

TEST_F(ExecutionTest, ASecondRunIsBusy) {
  const auto execution = Make("echo", {{"delay_ms", "600000"}});
  std::latch reported(1);
  ASSERT_TRUE(execution->Start(Inputs(), kNoDeadline, [&] { reported.count_down(); }));
  const auto second = execution->Start(Inputs(), kNoDeadline, [] { FAIL(); });
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kBusy);
  execution->Cancel({Code::kCancelled, "enough", 0});
  reported.wait();
  EXPECT_EQ(execution->TakeOutcome().error().message, "enough");
}

TEST_F(ExecutionTest, DeadlinesEndRunsOfEitherKind) {
  for (const char* backend : {"echo", "echo-blocking"}) {
    const auto execution = Make(backend, {{"delay_ms", "600000"}});
    const auto start = steady_clock::now();
    const auto outcome = Run(*execution, start + milliseconds(30));
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, Code::kTimeout);
    EXPECT_GE(steady_clock::now() - start, milliseconds(30));
  }
}

TEST_F(ExecutionTest, ADeadlineDoesNotReachTheNextRun) {
  const auto execution = Make("echo");
  ASSERT_TRUE(execution->Start(Inputs(), steady_clock::now() + milliseconds(40), [] {}));
  // Its outcome is not taken; the next run has no deadline.
  const auto slow = Make("echo", {{"delay_ms", "150"}});
  ASSERT_TRUE(slow->Start(Inputs(), steady_clock::now() + milliseconds(40), [] {}));
  slow->Cancel({Code::kCancelled, "given up", 0});
  std::latch reported(1);
  Result<uint64_t> started;
  ASSERT_TRUE(Eventually([&] {  // BUSY until the backend has noticed
    started = slow->Start(Inputs(), kNoDeadline, [&] { reported.count_down(); });
    return started.has_value();
  }));
  reported.wait();
  const auto outcome = slow->TakeOutcome();
  EXPECT_TRUE(outcome) << outcome.error().message;
}

// Wherever an output lies, its bytes are its own once it has come.
TEST_F(ExecutionTest, AnOutputOutlivesTheMemoryThatTheBackendGave) {
  std::string of_graph = "graph";
  for (const uint64_t capabilities : {uint64_t{WASINN_BACKEND_BLOCKING}, uint64_t{0}}) {
    ScriptedBackend script(capabilities);
    Core core;
    int released = 0;
    void (*const count)(void*) = [](void* n) { ++*static_cast<int*>(n); };
    std::string_view where;
    script.run = [&](const wasinn_backend_input* inputs, size_t, const wasinn_backend_sink& sink) {
      const char* input = static_cast<const char*>(inputs[0].tensor.data);
      const char* data = where == "graph" ? of_graph.data() : input + (where == "inside" ? 2 : 0);
      const int64_t dims[] = {where == "inside" ? 3 : 5};
      const wasinn_backend_output output{
          0,
          {WASINN_DTYPE_U8, 1, dims, data, static_cast<size_t>(dims[0])},
          where == "released" ? count : nullptr,
          &released};
      EXPECT_EQ(sink.output(sink.self, sink.run, &output), 0);
      ScriptedBackend::Done(sink);
    };
    ASSERT_TRUE(core.backends.Add(&script.table));
    for (const char* place : {"whole", "inside", "released", "graph"}) {
      where = place;
      const auto execution = *Execution::Create(core.scheduler, core.Load("x", "scripted"), {});
      Tensor input = core.Text("input");
      std::latch reported(1);
      ASSERT_TRUE(execution->Start({{0, input}}, kNoDeadline, [&] { reported.count_down(); }));
      reported.wait();
      ASSERT_TRUE(execution->TakeOutcome());
      std::memset(input.data.data(), '#', input.data.size());
      input = {};
      of_graph = "#####";
      EXPECT_EQ(Output(*execution), where == "graph"    ? "graph"
                                    : where == "inside" ? "put"
                                                        : "input")
          << place;
      of_graph = "graph";
    }
    EXPECT_EQ(released, 1);
  }
}

TEST_F(ExecutionTest, CancelInTheQueueNeverReachesTheBackend) {
  ScriptedBackend script;
  std::latch begun(1);
  std::latch go(1);
  std::atomic<int> runs{0};
  Core one(0, 1 << 20, /*threads=*/1);
  script.run = [&](const wasinn_backend_input* inputs, size_t count,
                   const wasinn_backend_sink& sink) {
    ++runs;
    begun.count_down();
    go.wait();
    ScriptedBackend::Echo(inputs, count, sink);
  };
  ASSERT_TRUE(one.backends.Add(&script.table));
  const auto graph = one.Load("x", "scripted");
  const auto first = *Execution::Create(one.scheduler, graph, {});
  const auto second = *Execution::Create(one.scheduler, graph, {});
  std::latch all(2);
  ASSERT_TRUE(first->Start({{0, one.Text("a")}}, kNoDeadline, [&] { all.count_down(); }));
  begun.wait();
  ASSERT_TRUE(second->Start({{0, one.Text("b")}}, kNoDeadline, [&] { all.count_down(); }));
  second->Cancel({Code::kCancelled, "changed my mind", 0});
  EXPECT_EQ(second->TakeOutcome().error().code, Code::kCancelled);  // at once
  go.count_down();
  all.wait();
  EXPECT_TRUE(first->TakeOutcome());
  // The queue goes on: the next run of the second comes through.
  std::latch again(1);
  ASSERT_TRUE(Eventually([&] {
    return second->Start({{0, one.Text("b")}}, kNoDeadline, [&] { again.count_down(); })
        .has_value();
  }));
  again.wait();
  EXPECT_TRUE(second->TakeOutcome());
  EXPECT_EQ(runs, 2);
}

TEST_F(ExecutionTest, CancelDuringARunReportsAtOnceAndTellsTheBackend) {
  ScriptedBackend script(0);
  std::atomic<uint64_t> cancelled{0};
  wasinn_backend_sink sink{};
  const void* seen = nullptr;
  script.run = [&](const wasinn_backend_input* inputs, size_t, const wasinn_backend_sink& given) {
    sink = given;
    seen = inputs[0].tensor.data;
  };
  script.cancel = [&](uint64_t run) { cancelled = run; };
  ASSERT_TRUE(core_.backends.Add(&script.table));
  {
    const auto execution = Make("scripted");
    bool reported = false;
    ASSERT_TRUE(execution->Start(Inputs("kept"), kNoDeadline, [&] { reported = true; }));
    execution->Cancel({Code::kCancelled, "stop", 0});
    EXPECT_TRUE(reported);
    EXPECT_EQ(cancelled, sink.run);
    execution->Cancel({Code::kTimeout, "again", 0});
    EXPECT_EQ(execution->TakeOutcome().error().message, "stop");
    EXPECT_EQ(Run(*execution).error().code, Code::kBusy);
  }
  // The owner is gone, the backend is not done: the context and the input live on.
  EXPECT_EQ(script.contexts_freed, 0);
  EXPECT_EQ(std::memcmp(seen, "kept", 4), 0);
  EXPECT_GT(core_.buffers().GetStats().in_use, 0u);
  ScriptedBackend::Done(sink);
  EXPECT_TRUE(Eventually([&] { return script.contexts_freed == 1; }));
  EXPECT_TRUE(Eventually([&] { return core_.scheduler.live_executions == 0; }));
}

TEST_F(ExecutionTest, ABlockingBackendThatNeverSaysDone) {
  ScriptedBackend script;
  script.run = [](const wasinn_backend_input*, size_t, const wasinn_backend_sink&) {};
  ASSERT_TRUE(core_.backends.Add(&script.table));
  const auto execution = Make("scripted");
  EXPECT_EQ(Run(*execution).error().message,
            "backend scripted returned from run without saying done");
  script.run = nullptr;
  EXPECT_TRUE(Run(*execution));
}

TEST_F(ExecutionTest, AnExceptionEndsTheRunNotTheProcess) {
  for (const uint64_t capabilities : {uint64_t{WASINN_BACKEND_BLOCKING}, uint64_t{0}}) {
    ScriptedBackend script(capabilities);
    Core core;
    script.run = [](const wasinn_backend_input*, size_t, const wasinn_backend_sink&) {
      throw std::runtime_error("thrown by run");
    };
    ASSERT_TRUE(core.backends.Add(&script.table));
    const auto execution = *Execution::Create(core.scheduler, core.Load("x", "scripted"), {});
    std::latch reported(1);
    ASSERT_TRUE(
        execution->Start({{0, core.Text("a")}}, kNoDeadline, [&] { reported.count_down(); }));
    reported.wait();
    EXPECT_EQ(execution->TakeOutcome().error().message,
              "backend scripted returned from run without saying done: internal error: thrown by "
              "run");
  }
}

// Done is said inside run, whose thread may then be slow to return: the next run may not meet it.
TEST_F(ExecutionTest, TheNextRunWaitsUntilABlockingBackendHasReturned) {
  ScriptedBackend script;
  std::atomic<int> inside{0};
  std::atomic<int> max{0};
  script.run = [&](const wasinn_backend_input* inputs, size_t count,
                   const wasinn_backend_sink& sink) {
    max = std::max(max.load(), ++inside);
    ScriptedBackend::Echo(inputs, count, sink);
    std::this_thread::sleep_for(milliseconds(5));
    --inside;
  };
  ASSERT_TRUE(core_.backends.Add(&script.table));
  const auto execution = Make("scripted");
  for (int i = 0; i < 20; ++i) {
    const auto outcome = Run(*execution);
    ASSERT_TRUE(outcome) << outcome.error().message;
  }
  EXPECT_EQ(max, 1);
}

TEST_F(ExecutionTest, SuccessWithoutAnOutputIsAFailure) {
  ScriptedBackend script;
  script.run = [](const wasinn_backend_input*, size_t, const wasinn_backend_sink& sink) {
    ScriptedBackend::Done(sink);
  };
  ASSERT_TRUE(core_.backends.Add(&script.table));
  EXPECT_EQ(Run(*Make("scripted")).error().message,
            "backend scripted reported success without output 0 ('y')");
}

TEST_F(ExecutionTest, ChunksBecomeTheOutputWhenNoneIsDelivered) {
  ScriptedBackend script;
  script.run = [](const wasinn_backend_input*, size_t, const wasinn_backend_sink& sink) {
    for (const char* piece : {"str", "eam"}) {
      EXPECT_EQ(sink.chunk(sink.self, sink.run, 0, {piece, 3}), 0);
    }
    EXPECT_NE(sink.chunk(sink.self, sink.run, 9, {"bad", 3}), 0);  // no such port
    ScriptedBackend::Done(sink);
  };
  ASSERT_TRUE(core_.backends.Add(&script.table));
  const auto execution = Make("scripted");
  const auto outcome = Run(*execution);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(Output(*execution), "stream");
  EXPECT_EQ(execution->outputs()[0]->dtype, DType::kU8);
  const auto both = Make("echo", {{"chunk_bytes", "2"}});
  ASSERT_TRUE(Run(*both));
  EXPECT_EQ(Output(*both), "hello");
}

TEST_F(ExecutionTest, StuckRunsDoNotKeepTheWorkersFromOthers) {
  ScriptedBackend script;
  std::latch unstick(1);
  std::atomic<bool> first{true};
  std::latch begun(1);
  Core one(0, 1 << 20, /*threads=*/1);
  script.run = [&](const wasinn_backend_input* inputs, size_t count,
                   const wasinn_backend_sink& sink) {
    if (first.exchange(false)) {
      begun.count_down();
      unstick.wait();
    }
    ScriptedBackend::Echo(inputs, count, sink);
  };
  ASSERT_TRUE(one.backends.Add(&script.table));
  const auto graph = one.Load("x", "scripted");
  const auto stuck = *Execution::Create(one.scheduler, graph, {});
  const auto other = *Execution::Create(one.scheduler, graph, {});
  ASSERT_TRUE(stuck->Start({{0, one.Text("a")}}, steady_clock::now() + milliseconds(20), [] {}));
  begun.wait();
  std::latch reported(1);
  ASSERT_TRUE(other->Start({{0, one.Text("b")}}, kNoDeadline, [&] { reported.count_down(); }));
  reported.wait();  // on the stand-in, after the deadline of the first
  EXPECT_TRUE(other->TakeOutcome());
  EXPECT_EQ(stuck->TakeOutcome().error().code, Code::kTimeout);
  unstick.count_down();
}

}  // namespace
}  // namespace wasinn
