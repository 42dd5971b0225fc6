#include "echo/echo.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <thread>

#include "support/backend_harness.h"

namespace wasinn::testing {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

class EchoTest : public ::testing::Test {
 protected:
  ~EchoTest() override { EXPECT_EQ(host_.live_buffers(), 0); }

  // The message of a failed load of `text`, "" when it loads.
  std::string LoadError(std::string_view text) const {
    const Graph graph = Graph::FromBytes(echo_, text);
    return graph.get() != nullptr ? "" : graph.error.message;
  }

  TestHost host_;
  Instance echo_{wasinn_backend_echo_entry(), host_};
  const std::vector<Tensor> inputs_{MakeTensor<float>(WASINN_DTYPE_F32, {2, 2}, {1, 2, 3, 4})};
};

TEST_F(EchoTest, AnyBytesAreAGraphWithOnePortOfAnyType) {
  const Graph graph = Graph::FromBytes(echo_, "anything");
  ASSERT_NE(graph.get(), nullptr) << graph.error.message;
  const wasinn_graph_info info = graph.Describe();
  ASSERT_EQ(info.input_count, 1u);
  ASSERT_EQ(info.output_count, 1u);
  EXPECT_EQ(Text(info.inputs[0].name), "");
  EXPECT_EQ(info.inputs[0].dtype, WASINN_DTYPE_NONE);
  EXPECT_EQ(info.inputs[0].rank, -1);

  const Context context(graph);
  for (int dtype = WASINN_DTYPE_F16; dtype <= WASINN_DTYPE_STRING; ++dtype) {
    const std::vector<Tensor> inputs{{static_cast<wasinn_dtype>(dtype), {3}, "some bytes"}};
    RunRecord run;
    context.Start(run, inputs);
    ASSERT_TRUE(run.Wait());
    EXPECT_EQ(run.code(), WASINN_OK) << run.message();
    EXPECT_EQ(run.output(), inputs[0]);
  }
}

TEST_F(EchoTest, OutputsStayAlignedAndOutliveTheContextAndTheGraph) {
  Graph graph = Graph::FromBytes(echo_, "");
  Context context(graph);
  RunRecord run;
  context.Start(run, inputs_);
  ASSERT_TRUE(run.Wait());
  EXPECT_EQ(reinterpret_cast<uintptr_t>(run.output_data()) % 64, 0u);
  EXPECT_NE(run.output_data(), inputs_[0].bytes.data());
  context.Free();
  graph.Free();
  EXPECT_EQ(run.output(), inputs_[0]);
}

TEST_F(EchoTest, DescribesWhatTheTextSays) {
  const Graph graph = Graph::FromBytes(echo_,
                                       "wasinn-echo\r\n"
                                       "# a remark\n"
                                       "input x f32 -1,3\n"
                                       "\n"
                                       "input s i64 scalar\n"
                                       "input o u8 * optional\n"
                                       "output y f32 -1,3\n"
                                       "output t any");
  ASSERT_NE(graph.get(), nullptr) << graph.error.message;
  const wasinn_graph_info info = graph.Describe();
  ASSERT_EQ(info.input_count, 3u);
  ASSERT_EQ(info.output_count, 2u);
  EXPECT_EQ(Text(info.inputs[0].name), "x");
  EXPECT_EQ(info.inputs[0].dtype, WASINN_DTYPE_F32);
  ASSERT_EQ(info.inputs[0].rank, 2);
  EXPECT_EQ(info.inputs[0].dims[0], -1);
  EXPECT_EQ(info.inputs[0].dims[1], 3);
  EXPECT_EQ(info.inputs[0].flags, 0u);
  EXPECT_EQ(info.inputs[1].rank, 0);
  EXPECT_EQ(info.inputs[2].rank, -1);
  EXPECT_EQ(info.inputs[2].flags, WASINN_PORT_OPTIONAL);
  EXPECT_EQ(Text(info.outputs[1].name), "t");
  EXPECT_EQ(info.outputs[1].dtype, WASINN_DTYPE_NONE);

  const Context context(graph);
  const std::vector<Tensor> inputs{MakeTensor<float>(WASINN_DTYPE_F32, {1, 3}, {1, 2, 3}),
                                   MakeTensor<int64_t>(WASINN_DTYPE_I64, {}, {7})};
  RunRecord run;
  context.Start(run, inputs);
  ASSERT_TRUE(run.Wait());
  EXPECT_EQ(run.code(), WASINN_OK) << run.message();
  EXPECT_EQ(run.output(0), inputs[0]);
  EXPECT_EQ(run.output(1), inputs[1]);
}

TEST_F(EchoTest, BadDescriptionsNameTheLineAndWhatWasExpected) {
  EXPECT_EQ(LoadError("wasinn-echo\ninput x f31 1"),
            "echo: description, line 2: expected an element type such as f32, or any, given 'f31'");
  EXPECT_EQ(LoadError("wasinn-echo\n\ninput x f32 1,-2"),
            "echo: description, line 3: expected dims such as -1,3, or scalar, or *, or text for "
            "u8, given '1,-2'");
  EXPECT_EQ(LoadError("wasinn-echo\ninput"),
            "echo: description, line 2: expected a name, given ''");
  EXPECT_EQ(LoadError("wasinn-echo\ninput x f32 1 2"),
            "echo: description, line 2: expected the end of the line, given '2'");
  EXPECT_EQ(LoadError("wasinn-echo\nport x"),
            "echo: description, line 2: expected input, output or option, given 'port'");
  EXPECT_EQ(LoadError("wasinn-echo\noutput y f32"),
            "echo: expected an input for output 'y', given 0 inputs");
  EXPECT_EQ(LoadError("wasinn-echo\ninput x f32\noutput y i64"),
            "echo: output 'y': expected the type of input 'x', f32, given i64");
  EXPECT_EQ(LoadError("wasinn-echo\noption delay_ms soon"),
            "echo: option delay_ms: expected a whole number of 0 to 600000, given 'soon'");
  std::string many = "wasinn-echo\n";
  for (int i = 0; i < 65; ++i) many += "input x f32\n";
  EXPECT_EQ(LoadError(many),
            "echo: description, line 66: expected at most 64 ports of a kind, given more");
  EXPECT_EQ(LoadError("wasinn-echo\ninput x f32 1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1"), "");
  EXPECT_NE(LoadError("wasinn-echo\ninput x f32 1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1"), "");
}

TEST_F(EchoTest, ProbeIsSureOfDescriptionsOnly) {
  EXPECT_EQ(echo_.Probe("wasinn-echo\ninput x f32", 24), 100);
  EXPECT_EQ(echo_.Probe("wasinn-echo", 11), 100);
  EXPECT_EQ(echo_.Probe("wasinn-echoes", 13), 0);
  EXPECT_EQ(echo_.Probe("", 0), 0);
  EXPECT_EQ(echo_.Probe("GGUF", 4, "model.gguf"), 0);
}

TEST_F(EchoTest, LoadsByPath) {
  const std::string path = ::testing::TempDir() + "echo_test.model";
  std::ofstream(path) << "wasinn-echo\ninput x f32 2,2\noutput y f32 2,2\n";
  const Graph graph = Graph::FromPath(echo_, path);
  ASSERT_NE(graph.get(), nullptr) << graph.error.message;
  EXPECT_EQ(Text(graph.Describe().inputs[0].name), "x");
  std::remove(path.c_str());

  const Graph missing = Graph::FromPath(echo_, path);
  EXPECT_EQ(missing.get(), nullptr);
  EXPECT_EQ(missing.error.code, WASINN_NOT_FOUND);
  const Graph folder = Graph::FromPath(echo_, ::testing::TempDir());
  EXPECT_EQ(folder.get(), nullptr);
}

TEST_F(EchoTest, FailsWhenTold) {
  const Graph none = Graph::FromBytes(echo_, "", {{"load_fail", "security"}});
  EXPECT_EQ(none.get(), nullptr);
  EXPECT_EQ(none.error.code, WASINN_SECURITY);

  const Graph graph = Graph::FromBytes(echo_, "");
  const Context context(graph, {{"fail", "context_full"}});
  RunRecord run;
  context.Start(run, inputs_);
  ASSERT_TRUE(run.Wait());
  EXPECT_EQ(run.code(), WASINN_CONTEXT_FULL);
  EXPECT_EQ(run.output_count(), 0u);

  const Context bad(graph, {{"fail", "nonsense"}});
  EXPECT_EQ(bad.get(), nullptr);
  EXPECT_EQ(bad.error.code, WASINN_INVALID_ARGUMENT);
  const Context unknown(graph, {{"speed", "9"}});
  EXPECT_EQ(unknown.get(), nullptr);
}

TEST_F(EchoTest, StreamsInChunksBeforeTheOutput) {
  const Graph graph = Graph::FromBytes(echo_, "");
  const Context context(graph, {{"chunk_bytes", "4"}});
  const std::vector<Tensor> inputs{{WASINN_DTYPE_U8, {10}, "0123456789"}};
  RunRecord run;
  context.Start(run, inputs);
  ASSERT_TRUE(run.Wait());
  EXPECT_EQ(run.chunks(), (std::vector<std::string>{"0123", "4567", "89"}));
  EXPECT_EQ(run.output(), inputs[0]);

  RunRecord stopped;
  stopped.set_chunk_limit(2);
  context.Start(stopped, inputs);
  ASSERT_TRUE(stopped.Wait());
  EXPECT_EQ(stopped.code(), WASINN_CANCELLED);
  EXPECT_EQ(stopped.chunks().size(), 2u);
}

TEST_F(EchoTest, MemoryThatTheHostRefusesIsTooLarge) {
  const Graph graph = Graph::FromBytes(echo_, "");
  const Context context(graph, {{"allocate_bytes", "1000000"}});
  RunRecord enough;
  context.Start(enough, inputs_);
  ASSERT_TRUE(enough.Wait());
  EXPECT_EQ(enough.code(), WASINN_OK);
  host_.set_limit(999999);
  RunRecord refused;
  context.Start(refused, inputs_);
  ASSERT_TRUE(refused.Wait());
  EXPECT_EQ(refused.code(), WASINN_TOO_LARGE);
  EXPECT_NE(refused.message().find("1000000"), std::string::npos) << refused.message();
}

TEST_F(EchoTest, ADelayedRunReportsFromItsOwnThreadAndCanBeCancelled) {
  const Graph graph = Graph::FromBytes(echo_, "wasinn-echo\noption delay_ms 600000\n");
  const Context context(graph);
  RunRecord run;
  context.Start(run, inputs_);
  EXPECT_FALSE(run.Wait(milliseconds(20)));
  context.Cancel(run.number());
  ASSERT_TRUE(run.Wait());
  EXPECT_EQ(run.code(), WASINN_CANCELLED);
  EXPECT_EQ(run.done_count(), 1);
}

TEST_F(EchoTest, CancelHitsItsOwnRunOnly) {
  const Graph graph = Graph::FromBytes(echo_, "");
  const Context context(graph, {{"delay_ms", "1"}});
  const uint64_t early = RunRecord::NextNumber();
  const uint64_t late = RunRecord::NextNumber();
  context.Cancel(early);
  RunRecord first(early);
  context.Start(first, inputs_);
  ASSERT_TRUE(first.Wait());
  EXPECT_EQ(first.code(), WASINN_CANCELLED);
  context.Cancel(early);
  RunRecord second(late);
  context.Start(second, inputs_);
  ASSERT_TRUE(second.Wait());
  EXPECT_EQ(second.code(), WASINN_OK);
  context.Cancel(late);
  RunRecord third;
  context.Start(third, inputs_);
  ASSERT_TRUE(third.Wait());
  EXPECT_EQ(third.code(), WASINN_OK);
}

TEST_F(EchoTest, ADeafRunEndsByItself) {
  const Graph graph = Graph::FromBytes(echo_, "");
  const Context context(graph, {{"delay_ms", "100"}, {"ignore_cancel", "true"}});
  RunRecord run;
  const auto before = Clock::now();
  context.Start(run, inputs_);
  context.Cancel(run.number());
  ASSERT_TRUE(run.Wait());
  EXPECT_EQ(run.code(), WASINN_OK);
  EXPECT_GE(Clock::now() - before, milliseconds(100));
}

TEST_F(EchoTest, AsyncRunsRepeatAndRaceWithCancel) {
  const Graph graph = Graph::FromBytes(echo_, "");
  const Context context(graph, {{"async", "true"}});
  for (int i = 0; i < 200; ++i) {
    RunRecord run;
    context.Start(run, inputs_);
    std::thread canceller([&] { context.Cancel(run.number()); });
    ASSERT_TRUE(run.Wait());
    canceller.join();
    ASSERT_TRUE(run.code() == WASINN_OK || run.code() == WASINN_CANCELLED) << run.message();
    ASSERT_EQ(run.done_count(), 1);
  }
}

TEST_F(EchoTest, TheBlockingVariantReportsBeforeRunReturns) {
  const wasinn_backend* backend = wasinn_backend_echo_blocking_entry();
  EXPECT_TRUE(backend->capabilities & WASINN_BACKEND_BLOCKING);
  EXPECT_FALSE(wasinn_backend_echo_entry()->capabilities & WASINN_BACKEND_BLOCKING);
  EXPECT_EQ(backend->option_count + 1, wasinn_backend_echo_entry()->option_count);
  const Instance instance(backend, host_);
  EXPECT_EQ(instance.Probe("wasinn-echo", 11), 0);
  const Graph graph = Graph::FromBytes(instance, "");
  const Context context(graph, {{"delay_ms", "30"}});
  RunRecord run;
  const auto before = Clock::now();
  context.Start(run, inputs_);
  EXPECT_EQ(run.done_count(), 1);
  EXPECT_EQ(run.code(), WASINN_OK);
  EXPECT_GE(Clock::now() - before, milliseconds(30));
}

TEST_F(EchoTest, TheGeneratingVariantDeclaresItAndLeavesProbingToEcho) {
  const wasinn_backend* backend = wasinn_backend_echo_generating_entry();
  EXPECT_TRUE(backend->capabilities & WASINN_BACKEND_GENERATES);
  EXPECT_FALSE(wasinn_backend_echo_entry()->capabilities & WASINN_BACKEND_GENERATES);
  const Instance instance(backend, host_);
  EXPECT_EQ(instance.Probe("wasinn-echo", 11), 0);
  const Graph graph = Graph::FromBytes(instance, "");
  const Context context(graph);
  RunRecord run;
  context.Start(run, inputs_);
  ASSERT_TRUE(run.Wait());
  EXPECT_EQ(run.code(), WASINN_OK);
}

TEST_F(EchoTest, PiecesCanWaitForEachOther) {
  const Graph graph = Graph::FromBytes(echo_, "");
  const Context context(graph, {{"chunk_bytes", "1"}, {"chunk_delay_ms", "600000"}});
  RunRecord run;
  context.Start(run, inputs_);
  context.Cancel(run.number());
  ASSERT_TRUE(run.Wait());
  EXPECT_EQ(run.code(), WASINN_CANCELLED);
  EXPECT_LE(run.chunks().size(), 1u);
}

TEST_F(EchoTest, OtherTargetsAreRefused) {
  EXPECT_EQ(Graph::FromBytes(echo_, "", {}, WASINN_TARGET_GPU).error.code,
            WASINN_UNSUPPORTED_OPERATION);
  EXPECT_NE(Graph::FromBytes(echo_, "", {}, WASINN_TARGET_AUTO).get(), nullptr);
}

TEST_F(EchoTest, EveryOptionOfTheTableIsKnown) {
  const Graph graph = Graph::FromBytes(echo_, "");
  for (size_t i = 0; i < echo_.backend()->option_count; ++i) {
    const wasinn_option_spec& spec = echo_.backend()->options[i];
    if (spec.scope != WASINN_SCOPE_CONTEXT) continue;
    const Context context(graph, {{spec.name, spec.default_value}});
    EXPECT_NE(context.get(), nullptr) << context.error.message;
  }
}

}  // namespace
}  // namespace wasinn::testing
