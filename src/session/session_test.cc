#include "session/session.h"

#include <gtest/gtest.h>

#include <latch>
#include <thread>

#include "base/text.h"
#include "support/session_fixture.h"

namespace wasinn {
namespace {

using std::chrono::milliseconds;
using testing::BytesOf;
using testing::Core;
using testing::Eventually;
using testing::kAny;
using testing::ScriptedBackend;
using testing::SessionFixture;

constexpr std::string_view kModel =
    "wasinn-echo\ninput x f32 2\ninput o u8 * optional\noutput y f32 2";

class SessionTest : public SessionFixture {
 protected:
  SessionTest() {
    Register("pair", kModel);
    Register("any", kAny);
    Register("slow", kAny, {{"delay_ms", "600000"}});
    Register("slow-blocking", kAny, {{"delay_ms", "600000"}}, "echo-blocking");
    Register("slow-load", kAny, {{"load_delay_ms", "400"}});
    Register("fast-blocking", kAny, {}, "echo-blocking");
  }
};

TEST_F(SessionTest, LoadSetComputeGet) {
  Session session = Make();
  const uint32_t context = Context(session, "any");
  EXPECT_EQ(session.Output(context, 0).error().message,
            "output 0: expected after a successful compute, given none yet");
  ASSERT_TRUE(SetBytes(session, context, "first"));
  ASSERT_TRUE(session.Compute(context).Take());
  EXPECT_EQ(Output(session, context), "first");
  ASSERT_TRUE(session.Compute(context).Take());  // inputs stay set
  ASSERT_TRUE(SetBytes(session, context, "second"));
  EXPECT_EQ(Output(session, context), "first");  // outputs stay until the next compute
  ASSERT_TRUE(session.Compute(context).Take());
  EXPECT_EQ(Output(session, context), "second");
  EXPECT_EQ(session.OutputCount(context), 1u);
  EXPECT_EQ(session.Output(context, 1).error().code, Code::kInvalidArgument);
}

TEST_F(SessionTest, AnOutputIsItsOwnUntilTheNextCompute) {
  Register("shared", "wasinn-echo\ninput x u8 -1\noutput y u8 -1 shared");
  Register("shared-stream", "wasinn-echo\ninput x u8 -1\noutput y u8 -1 shared",
           {{"chunk_bytes", "2"}});
  for (const char* model : {"shared", "shared-stream"}) {
    Session session = Make();
    const uint32_t context = Context(session, model);
    ASSERT_TRUE(SetBytes(session, context, "first"));
    ASSERT_TRUE(session.Compute(context).Take());
    const Tensor held = *session.Output(context, 0);
    for (const char* next : {"other", "one that is longer", "x"}) {
      ASSERT_TRUE(SetBytes(session, context, next));
      EXPECT_EQ(Output(session, context), "first");
    }
    ASSERT_TRUE(session.ClearInputs(context));
    EXPECT_EQ(Output(session, context), "first");
    ASSERT_TRUE(session.DropContext(context));
    EXPECT_EQ(std::string(AsText(held.data.bytes())), "first");
  }
}

TEST_F(SessionTest, ABackendMayRefuseAnInputAndTheOldOneStays) {
  Session session = Make();
  const uint32_t graph = Load(session, "any");
  const uint32_t context = *session.InitContext(graph, {{"input_fail", "invalid_encoding"}});
  EXPECT_EQ(SetBytes(session, context, "bad").error().code, Code::kInvalidEncoding);
  const Result<> tensor = session.SetInputTensor(
      context, std::nullopt, 0,
      Tensor{DType::kU8, *Shape::OfTensor(std::vector<int64_t>{3}), core_.Copy("bad")});
  EXPECT_EQ(tensor.error().code, Code::kInvalidEncoding);
  // None was set.
  EXPECT_EQ((session.Compute(context).Take()).error().code, Code::kInvalidArgument);
}

TEST_F(SessionTest, AnOutputMayBeKnownWithoutARun) {
  Session session = Make();
  const uint32_t graph = Load(session, "any");
  const uint32_t context = *session.InitContext(graph, {{"early_output", "true"}});
  EXPECT_EQ(Output(session, context), "0");
  ASSERT_TRUE(SetBytes(session, context, "twelve bytes"));
  EXPECT_EQ(Output(session, context), "12");
  ASSERT_TRUE(session.Compute(context).Take());
  EXPECT_EQ(Output(session, context), "twelve bytes");
  // Of the new input, until it was computed.
  ASSERT_TRUE(SetBytes(session, context, "four"));
  EXPECT_EQ(Output(session, context), "4");
  EXPECT_EQ(session.Output(context, 1).error().code, Code::kInvalidArgument);
}

TEST_F(SessionTest, TextMayHaveAnyDims) {
  Register("text", "wasinn-echo\ninput t u8 text\noutput t u8 text");
  Session session = Make();
  const uint32_t context = Context(session, "text");
  const std::vector<int64_t> dims = {1};
  ASSERT_TRUE(session.SetInput(context, std::nullopt, 0, DType::kU8, *Shape::OfTensor(dims),
                               BytesOf("longer than one")));
  ASSERT_TRUE(session.Compute(context).Take());
  EXPECT_EQ(Output(session, context), "longer than one");
  EXPECT_EQ(session.Output(context, 0)->shape.ToString(), "[15]");
}

TEST_F(SessionTest, HandlesCountUpAndAreNeverUsedTwice) {
  Session session = Make();
  EXPECT_EQ(Load(session, "any"), 0u);
  EXPECT_EQ(Load(session, "any"), 1u);
  EXPECT_TRUE(session.DropGraph(1));
  EXPECT_EQ(session.DropGraph(1).error().code, Code::kInvalidArgument);
  EXPECT_EQ(Load(session, "any"), 2u);
  EXPECT_EQ(*session.InitContext(0, {}), 0u);
  EXPECT_TRUE(session.DropContext(0));
  EXPECT_FALSE(session.DropContext(0));
  EXPECT_EQ(*session.InitContext(0, {}), 1u);
  EXPECT_EQ(session.InitContext(1, {}).error().message,
            "expected a graph of this session, given handle 1");
  EXPECT_EQ(session.GraphOf(0).error().message,
            "expected an execution context of this session, given handle 0");
  EXPECT_FALSE(session.Compute(9).Take());
  EXPECT_EQ(session.OutputCount(9), 0u);
}

TEST_F(SessionTest, AContextOutlivesItsGraphHandle) {
  Session session = Make();
  const uint32_t graph = Load(session, "any");
  const uint32_t context = *session.InitContext(graph, {});
  ASSERT_TRUE(session.DropGraph(graph));
  ASSERT_TRUE(SetBytes(session, context, "still here"));
  ASSERT_TRUE(session.Compute(context).Take());
  EXPECT_EQ(Output(session, context), "still here");
}

TEST_F(SessionTest, InputsAreCheckedBeforeTheBackendSeesThem) {
  Session session = Make();
  const uint32_t context = Context(session, "pair");
  EXPECT_EQ(session.Compute(context).Take().error().message,
            "input 0 ('x'): expected f32 [2], given none");
  EXPECT_EQ(SetBytes(session, context, "abc").error().message,
            "input 0 ('x'): expected f32 [2], given u8 [3] with 3 bytes");
  const int64_t dims[] = {2};
  EXPECT_EQ(session.SetInput(context, std::nullopt, 2, DType::kF32, *Shape::OfTensor(dims), {})
                .error()
                .message,
            "input index: expected below 2, given 2");
  ASSERT_TRUE(session.SetInput(context, std::nullopt, 0, DType::kF32, *Shape::OfTensor(dims),
                               BytesOf("12345678")));
  ASSERT_TRUE(session.Compute(context).Take());  // the other one is optional
  ASSERT_TRUE(session.ClearInputs(context));
  EXPECT_FALSE(session.Compute(context).Take());
}

TEST_F(SessionTest, TensorsAreCarriedInAndOutForADialect) {
  Register("wide", "wasinn-echo\ninput x u64 -1\noutput y u64 -1");
  Session session = Make();
  const uint32_t context = Context(session, "wide");
  const int64_t dims[] = {16};
  const auto tensor =
      session.AddTensor(DType::kU8, *Shape::OfTensor(dims), BytesOf("0123456789abcdef"));
  ASSERT_TRUE(tensor);
  ASSERT_TRUE(
      session.SetInputTensor(context, DTypeNumbers::kWit, 0, *session.held().TakeTensor(*tensor)));
  ASSERT_TRUE(session.Compute(context).Take());
  const Tensor output = *session.Output(context, 0);
  EXPECT_EQ(output.dtype, DType::kU64);
  EXPECT_EQ(output.shape.ToString(), "[2]");
  EXPECT_EQ(FitToDialect(DTypeNumbers::kWit, output).shape.ToString(), "[16]");
}

TEST_F(SessionTest, TensorAndErrorHandles) {
  Session session = Make();
  const int64_t dims[] = {3};
  const uint32_t tensor = *session.AddTensor(DType::kU8, *Shape::OfTensor(dims), BytesOf("abc"));
  EXPECT_EQ(session.held().FindTensor(tensor)->data.size(), 3u);
  EXPECT_TRUE(session.held().TakeTensor(tensor));
  EXPECT_EQ(session.held().TakeTensor(tensor).error().code, Code::kInvalidArgument);
  const uint32_t broken = *session.held().AddBrokenTensor({Code::kTooLarge, "too long", 0});
  EXPECT_EQ(session.held().FindTensor(broken).error().message, "too long");
  session.held().DropTensor(broken);
  session.held().DropTensor(broken);
  const uint32_t error = *session.held().AddError({Code::kBusy, "later", 0});
  EXPECT_EQ(session.held().FindError(error)->message, "later");
  session.held().DropError(error);
  EXPECT_EQ(session.held().FindError(error), nullptr);
}

TEST_F(SessionTest, EveryLimitIsRefusedWithItsRulesName) {
  Session session = Make({{"models", "any"},
                          {"max_graphs", "1"},
                          {"max_contexts", "1"},
                          {"max_tensors", "1"},
                          {"max_errors", "1"},
                          {"max_model_bytes", "20"},
                          {"max_tensor_bytes", "10"},
                          {"max_session_bytes", "15"}});
  ExpectRefused(session.LoadByName("pair", {}).Take().error(), "models");
  const uint32_t graph = Load(session, "any");
  ExpectRefused(session.LoadByName("any", {}).Take().error(), "max_graphs");
  ExpectRefused(LoadBytes(session, kModel).error(), "max_model_bytes");
  const uint32_t context = *session.InitContext(graph, {});
  ExpectRefused(session.InitContext(graph, {}).error(), "max_contexts");
  ExpectRefused(SetBytes(session, context, "12345678901").error(), "max_tensor_bytes");
  ASSERT_TRUE(SetBytes(session, context, "1234567890"));
  ExpectRefused(SetBytes(session, context, "123456").error(), "max_session_bytes");
  const int64_t dims[] = {5};
  ASSERT_TRUE(session.AddTensor(DType::kU8, *Shape::OfTensor(dims), BytesOf("12345")));
  ExpectRefused(session.AddTensor(DType::kU8, Shape(), {}).error(), "max_tensors");
  ExpectRefused(session.held().AddBrokenTensor({}).error(), "max_tensors");
  ASSERT_TRUE(session.held().AddError({}));
  ExpectRefused(session.held().AddError({}).error(), "max_errors");
  Session closed = Make({{"load_bytes", "false"}});
  ExpectRefused(LoadBytes(closed, kModel).error(), "load_bytes");
}

TEST_F(SessionTest, GraphsOfItsOwnCountByBytesAsLongAsAContextHasThem) {
  Session session = Make({{"max_graph_bytes", std::to_string(kModel.size() + 10)}});
  const uint32_t graph = *LoadBytes(session, kModel);
  const uint32_t context = *session.InitContext(graph, {});
  // The same model counts once, the host's do not count.
  EXPECT_TRUE(LoadBytes(session, kModel));
  Load(session, "any");
  Load(session, "slow");
  ExpectRefused(LoadBytes(session, kAny).error(), "max_graph_bytes");
  ExpectRefused((session.LoadByName("pair", {{"load_delay_ms", "1"}}).Take()).error(),
                "max_graph_bytes");
  ASSERT_TRUE(session.DropGraph(graph));
  ASSERT_TRUE(session.DropGraph(graph + 1));
  ExpectRefused(LoadBytes(session, kAny).error(), "max_graph_bytes");
  ASSERT_TRUE(session.DropContext(context));
  EXPECT_TRUE(LoadBytes(session, kAny));
}

TEST_F(SessionTest, BytesThatAreLoadedTwiceAreOneGraph) {
  Session one = Make();
  Session two = Make();
  const auto first = LoadBytes(one, kModel);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(*one.FindGraph(*first), *two.FindGraph(*LoadBytes(two, kModel)));
}

TEST_F(SessionTest, ComputeTimeout) {
  Session session = Make({{"compute_timeout", "30ms"}});
  for (const char* model : {"slow", "slow-blocking"}) {
    const uint32_t context = Context(session, model);
    ASSERT_TRUE(SetBytes(session, context, "x"));
    const auto outcome = session.Compute(context).Take();
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, Code::kTimeout);
    EXPECT_NE(outcome.error().message.find("compute_timeout"), std::string::npos);
  }
  // The session itself goes on.
  EXPECT_FALSE(session.stopped());
  const uint32_t quick = Context(session, "any");
  ASSERT_TRUE(SetBytes(session, quick, "x"));
  EXPECT_TRUE(session.Compute(quick).Take());
}

TEST_F(SessionTest, StopEndsAComputeFromAnotherThread) {
  for (const char* model : {"slow", "slow-blocking"}) {
    Session session = Make();
    const uint32_t context = Context(session, model);
    ASSERT_TRUE(SetBytes(session, context, "x"));
    std::thread stopper([&] {
      std::this_thread::sleep_for(milliseconds(20));
      session.Stop({Code::kCancelled, "enough", 0});
      session.Stop({Code::kTimeout, "the first reason stays", 0});
    });
    const auto outcome = session.Compute(context).Take();
    stopper.join();
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().message, "enough");
    EXPECT_EQ(session.stop_code(), Code::kCancelled);
    EXPECT_EQ(session.StopError().message, "enough");
  }
}

TEST_F(SessionTest, StopEndsALoad) {
  testing::ScriptedBackend script(WASINN_BACKEND_PARALLEL_LOAD);
  std::latch begun(1);
  std::latch released(1);
  script.load = [&](const wasinn_load_request&, wasinn_error*) {
    begun.count_down();
    released.wait();
    return WASINN_OK;
  };
  testing::Core core;
  ASSERT_TRUE(core.backends.Add(&script.table));
  for (const char* name : {"first", "second"}) {
    ModelConfig config;
    config.name = name;
    config.content = core.Copy("model");
    config.backend = "scripted";
    ASSERT_TRUE(core.models.Add(std::move(config)));
  }
  Session session({&core.buffers(), &core.models, &core.scheduler, core.log.get()}, Policy());
  std::thread stopper([&] {
    begun.wait();
    session.Stop({Code::kCancelled, "enough", 0});
  });
  const auto loaded = session.LoadByName("first", {}).Take();
  stopper.join();
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().message, "enough");
  // The backend is still at it.
  EXPECT_EQ(script.loading, 1);
  // One that was stopped before it began does not wait either.
  EXPECT_FALSE(session.LoadByName("second", {}).Take());
  EXPECT_GE(script.loading, 1);
  released.count_down();
}

TEST_F(SessionTest, PendingCallsWakeOnceAndFinish) {
  Session session = Make();
  Woken load;
  auto loading = session.LoadByName("slow-load", {});
  ASSERT_FALSE(loading.Ready(&load.waker));
  ASSERT_TRUE(Eventually([&] { return load.count == 1; }));
  const auto graph = loading.Take();
  ASSERT_TRUE(graph) << graph.error().message;

  Register("short", kAny, {{"delay_ms", "20"}});
  const uint32_t context = Context(session, "short");
  ASSERT_TRUE(SetBytes(session, context, "pending"));
  Woken compute;
  auto call = session.Compute(context);
  ASSERT_FALSE(call.Ready(&compute.waker));
  ASSERT_TRUE(Eventually([&] { return compute.count == 1; }));
  EXPECT_TRUE(call.Take());
  EXPECT_EQ(Output(session, context), "pending");
  std::this_thread::sleep_for(milliseconds(10));
  EXPECT_EQ(load.count, 1);
  EXPECT_EQ(compute.count, 1);
}

TEST_F(SessionTest, StopWakesPendingCalls) {
  Session session = Make();
  const uint32_t context = Context(session, "slow");
  ASSERT_TRUE(SetBytes(session, context, "x"));
  Woken compute;
  auto call = session.Compute(context);
  ASSERT_FALSE(call.Ready(&compute.waker));
  session.Stop({Code::kCancelled, "enough", 0});
  EXPECT_TRUE(Eventually([&] { return compute.count == 1; }));
  EXPECT_EQ(call.Take().error().message, "enough");

  Session other = Make();
  Woken load;
  auto call2 = other.LoadByName("slow-load", {});
  ASSERT_FALSE(call2.Ready(&load.waker));
  other.Stop({Code::kTimeout, "too long", 0});
  EXPECT_EQ(load.count, 1);
  EXPECT_EQ(call2.Take().error().code, Code::kTimeout);
}

TEST_F(SessionTest, ACallThatWasGivenUpIsNeverWoken) {
  Session session = Make();
  const uint32_t context = Context(session, "slow");
  ASSERT_TRUE(SetBytes(session, context, "x"));
  {
    Woken compute;
    auto call = session.Compute(context);
    ASSERT_FALSE(call.Ready(&compute.waker));
    {
      const auto given_up = std::move(call);
    }
    EXPECT_EQ(compute.count, 0);
  }
  {
    Woken load;
    {
      auto call = session.LoadByName("slow-load", {});
      ASSERT_FALSE(call.Ready(&load.waker));
    }
    session.Abandon();
    session.Abandon();
    EXPECT_EQ(load.count, 0);
  }
  // The session may go on with another context.
  const uint32_t next = Context(session, "any");
  ASSERT_TRUE(SetBytes(session, next, "on"));
  ASSERT_TRUE(session.Compute(next).Take());
  EXPECT_EQ(Output(session, next), "on");
}

TEST_F(SessionTest, EndingASessionCancelsWhatRuns) {
  {
    Session session = Make();
    const uint32_t context = Context(session, "slow");
    ASSERT_TRUE(SetBytes(session, context, "x"));
    Woken compute;
    auto call = session.Compute(context);
    ASSERT_FALSE(call.Ready(&compute.waker));
  }
  EXPECT_TRUE(Eventually([&] { return core_.scheduler.live_executions == 0; }));
}

TEST_F(SessionTest, OnStopIsToldOnce) {
  std::atomic<int> told{0};
  const auto count = [](void* n) { ++*static_cast<std::atomic<int>*>(n); };
  {
    Session session = Make();
    session.OnStop(count, &told);
    session.Stop({Code::kCancelled, "a", 0});
    session.Stop({Code::kCancelled, "b", 0});
    EXPECT_EQ(told, 1);
    session.OnStop(count, &told);  // at once, since it was stopped
    EXPECT_EQ(told, 2);
  }
  {
    Session session = Make();
    session.OnStop(count, &told);
    session.OnStop(nullptr, nullptr);
    session.Stop({Code::kCancelled, "a", 0});
  }
  EXPECT_EQ(told, 2);
}

TEST_F(SessionTest, ShortRunsStayOnTheCallingThread) {
  Session session = Make();
  const uint32_t context = Context(session, "fast-blocking");
  ASSERT_TRUE(SetBytes(session, context, "x"));
  session.FindGraph(0).value()->CountRun(1000, 1);
  Woken waker;
  auto call = session.Compute(context);
  ASSERT_TRUE(call.Ready(&waker.waker));  // no PENDING
  EXPECT_TRUE(call.Take());
  EXPECT_EQ(core_.scheduler.inline_runs, 1u);
  EXPECT_EQ(waker.count, 0);
  session.Stop({Code::kCancelled, "enough", 0});
  const auto stopped = session.Compute(context).Take();
  EXPECT_EQ(stopped.error().code, Code::kCancelled);
}

}  // namespace
}  // namespace wasinn
