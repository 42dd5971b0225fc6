#include "session/run.h"

#include <gtest/gtest.h>

#include <latch>
#include <thread>

#include "support/session_fixture.h"

namespace wasinn {
namespace {

using std::chrono::milliseconds;
using testing::Eventually;
using testing::kAny;
using testing::ScriptedBackend;
using testing::SessionFixture;

class RunTest : public SessionFixture {
 protected:
  RunTest() {
    Register("any", kAny);
    Register("blocking", kAny, {}, "echo-blocking");
    Register("slow", kAny, {{"delay_ms", "600000"}});
    Register("slow-blocking", kAny, {{"delay_ms", "600000"}}, "echo-blocking");
    Register("stream", kAny, {{"chunk_bytes", "3"}});
    Register("stream-late", kAny, {{"chunk_bytes", "3"}, {"delay_ms", "10"}});
    Register("stream-blocking", kAny, {{"chunk_bytes", "3"}}, "echo-blocking");
  }
  uint32_t Ready(Session& session, std::string_view model, std::string_view text = "hello") {
    const uint32_t context = Context(session, model);
    EXPECT_TRUE(SetBytes(session, context, text));
    return context;
  }
  static Result<RunStatus> Wait(Session& session, uint32_t context,
                                WaitFor what = WaitFor::kPiece) {
    return session.Wait(context, what, std::nullopt).Take();
  }
  static std::string Text(const Piece& piece) { return {piece.bytes.begin(), piece.bytes.end()}; }
  // Pieces up to the end, each followed by a bar.
  static std::string ReadAll(Session& session, uint32_t context, size_t max) {
    std::string all;
    while (true) {
      const auto piece = session.ReadPiece(context, 0, max);
      if (!piece) return all + piece.error().message;
      if (piece->state == Piece::State::kEnd) return all;
      if (piece->state == Piece::State::kNothingYet) {
        (void)Wait(session, context);
      } else {
        all += Text(*piece) + '|';
      }
    }
  }
  static Result<> Single(Session& session, uint32_t context) {
    return session.Single(context).Take();
  }
  static std::string Chunk(const Session& session, uint32_t context, uint32_t port = 0) {
    const auto output = session.SingleOutput(context, port);
    if (!output) return output.error().message;
    const auto bytes = output->data.bytes();
    return {bytes.begin(), bytes.end()};
  }
};

// A backend whose runs stay open until the test reports for them.
class OpenRuns {
 public:
  OpenRuns() {
    script.run = [this](const wasinn_backend_input*, size_t, const wasinn_backend_sink& sink) {
      const std::lock_guard lock(mutex_);
      sinks_.push_back(sink);
    };
    script.cancel = [this](uint64_t run) {
      const std::lock_guard lock(mutex_);
      cancelled_.push_back(run);
    };
  }
  size_t count() const {
    const std::lock_guard lock(mutex_);
    return sinks_.size();
  }
  size_t cancelled() const {
    const std::lock_guard lock(mutex_);
    return cancelled_.size();
  }
  wasinn_backend_sink last() const {
    const std::lock_guard lock(mutex_);
    return sinks_.back();
  }
  void Chunk(std::string_view data, uint32_t port = 0) const {
    const wasinn_backend_sink sink = last();
    sink.chunk(sink.self, sink.run, port, {data.data(), data.size()});
  }
  void Done(wasinn_code code = WASINN_OK, std::string_view text = "") const {
    ScriptedBackend::Done(last(), code, text);
  }

  ScriptedBackend script{0};

 private:
  mutable std::mutex mutex_;
  std::vector<wasinn_backend_sink> sinks_;
  std::vector<uint64_t> cancelled_;
};

class OpenRunTest : public RunTest {
 protected:
  OpenRunTest() {
    EXPECT_TRUE(core_.backends.Add(&open_.script.table));
    Register("open", "any", {}, "scripted");
  }
  // Every context that a test opened a run in must see its end before the backend goes.
  ~OpenRunTest() override {
    if (open_.count() != 0) open_.Done(WASINN_CANCELLED);
    EXPECT_TRUE(Eventually([this] { return core_.scheduler.live_executions == 0; }));
  }
  OpenRuns open_;
};

TEST_F(RunTest, ARunWithoutAStreamIsReadInPiecesOnceItIsDone) {
  for (const char* model : {"any", "blocking"}) {
    Session session = Make();
    const uint32_t context = Ready(session, model);
    EXPECT_EQ(session.PollRun(context).error().code, Code::kInvalidArgument);
    ASSERT_TRUE(session.StartRun(context));
    EXPECT_EQ(*Wait(session, context), RunStatus::kDone);
    EXPECT_EQ(*session.PollRun(context), RunStatus::kDone);
    EXPECT_EQ(ReadAll(session, context, 2), "he|ll|o|");
    EXPECT_EQ(session.ReadPiece(context, 0, 2)->state, Piece::State::kEnd);
    EXPECT_EQ(Output(session, context), "hello");
    EXPECT_EQ(session.ReadPiece(context, 1, 2).error().message,
              "output index: expected below 1, given 1");
    EXPECT_EQ(session.ReadPiece(context, 0, 0).error().code, Code::kInvalidArgument);
    // A plain compute ends the run.
    ASSERT_TRUE(session.Compute(context).Take());
    EXPECT_EQ(session.ReadPiece(context, 0, 2).error().message,
              "expected an execution context with a run, given context 0 without one");
  }
}

TEST_F(RunTest, AStreamIsReadAcrossChunksAndTheOutputIsTheWhole) {
  for (const char* model : {"stream", "stream-late", "stream-blocking"}) {
    Session session = Make();
    const uint32_t context = Ready(session, model, "abcdefgh");
    ASSERT_TRUE(session.StartRun(context));
    EXPECT_EQ(*Wait(session, context, WaitFor::kEnd), RunStatus::kDone);
    EXPECT_EQ(ReadAll(session, context, 5), "abcde|fgh|");
    EXPECT_EQ(Output(session, context), "abcdefgh");
  }
}

TEST_F(RunTest, AnEmptyOutputEndsAtOnce) {
  Session session = Make();
  const uint32_t context = Ready(session, "any", "");
  ASSERT_TRUE(session.StartRun(context));
  EXPECT_EQ(*Wait(session, context), RunStatus::kDone);
  EXPECT_EQ(ReadAll(session, context, 5), "");
}

TEST_F(OpenRunTest, PiecesAreThereWhileTheRunGoesOn) {
  Session session = Make();
  const uint32_t context = Ready(session, "open");
  ASSERT_TRUE(session.StartRun(context));
  EXPECT_EQ(*session.PollRun(context), RunStatus::kRunning);
  EXPECT_EQ(session.ReadPiece(context, 0, 9)->state, Piece::State::kNothingYet);
  EXPECT_NE(session.Output(context, 0).error().message.find("has not come to its end"),
            std::string::npos);
  EXPECT_EQ(session.StartRun(context).error().code, Code::kBusy);
  EXPECT_EQ(session.Compute(context).Take().error().code, Code::kBusy);

  // A timeout is no error.
  EXPECT_EQ(*session.Wait(context, WaitFor::kPiece, milliseconds(5)).Take(), RunStatus::kRunning);
  EXPECT_EQ(*session.Wait(context, WaitFor::kPiece, milliseconds(0)).Take(), RunStatus::kRunning);
  Woken woken;
  auto call = session.Wait(context, WaitFor::kPiece, milliseconds(5));
  ASSERT_FALSE(call.Ready(&woken.waker));
  EXPECT_TRUE(Eventually([&] { return woken.count == 1; }));
  EXPECT_EQ(*call.Take(), RunStatus::kRunning);

  // A chunk wakes, and is there before the run ends.
  auto call2 = session.Wait(context, WaitFor::kPiece, milliseconds::max());
  ASSERT_FALSE(call2.Ready(&woken.waker));
  open_.Chunk("");
  EXPECT_EQ(woken.count, 1);
  open_.Chunk("abc");
  EXPECT_EQ(woken.count, 2);
  EXPECT_EQ(*call2.Take(), RunStatus::kReadable);
  EXPECT_EQ(*session.PollRun(context), RunStatus::kReadable);
  EXPECT_EQ(Text(*session.ReadPiece(context, 0, 2)), "ab");
  open_.Chunk("d");
  EXPECT_EQ(Text(*session.ReadPiece(context, 0, 9)), "cd");
  EXPECT_EQ(session.ReadPiece(context, 0, 9)->state, Piece::State::kNothingYet);

  // The end does, too, when only that is waited for.
  auto call3 = session.Wait(context, WaitFor::kEnd, std::nullopt);
  ASSERT_FALSE(call3.Ready(&woken.waker));
  open_.Chunk("e");
  EXPECT_EQ(woken.count, 2);
  open_.Done();
  EXPECT_EQ(woken.count, 3);
  EXPECT_EQ(*call3.Take(), RunStatus::kDone);
  EXPECT_EQ(ReadAll(session, context, 9), "e|");
  EXPECT_EQ(Output(session, context), "abcde");
}

TEST_F(OpenRunTest, AFailedRunGivesItsPiecesAndThenItsError) {
  Session session = Make();
  const uint32_t context = Ready(session, "open");
  ASSERT_TRUE(session.StartRun(context));
  open_.Chunk("half");
  open_.Done(WASINN_RUNTIME_ERROR, "the engine broke");
  EXPECT_EQ(session.PollRun(context).error().message, "the engine broke");
  EXPECT_EQ(Wait(session, context).error().code, Code::kRuntimeError);
  EXPECT_EQ(ReadAll(session, context, 9), "half|the engine broke");
  EXPECT_EQ(session.Output(context, 0).error().code, Code::kInvalidArgument);
  // The next one is a new run.
  ASSERT_TRUE(session.StartRun(context));
  open_.Chunk("whole");
  open_.Done();
  EXPECT_EQ(ReadAll(session, context, 9), "whole|");
}

TEST_F(OpenRunTest, APartialAnswerOfAFullContextStays) {
  Session session = Make();
  const uint32_t context = Ready(session, "open");
  ASSERT_TRUE(session.StartRun(context));
  open_.Chunk("half an answ");
  open_.Done(WASINN_CONTEXT_FULL, "full");
  EXPECT_EQ(session.PollRun(context).error().code, Code::kContextFull);
  EXPECT_EQ(Output(session, context), "half an answ");
}

TEST_F(OpenRunTest, CancelIsAtOnceAndEndRunWaitsForTheBackend) {
  Session session = Make();
  const uint32_t context = Ready(session, "open");
  EXPECT_EQ(session.CancelRun(context).error().code, Code::kInvalidArgument);
  EXPECT_TRUE(session.EndRun(context).Take());  // nothing to end
  ASSERT_TRUE(session.StartRun(context));
  ASSERT_TRUE(session.CancelRun(context));
  EXPECT_EQ(open_.cancelled(), 1u);
  EXPECT_EQ(session.PollRun(context).error().code, Code::kCancelled);
  EXPECT_TRUE(session.CancelRun(context));
  EXPECT_EQ(session.StartRun(context).error().code, Code::kBusy);
  EXPECT_EQ(session.PollRun(context).error().code, Code::kCancelled);  // still the first
  Woken woken;
  const uint32_t other = Ready(session, "open");
  open_.Done(WASINN_CANCELLED);
  ASSERT_TRUE(session.StartRun(other));
  auto call = session.EndRun(other);
  ASSERT_FALSE(call.Ready(&woken.waker));
  EXPECT_EQ(open_.cancelled(), 2u);
  EXPECT_EQ(woken.count, 0);
  open_.Done(WASINN_CANCELLED);
  EXPECT_EQ(woken.count, 1);
  EXPECT_TRUE(call.Take());
  EXPECT_TRUE(session.StartRun(other));
}

TEST_F(OpenRunTest, TheRuleComputeTimeoutEndsRunsAndWaitsForTheirEnd) {
  Session session = Make({{"compute_timeout", "20ms"}});
  const uint32_t context = Ready(session, "open");
  ASSERT_TRUE(session.StartRun(context));
  EXPECT_EQ(Wait(session, context).error().code, Code::kTimeout);
  EXPECT_EQ(session.EndRun(context).Take().error().code, Code::kTimeout);
  open_.Done(WASINN_CANCELLED);
  EXPECT_TRUE(session.EndRun(context).Take());
  EXPECT_TRUE(session.StartRun(context));
}

TEST_F(RunTest, ContextsRunSideBySide) {
  Session session = Make();
  std::vector<uint32_t> contexts;
  for (int i = 0; i < 8; ++i) {
    contexts.push_back(Ready(session, i % 2 == 0 ? "stream-late" : "stream-blocking",
                             fmt::format("number {}", i)));
    ASSERT_TRUE(session.StartRun(contexts.back()));
  }
  for (int i = 7; i >= 0; --i) {
    EXPECT_EQ(*Wait(session, contexts[i], WaitFor::kEnd), RunStatus::kDone);
    EXPECT_EQ(ReadAll(session, contexts[i], 99), fmt::format("number {}|", i));
  }
}

TEST_F(RunTest, StopEndsAllRunsAndTheWait) {
  Session session = Make();
  const uint32_t one = Ready(session, "slow");
  const uint32_t two = Ready(session, "slow-blocking");
  ASSERT_TRUE(session.StartRun(one));
  ASSERT_TRUE(session.StartRun(two));
  std::thread stopper([&] {
    std::this_thread::sleep_for(milliseconds(10));
    session.Stop({Code::kCancelled, "enough", 0});
  });
  EXPECT_EQ(Wait(session, two).error().message, "enough");
  stopper.join();
  EXPECT_EQ(session.PollRun(one).error().message, "enough");
  EXPECT_EQ(session.PollRun(two).error().message, "enough");
  // One that starts after the stop is over at once.
  const uint32_t late = Ready(session, "slow");
  (void)session.StartRun(late);
  EXPECT_EQ(session.PollRun(late).error().message, "enough");
}

TEST_F(RunTest, DroppedContextsAndSessionsEndTheirRuns) {
  {
    Session session = Make();
    const uint32_t one = Ready(session, "slow");
    const uint32_t two = Ready(session, "slow-blocking");
    ASSERT_TRUE(session.StartRun(one));
    ASSERT_TRUE(session.StartRun(two));
    ASSERT_TRUE(session.DropContext(one));
    ASSERT_TRUE(session.DropContext(two));
    EXPECT_TRUE(Eventually([this] { return core_.scheduler.live_executions == 0; }));
    ASSERT_TRUE(session.StartRun(Ready(session, "slow")));
    ASSERT_TRUE(session.StartRun(Ready(session, "slow-blocking")));
  }
  EXPECT_TRUE(Eventually([this] { return core_.scheduler.live_executions == 0; }));
}

TEST_F(RunTest, AbandonEndsAllRunsAndCalls) {
  Session session = Make();
  const uint32_t one = Ready(session, "slow");
  const uint32_t two = Ready(session, "slow");
  ASSERT_TRUE(session.StartRun(one));
  ASSERT_TRUE(session.StartRun(two));
  Woken woken;
  auto call = session.Wait(one, WaitFor::kPiece, milliseconds(600000));
  auto given_up = session.Wait(two, WaitFor::kPiece, std::nullopt);
  ASSERT_FALSE(call.Ready(&woken.waker));
  session.Abandon();
  EXPECT_EQ(woken.count, 1);
  EXPECT_EQ(call.Take().error().code, Code::kCancelled);
  EXPECT_FALSE(session.PollRun(two));
  EXPECT_TRUE(session.EndRun(one).Take());
}

TEST_F(OpenRunTest, AStreamWithoutEndIsStoppedAtTheLimit) {
  Session session = Make();
  const uint32_t context = Ready(session, "open");
  ASSERT_TRUE(session.StartRun(context));
  const std::string mebibytes(16 << 20, 'x');
  const wasinn_backend_sink sink = open_.last();
  int taken = 0;
  while (taken < 100 &&
         sink.chunk(sink.self, sink.run, 0, {mebibytes.data(), mebibytes.size()}) == 0) {
    ++taken;
  }
  EXPECT_EQ(taken, 15);  // the borders count, too
  open_.Done(WASINN_OK);
  EXPECT_EQ(session.PollRun(context).error().message,
            "streamed output: expected at most 268435456 bytes, given more");
}

// ------------------------------------------------------------------ compute_single

TEST_F(RunTest, SinglesOfAModelThatDoesNotStream) {
  for (const char* model : {"any", "blocking"}) {
    Session session = Make();
    const uint32_t context = Ready(session, model);
    EXPECT_NE(Chunk(session, context).find("given none"), std::string::npos);
    ASSERT_TRUE(Single(session, context));
    EXPECT_EQ(Chunk(session, context), "hello");
    EXPECT_EQ(Chunk(session, context, 1), "output index: expected below 1, given 1");
    EXPECT_EQ(Single(session, context).error().code, Code::kEndOfSequence);
    EXPECT_NE(Chunk(session, context).find("given none"), std::string::npos);
    EXPECT_EQ(Output(session, context), "hello");
    // The next one starts over with the inputs as they are then.
    ASSERT_TRUE(SetBytes(session, context, "again"));
    ASSERT_TRUE(Single(session, context));
    EXPECT_EQ(Chunk(session, context), "again");
    EXPECT_TRUE(session.FiniSingle(context).Take());
    EXPECT_NE(Chunk(session, context).find("given none"), std::string::npos);
    EXPECT_EQ(Output(session, context), "again");  // it had come to its end
    EXPECT_TRUE(session.FiniSingle(context).Take());
  }
}

TEST_F(RunTest, SinglesOfAStream) {
  for (const char* model : {"stream", "stream-late", "stream-blocking"}) {
    Session session = Make();
    const uint32_t context = Ready(session, model, "abcdefgh");
    for (const char* chunk : {"abc", "def", "gh"}) {
      ASSERT_TRUE(Single(session, context));
      EXPECT_EQ(Chunk(session, context), chunk);
    }
    EXPECT_FALSE(session.Output(context, 0));  // the end was not read yet
    EXPECT_EQ(Single(session, context).error().code, Code::kEndOfSequence);
    EXPECT_EQ(Output(session, context), "abcdefgh");
    ASSERT_TRUE(Single(session, context));
    EXPECT_EQ(Chunk(session, context), "abc");
    // Given up before its end, there is no whole.
    EXPECT_TRUE(session.FiniSingle(context).Take());
    EXPECT_FALSE(session.Output(context, 0));
    ASSERT_TRUE(session.Compute(context).Take());
    EXPECT_EQ(Output(session, context), "abcdefgh");
  }
}

TEST_F(OpenRunTest, SinglesWaitForTheirChunk) {
  Session session = Make();
  const uint32_t context = Ready(session, "open");
  Woken woken;
  auto call = session.Single(context);
  ASSERT_FALSE(call.Ready(&woken.waker));
  open_.Chunk("to");
  EXPECT_EQ(woken.count, 1);
  ASSERT_TRUE(call.Take());
  EXPECT_EQ(Chunk(session, context), "to");
  open_.Chunk("ken");
  open_.Chunk("\xc3");
  auto call2 = session.Single(context);  // no PENDING
  ASSERT_TRUE(call2.ended());
  ASSERT_TRUE(call2.Take());
  EXPECT_EQ(Chunk(session, context), "ken");
  auto call3 = session.Single(context);
  ASSERT_TRUE(call3.ended());
  ASSERT_TRUE(call3.Take());
  EXPECT_EQ(Chunk(session, context), "\xc3");
  auto call4 = session.Single(context);
  ASSERT_FALSE(call4.Ready(&woken.waker));
  open_.Done(WASINN_PROMPT_TOO_LONG, "long");
  EXPECT_EQ(woken.count, 2);
  EXPECT_EQ(call4.Take().error().code, Code::kPromptTooLong);
  EXPECT_EQ(call4.Take().error().code, Code::kInvalidArgument);  // once
}

TEST_F(OpenRunTest, AComputeEndsTheStreamFirst) {
  Session session = Make();
  const uint32_t context = Ready(session, "open");
  Woken woken;
  auto call = session.Single(context);
  ASSERT_FALSE(call.Ready(&woken.waker));
  open_.Chunk("x");
  ASSERT_TRUE(call.Take());
  auto call2 = session.Compute(context);
  ASSERT_FALSE(call2.Ready(&woken.waker));
  EXPECT_EQ(open_.cancelled(), 1u);
  EXPECT_EQ(open_.count(), 1u);
  open_.Done(WASINN_CANCELLED);
  ASSERT_TRUE(Eventually([&] { return open_.count() == 2; }));
  EXPECT_EQ(woken.count, 1);
  open_.Chunk("computed");
  open_.Done();
  ASSERT_TRUE(Eventually([&] { return woken.count == 2; }));
  ASSERT_TRUE(call2.Take());
  EXPECT_EQ(Output(session, context), "computed");
  EXPECT_FALSE(session.SingleOutput(context, 0));
}

TEST_F(OpenRunTest, AComputeWaitsForTheStreamNoLongerThanAllowed) {
  Session session = Make({{"compute_timeout", "100ms"}});
  const uint32_t context = Ready(session, "open");
  Woken woken;
  auto call = session.Single(context);
  ASSERT_FALSE(call.Ready(&woken.waker));
  open_.Chunk("x");
  ASSERT_TRUE(call.Take());
  EXPECT_EQ(session.Compute(context).Take().error().code, Code::kTimeout);
  open_.Done(WASINN_CANCELLED);
  // What was given up does not start any more.
  EXPECT_EQ(session.Compute(context).Take().error().code, Code::kTimeout);
  EXPECT_EQ(open_.count(), 2u);
}

TEST_F(OpenRunTest, AbandonAndStopGiveUpAComputeThatWaits) {
  for (const bool stop : {false, true}) {
    Session session = Make();
    const uint32_t context = Ready(session, "open");
    const size_t before = open_.count();
    Woken woken;
    auto call = session.Single(context);
    ASSERT_FALSE(call.Ready(&woken.waker));
    open_.Chunk("x");
    ASSERT_TRUE(call.Take());
    auto call2 = session.Compute(context);
    ASSERT_FALSE(call2.Ready(&woken.waker));
    if (stop) {
      session.Stop({Code::kCancelled, "enough", 0});
      EXPECT_EQ(woken.count, 2);
      EXPECT_EQ(call2.Take().error().message, "enough");
    } else {
      session.Abandon();
      EXPECT_EQ(woken.count, 2);
      EXPECT_EQ(call2.Take().error().code, Code::kCancelled);
    }
    open_.Done(WASINN_CANCELLED);
    // On the queue, what was posted before comes first.
    std::latch drained(1);
    core_.scheduler.computes().Post([&] { drained.count_down(); });
    drained.wait();
    EXPECT_EQ(open_.count(), before + 1);
  }
}

TEST_F(OpenRunTest, OtherOutputsOfAStreamAreWhatWasDeliveredSoFar) {
  Session session = Make();
  const uint32_t context = Ready(session, "open");
  Woken woken;
  auto call = session.Single(context);
  ASSERT_FALSE(call.Ready(&woken.waker));
  open_.Chunk("x");
  ASSERT_TRUE(call.Take());
  const int64_t dims[] = {5};
  const wasinn_backend_output whole{0, {WASINN_DTYPE_U8, 1, dims, "usage", 5}, nullptr, nullptr};
  const wasinn_backend_sink sink = open_.last();
  ASSERT_EQ(sink.output(sink.self, sink.run, &whole), 0);
  EXPECT_EQ(Chunk(session, context), "x");  // output 0 stays the chunk
}

TEST_F(OpenRunTest, UnloadingEndsStreamsButNotRunsInTheBackground) {
  Session session = Make();
  const uint32_t graph = Load(session, "open");
  const uint32_t run = *session.InitContext(graph, {});
  ASSERT_TRUE(SetBytes(session, run, "x"));
  ASSERT_TRUE(session.StartRun(run));
  ASSERT_TRUE(session.UnloadGraph(graph));
  EXPECT_EQ(open_.cancelled(), 0u);
  open_.Chunk("still");
  open_.Done();
  EXPECT_EQ(ReadAll(session, run, 9), "still|");

  const uint32_t other = Load(session, "open");
  const uint32_t stream = *session.InitContext(other, {});
  ASSERT_TRUE(SetBytes(session, stream, "x"));
  Woken woken;
  auto call = session.Single(stream);
  ASSERT_FALSE(call.Ready(&woken.waker));
  open_.Chunk("last");
  ASSERT_TRUE(call.Take());
  ASSERT_TRUE(session.UnloadGraph(other));
  EXPECT_EQ(open_.cancelled(), 1u);
  EXPECT_EQ(Chunk(session, stream), "last");
  auto call2 = session.FiniSingle(stream);
  ASSERT_FALSE(call2.Ready(&woken.waker));
  open_.Done(WASINN_CANCELLED);
  EXPECT_TRUE(call2.Take());
}

TEST_F(RunTest, AnUnloadedGraphLeavesItsContextsWhatTheyHave) {
  Session session = Make();
  const uint32_t graph = Load(session, "stream");
  const uint32_t context = *session.InitContext(graph, {});
  const uint32_t other = Ready(session, "stream");
  ASSERT_TRUE(SetBytes(session, context, "abcd"));
  ASSERT_TRUE(Single(session, context));
  ASSERT_TRUE(session.UnloadGraph(graph));
  EXPECT_EQ(session.UnloadGraph(graph).error().code, Code::kInvalidArgument);
  EXPECT_EQ(session.InitContext(graph, {}).error().code, Code::kInvalidArgument);
  EXPECT_EQ(Chunk(session, context), "abc");
  const std::string expected =
      "execution context 0: expected one whose graph is loaded, given one whose graph 0 was "
      "unloaded";
  EXPECT_EQ(SetBytes(session, context, "x").error().message, expected);
  EXPECT_EQ(Single(session, context).error().message, expected);
  EXPECT_EQ(session.Compute(context).Take().error().message, expected);
  EXPECT_EQ(session.StartRun(context).error().message, expected);
  EXPECT_EQ(Chunk(session, context), "abc");
  EXPECT_TRUE(session.FiniSingle(context).Take());
  EXPECT_TRUE(session.DropContext(context));
  EXPECT_EQ(session.DropContext(context).error().code, Code::kInvalidArgument);
  EXPECT_TRUE(Single(session, other));  // the same model under another handle
}

// ------------------------------------------------------------------ races

TEST_F(RunTest, StopRacesWithEverything) {
  for (int round = 0; round < 150; ++round) {
    Session session = Make();
    const char* model = round % 3 == 0   ? "stream-blocking"
                        : round % 3 == 1 ? "stream-late"
                                         : "stream";
    const uint32_t context = Ready(session, model, "abcdefgh");
    const uint32_t run = Ready(session, model, "abcdefgh");
    std::latch go(2);
    std::thread stopper([&] {
      go.arrive_and_wait();
      std::this_thread::sleep_for(std::chrono::microseconds(round * 10));
      session.Stop({Code::kCancelled, "enough", 0});
    });
    go.arrive_and_wait();
    while (!session.stopped()) {
      (void)session.StartRun(run);
      (void)Single(session, context);
      (void)session.Wait(run, WaitFor::kPiece, milliseconds(1)).Take();
      (void)session.Compute(context).Take();
      (void)session.ReadPiece(run, 0, 4);
      (void)Single(session, context);
      (void)session.EndRun(run).Take();
      (void)session.FiniSingle(context).Take();
    }
    stopper.join();
  }
  EXPECT_TRUE(Eventually([this] { return core_.scheduler.live_executions == 0; }));
}

TEST_F(RunTest, WakersRaceWithChunksTimeoutsAndAbandon) {
  for (int round = 0; round < 150; ++round) {
    Session session = Make();
    const uint32_t context = Ready(session, round % 2 == 0 ? "stream-late" : "stream-blocking");
    auto woken = std::make_unique<Woken>();
    ASSERT_TRUE(session.StartRun(context));
    std::optional wait(session.Wait(context, WaitFor::kPiece, milliseconds(round % 12)));
    if (wait->Ready(&woken->waker)) continue;
    if (round % 3 == 0) {
      wait.reset();
      woken.reset();  // nobody may touch it now
      session.Abandon();
    } else {
      ASSERT_TRUE(Eventually([&] { return woken->count == 1; }));
      EXPECT_TRUE(wait->Take());
    }
  }
}

// ---- pollables

struct CountingWaker {
  std::atomic<int> count{0};
  wasinn_waker waker{[](void* self) { ++static_cast<CountingWaker*>(self)->count; }, this};
};

TEST_F(OpenRunTest, APollableTellsOfEachPieceAndOfTheEnd) {
  Session session = Make();
  const uint32_t context = Ready(session, "open");
  EXPECT_FALSE(session.SubscribeRun(context));
  ASSERT_TRUE(session.StartRun(context));
  const auto pollable = *session.SubscribeRun(context);
  ASSERT_TRUE(Eventually([this] { return open_.count() == 1; }));
  CountingWaker first, second;
  EXPECT_FALSE(pollable->Ready(&first.waker));
  EXPECT_FALSE(pollable->Ready(&second.waker));
  open_.Chunk("ab");
  EXPECT_TRUE(pollable->Ready(nullptr));
  EXPECT_EQ(first.count, 0) << "it was replaced";
  EXPECT_EQ(second.count, 1);
  open_.Chunk("c");
  EXPECT_EQ(second.count, 1) << "it was called once";
  ASSERT_TRUE(session.ReadPiece(context, 0, 100));
  EXPECT_FALSE(pollable->Ready(&second.waker));
  open_.Done();
  EXPECT_EQ(second.count, 2);
  EXPECT_TRUE(pollable->Ready(&second.waker));
  // The next run of the context is another's business.
  ASSERT_TRUE(session.StartRun(context));
  EXPECT_TRUE(pollable->Ready(nullptr));
  const auto next = *session.SubscribeRun(context);
  EXPECT_FALSE(next->Ready(nullptr));
  EXPECT_EQ(second.count, 2);
  ASSERT_TRUE(Eventually([this] { return open_.count() == 2; }));
}

TEST_F(OpenRunTest, APollableMayOutliveItsContextAndItsSession) {
  std::unique_ptr<RunPollable> pollable, dropped;
  CountingWaker waker, none;
  {
    Session session = Make();
    const uint32_t context = Ready(session, "open");
    ASSERT_TRUE(session.StartRun(context));
    pollable = *session.SubscribeRun(context);
    dropped = *session.SubscribeRun(context);
    ASSERT_TRUE(Eventually([this] { return open_.count() == 1; }));
    EXPECT_FALSE(pollable->Ready(&waker.waker));
    EXPECT_FALSE(dropped->Ready(&none.waker));
    dropped = nullptr;
    ASSERT_TRUE(session.DropContext(context));
    EXPECT_EQ(waker.count, 1);
    EXPECT_EQ(open_.cancelled(), 1u);
  }
  EXPECT_TRUE(pollable->Ready(&waker.waker));
  EXPECT_EQ(none.count, 0);
}

}  // namespace
}  // namespace wasinn
