#include "onnx/onnx.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <thread>

#include "onnx/types.h"
#include "support/backend_harness.h"

namespace wasinn::testing {
namespace {

using std::chrono::milliseconds;

std::string PathOf(const std::string& name) { return WASINN_TEST_MODELS_DIR + name + ".onnx"; }

std::string BytesOf(const std::string& name) {
  std::ifstream file(PathOf(name), std::ios::binary);
  EXPECT_TRUE(file) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

Tensor Floats(std::vector<int64_t> dims, const std::vector<float>& values) {
  return MakeTensor<float>(WASINN_DTYPE_F32, std::move(dims), values);
}

class OnnxTest : public ::testing::Test {
 protected:
  ~OnnxTest() override { EXPECT_EQ(host_.live_buffers(), 0); }

  // Runs `graph` once; the outputs, or a failed expectation and none.
  std::vector<Tensor> RunOnce(const Graph& graph, const std::vector<Tensor>& inputs) {
    EXPECT_NE(graph.get(), nullptr) << graph.error.message;
    if (graph.get() == nullptr) return {};
    const Context context(graph);
    RunRecord run;
    context.Start(run, inputs);
    EXPECT_EQ(run.done_count(), 1) << "a blocking backend reports before run returns";
    EXPECT_EQ(run.code(), WASINN_OK) << run.message();
    std::vector<Tensor> outputs;
    for (uint32_t i = 0; i < run.output_count(); ++i) outputs.push_back(run.output(i));
    return outputs;
  }
  // Runs `graph` once, which must fail; how.
  std::pair<wasinn_code, std::string> FailOnce(const Graph& graph,
                                               const std::vector<Tensor>& inputs) {
    EXPECT_NE(graph.get(), nullptr) << graph.error.message;
    const Context context(graph);
    RunRecord run;
    context.Start(run, inputs);
    EXPECT_EQ(run.done_count(), 1);
    EXPECT_EQ(run.output_count(), 0u);
    return {run.code(), run.message()};
  }
  // Why the last run gave no such output.
  static std::string WhyNone(const Context& context, uint32_t port) {
    wasinn_backend_output output{};
    wasinn_error error{};
    EXPECT_NE(OnnxBackend()->output_get(context.get(), port, &output, &error), WASINN_OK);
    return error.message;
  }

  TestHost host_;
  Instance onnx_{OnnxBackend(), host_};
};

// ------------------------------------------------------------------ types and shapes

// Three values of each type, with the bytes that no conversion would keep.
Tensor SampleOf(wasinn_dtype dtype) {
  switch (dtype) {
    case WASINN_DTYPE_STRING:
      return MakeStrings({3}, {"", std::string("a\0b", 3), "\xff\xfe not UTF-8, and long enough"});
    case WASINN_DTYPE_BOOL:
      return MakeTensor<uint8_t>(dtype, {3}, {1, 0, 1});
    default:
      break;
  }
  Tensor tensor{dtype, {3}, std::string(3 * onnx::ElementSize(dtype), '\0')};
  for (size_t i = 0; i < tensor.bytes.size(); ++i)
    tensor.bytes[i] = static_cast<char>(0xf1 + 7 * i);
  return tensor;
}

TEST_F(OnnxTest, EveryElementTypeGoesThroughUnchanged) {
#define X(name, constant, number, text, ...)                              \
  {                                                                       \
    SCOPED_TRACE(text);                                                   \
    const Graph graph = Graph::FromPath(onnx_, PathOf("identity_" text)); \
    ASSERT_NE(graph.get(), nullptr) << graph.error.message;               \
    EXPECT_EQ(graph.Describe().inputs[0].dtype, WASINN_DTYPE_##name);     \
    EXPECT_EQ(graph.Describe().outputs[0].dtype, WASINN_DTYPE_##name);    \
    const Tensor sample = SampleOf(WASINN_DTYPE_##name);                  \
    EXPECT_EQ(RunOnce(graph, {sample}), std::vector<Tensor>{sample});     \
    const Tensor nothing{WASINN_DTYPE_##name, {0}, ""};                   \
    EXPECT_EQ(RunOnce(graph, {nothing}), std::vector<Tensor>{nothing});   \
  }
#include "tensor/dtype.def"
#undef X
}

TEST_F(OnnxTest, DescribesPortsAndMetadata) {
  const Graph graph = Graph::FromPath(onnx_, PathOf("add"));
  const wasinn_graph_info info = graph.Describe();
  ASSERT_EQ(info.input_count, 2u);
  ASSERT_EQ(info.output_count, 1u);
  EXPECT_EQ(Text(info.inputs[0].name), "a");
  EXPECT_EQ(Text(info.inputs[1].name), "b");
  EXPECT_EQ(Text(info.outputs[0].name), "sum");
  ASSERT_EQ(info.outputs[0].rank, 1);
  EXPECT_EQ(info.outputs[0].dims[0], 4);
  const std::map<std::string, std::string> expected{{"producer", "wasinn"},
                                                    {"producer_version", "1.2"},
                                                    {"graph", "add"},
                                                    {"domain", "org.example"},
                                                    {"version", "7"},
                                                    {"description", "Adds two vectors."},
                                                    {"ir_version", "8"},
                                                    {"graph_description", "One node."},
                                                    {"opset", "17"},
                                                    {"opset:ai.onnx.ml", "3"},
                                                    {"custom:task", "addition"}};
  EXPECT_EQ(graph.Metadata(), expected);
  const std::string bytes = BytesOf("add");
  EXPECT_EQ(Graph::FromBytes(onnx_, bytes).Metadata(), expected);
}

TEST_F(OnnxTest, TellsDynamicSizesScalarsAndAnyRankApart) {
  const Graph dynamic = Graph::FromPath(onnx_, PathOf("dynamic"));
  const wasinn_port_info port = dynamic.Describe().inputs[0];
  ASSERT_EQ(port.rank, 3);
  EXPECT_EQ(std::vector<int64_t>(port.dims, port.dims + 3), (std::vector<int64_t>{-1, 3, -1}));
  for (const int64_t width : {1, 5, 0}) {
    const Tensor x = Floats({2, 3, width}, std::vector<float>(static_cast<size_t>(6 * width), 2));
    EXPECT_EQ(RunOnce(dynamic, {x}), std::vector<Tensor>{x});
  }

  const Graph scalar = Graph::FromPath(onnx_, PathOf("scalar"));
  EXPECT_EQ(scalar.Describe().inputs[0].rank, 0);
  EXPECT_EQ(RunOnce(scalar, {Floats({}, {41})}), std::vector<Tensor>{Floats({}, {42})});

  const Graph any = Graph::FromPath(onnx_, PathOf("identity_any_rank"));
  EXPECT_EQ(any.Describe().inputs[0].rank, -1);
  EXPECT_EQ(any.Describe().outputs[0].rank, -1);
  for (const std::vector<int64_t>& dims : {std::vector<int64_t>{}, {1}, {1, 1, 1, 1, 1, 1, 1, 1}}) {
    EXPECT_EQ(RunOnce(any, {Floats(dims, {3})}), std::vector<Tensor>{Floats(dims, {3})});
  }

  const Graph zero = Graph::FromPath(onnx_, PathOf("zero"));
  EXPECT_EQ(RunOnce(zero, {Floats({5, 0}, {})}), std::vector<Tensor>{Floats({5, 0}, {})});
}

TEST_F(OnnxTest, SeveralInputsAndOutputs) {
  const Graph graph = Graph::FromPath(onnx_, PathOf("multi_io"));
  EXPECT_EQ(
      RunOnce(graph, {Floats({2}, {1, 2}),
                      MakeTensor<int64_t>(WASINN_DTYPE_I64, {2},
                                          {1, std::numeric_limits<int64_t>::max() / 2})}),
      (std::vector<Tensor>{Floats({2}, {2, 4}),
                           MakeTensor<int64_t>(WASINN_DTYPE_I64, {2},
                                               {2, std::numeric_limits<int64_t>::max() - 1})}));
}

TEST_F(OnnxTest, AnOptionalInputMayBeLeftOut) {
  const Graph graph = Graph::FromPath(onnx_, PathOf("optional"));
  const wasinn_graph_info info = graph.Describe();
  ASSERT_EQ(info.input_count, 2u);
  EXPECT_EQ(info.inputs[0].flags, 0u);
  EXPECT_EQ(Text(info.inputs[1].name), "bias");
  EXPECT_EQ(info.inputs[1].flags, WASINN_PORT_OPTIONAL);
  EXPECT_EQ(RunOnce(graph, {Floats({2}, {1, 2})}), std::vector<Tensor>{Floats({2}, {11, 22})});
  EXPECT_EQ(RunOnce(graph, {Floats({2}, {1, 2}), Floats({2}, {5, 5})}),
            std::vector<Tensor>{Floats({2}, {6, 7})});
}

TEST_F(OnnxTest, StringsAreCheckedAgainstTheirDims) {
  const Graph graph = Graph::FromPath(onnx_, PathOf("string_concat"));
  EXPECT_EQ(RunOnce(graph, {MakeStrings({2}, {"hi", ""})}),
            std::vector<Tensor>{MakeStrings({2}, {"hi!", "!"})});
  const std::string whole = MakeStrings({2}, {"hi", "you"}).bytes;
  const auto fail = [&](std::vector<int64_t> dims, std::string bytes) {
    const auto [code, message] = FailOnce(graph, {{WASINN_DTYPE_STRING, dims, bytes}});
    EXPECT_EQ(code, WASINN_INVALID_ARGUMENT);
    return message;
  };
  EXPECT_EQ(fail({2}, whole.substr(0, whole.size() - 1)),
            "onnx: input 'x': expected the 3 bytes of string 1, given 2 bytes");
  EXPECT_EQ(fail({1}, whole), "onnx: input 'x': expected 1 strings, given 7 bytes after them");
  EXPECT_EQ(fail({3}, whole),
            "onnx: input 'x': expected a 4-byte length for string 2, given 0 bytes");
  EXPECT_EQ(
      fail({int64_t{1} << 62}, whole),
      "onnx: input 'x': expected a 4-byte length for each string of its dims, given 13 bytes");
}

TEST_F(OnnxTest, OptionalTensorsMayBeLeftOutAndGiven) {
  const Graph graph = Graph::FromPath(onnx_, PathOf("optional_tensor"));
  const auto inputs = graph.Describe().inputs;
  ASSERT_EQ(graph.Describe().input_count, 2u);
  EXPECT_EQ(inputs[1].flags, WASINN_PORT_OPTIONAL);
  EXPECT_EQ(inputs[1].dtype, WASINN_DTYPE_F32);
  EXPECT_EQ(inputs[1].rank, 1);
  EXPECT_EQ(graph.Describe().outputs[1].flags, WASINN_PORT_OPTIONAL);
  const Context context(graph);
  const std::vector<Tensor> x = {Floats({2}, {1, 2})};
  const std::vector<Tensor> both = {Floats({2}, {1, 2}), Floats({2}, {10, 20})};
  RunRecord without;
  context.Start(without, x);
  EXPECT_EQ(without.code(), WASINN_OK) << without.message();
  EXPECT_EQ(without.output(0), Floats({2}, {2, 4}));
  EXPECT_EQ(without.output(1), Floats({2}, {1, 2}));
  EXPECT_EQ(without.output_count(), 2u);  // nothing for the third
  RunRecord with;
  context.Start(with, both);
  EXPECT_EQ(with.output(0), Floats({2}, {11, 22}));
  EXPECT_EQ(WhyNone(context, 2),
            "onnx: output 'none': expected a tensor, given none, since it is optional and the run "
            "gave it no value");
  EXPECT_EQ(WhyNone(context, 0), "onnx: output 'y': expected after a run, given none");
}

TEST_F(OnnxTest, OutputsThatAreNoTensorsLeaveTheOthers) {
  const Graph graph = Graph::FromPath(onnx_, PathOf("classifier"));
  EXPECT_EQ(graph.Describe().outputs[1].dtype, WASINN_DTYPE_NONE);
  EXPECT_EQ(graph.Describe().outputs[1].flags, WASINN_PORT_OPTIONAL);
  EXPECT_EQ(graph.Metadata().at("type:probabilities"), "sequence (map (i64 to tensor of f32))");
  const Context context(graph);
  const std::vector<Tensor> inputs = {Floats({1, 2}, {3, 1})};
  RunRecord run;
  context.Start(run, inputs);
  EXPECT_EQ(run.code(), WASINN_OK) << run.message();
  EXPECT_EQ(run.output(0).dtype, WASINN_DTYPE_I64);
  EXPECT_EQ(run.output_count(), 1u);
  EXPECT_EQ(WhyNone(context, 1),
            "onnx: output 'probabilities': expected a tensor of a type that wasinn has, given a "
            "sequence (map (i64 to tensor of f32))");
}

TEST_F(OnnxTest, AGraphWithoutTensorsIsAnErrorOfTheRun) {
  const Graph graph = Graph::FromPath(onnx_, PathOf("sequence"));
  EXPECT_EQ(graph.Describe().outputs[0].dtype, WASINN_DTYPE_NONE);
  const auto [code, message] = FailOnce(graph, {Floats({2}, {1, 2})});
  EXPECT_EQ(code, WASINN_UNSUPPORTED_OPERATION);
  EXPECT_EQ(message,
            "onnx: output 's': expected a tensor of a type that wasinn has, given a sequence "
            "(tensor of f32)");
}

TEST_F(OnnxTest, AnInputThatIsNoTensorIsAnErrorOfTheRun) {
  const Graph graph = Graph::FromPath(onnx_, PathOf("sequence_input"));
  for (const std::vector<Tensor>& inputs :
       {std::vector<Tensor>{}, std::vector<Tensor>{Floats({2}, {1, 2})}}) {
    const auto [code, message] = FailOnce(graph, inputs);
    EXPECT_EQ(code, WASINN_UNSUPPORTED_OPERATION);
    EXPECT_EQ(message,
              "onnx: input 's': expected a tensor of a type that wasinn has, given a sequence "
              "(tensor of f32)");
  }
}

// ------------------------------------------------------------------ memory

TEST_F(OnnxTest, InputsAreReadInPlaceAndOutputsOutliveEverything) {
  auto graph = std::make_unique<Graph>(onnx_, PathOf("add").c_str(), nullptr, 0, OptionList{},
                                       WASINN_TARGET_CPU);
  auto context = std::make_unique<Context>(*graph);
  std::vector<Tensor> inputs{Floats({4}, {1, 2, 3, 4}), Floats({4}, {10, 20, 30, 40})};
  RunRecord first;
  context->Start(first, inputs);
  // The same buffers with other bytes: a copy kept from the first run would show.
  const float changed = 100;
  std::memcpy(inputs[0].bytes.data(), &changed, sizeof changed);
  RunRecord second;
  context->Start(second, inputs);
  EXPECT_EQ(second.output(), Floats({4}, {110, 22, 33, 44}));
  context.reset();
  graph.reset();
  EXPECT_EQ(first.output(), Floats({4}, {11, 22, 33, 44}));
  EXPECT_NE(first.output_data(), second.output_data());
}

TEST_F(OnnxTest, AFreshBufferAtTheSamePlaceWithAnotherShapeIsSeen) {
  const Graph graph = Graph::FromPath(onnx_, PathOf("identity_any_rank"));
  const Context context(graph);
  std::vector<Tensor> inputs{Floats({4}, {1, 2, 3, 4})};
  for (const std::vector<int64_t>& dims : {std::vector<int64_t>{4}, {2, 2}, {4, 1}, {4}}) {
    inputs[0].dims = dims;
    RunRecord run;
    context.Start(run, inputs);
    EXPECT_EQ(run.output(), Floats(dims, {1, 2, 3, 4})) << run.message();
  }
}

// ------------------------------------------------------------------ loading

TEST_F(OnnxTest, ExternalDataWorksByPathOnly) {
  const Graph graph = Graph::FromPath(onnx_, PathOf("external"));
  EXPECT_EQ(RunOnce(graph, {Floats({4}, {10, 10, 10, 10})}),
            std::vector<Tensor>{Floats({4}, {11, 12, 13, 14})});
  const std::string bytes = BytesOf("external");
  const Graph refused = Graph::FromBytes(onnx_, bytes);
  EXPECT_EQ(refused.get(), nullptr);
  EXPECT_EQ(refused.error.code, WASINN_SECURITY);
}

TEST_F(OnnxTest, BrokenModelsAreRefusedWithTheEnginesText) {
  const std::string truncated = BytesOf("truncated");
  const std::string garbage = BytesOf("garbage");
  for (const std::string& bytes : {truncated, garbage}) {
    const Graph graph = Graph::FromBytes(onnx_, bytes);
    EXPECT_EQ(graph.get(), nullptr);
    EXPECT_EQ(graph.error.code, WASINN_INVALID_ENCODING) << graph.error.message;
  }
  EXPECT_EQ(Graph::FromBytes(onnx_, "").get(), nullptr);
  for (const char* name : {"truncated", "garbage"}) {
    const Graph graph = Graph::FromPath(onnx_, PathOf(name));
    EXPECT_EQ(graph.get(), nullptr);
    EXPECT_EQ(graph.error.code, WASINN_INVALID_ENCODING) << graph.error.message;
    EXPECT_NE(graph.error.engine_code, 0);
    EXPECT_NE(std::string(graph.error.message).find(PathOf(name)), std::string::npos);
  }
  const Graph empty = Graph::FromPath(onnx_, PathOf("empty"));
  EXPECT_EQ(empty.error.code, WASINN_INVALID_ARGUMENT) << empty.error.message;
  const Graph missing = Graph::FromPath(onnx_, PathOf("missing"));
  EXPECT_EQ(missing.error.code, WASINN_NOT_FOUND) << missing.error.message;
  const std::string add = BytesOf("add");
  const wasinn_bytes parts[2] = {{add.data(), add.size()}, {"{}", 2}};
  const Graph two(onnx_, nullptr, parts, 2, {}, WASINN_TARGET_CPU);
  EXPECT_STREQ(two.error.message, "onnx: expected one builder, the model, given 2");
}

TEST_F(OnnxTest, AFailedRunKeepsTheEnginesTextAndLeavesTheContextUsable) {
  const Graph graph = Graph::FromPath(onnx_, PathOf("reshape"));
  const Context context(graph);
  RunRecord failed;
  const std::vector<Tensor> five{Floats({5}, {1, 2, 3, 4, 5})};
  context.Start(failed, five);
  EXPECT_EQ(failed.code(), WASINN_RUNTIME_ERROR);
  EXPECT_NE(failed.engine_code(), 0);
  EXPECT_NE(failed.message().find("Reshape"), std::string::npos) << failed.message();
  RunRecord good;
  const std::vector<Tensor> six{Floats({6}, {1, 2, 3, 4, 5, 6})};
  context.Start(good, six);
  EXPECT_EQ(good.output(), Floats({2, 3}, {1, 2, 3, 4, 5, 6})) << good.message();
}

TEST_F(OnnxTest, ProbeScoresContentAboveTheNameOfAFile) {
  const std::string add = BytesOf("add");
  EXPECT_EQ(onnx_.Probe(add, add.size()), 95);
  EXPECT_EQ(onnx_.Probe("nonsense", 8), 0);
  EXPECT_EQ(onnx_.Probe("nonsense", 8, "a/model.onnx"), 30);
  EXPECT_EQ(onnx_.Probe("nonsense", 8, "a/model.gguf"), 0);
}

// ------------------------------------------------------------------ options

TEST_F(OnnxTest, EveryOptionIsTaken) {
  const std::string prefix = ::testing::TempDir() + "onnx_test_profile";
  {
    const Graph graph = Graph::FromPath(onnx_, PathOf("dynamic"),
                                        {{"threads", "1"},
                                         {"inter_op_threads", "2"},
                                         {"optimization", "disabled"},
                                         {"providers", "CPUExecutionProvider"},
                                         {"arena", "false"},
                                         {"free_dim:batch", "2"},
                                         {"profile", prefix},
                                         {"log_level", "error"}});
    ASSERT_NE(graph.get(), nullptr) << graph.error.message;
    EXPECT_EQ(graph.Describe().inputs[0].dims[0], 2);
    const Tensor x = Floats({2, 3, 1}, {1, 2, 3, 4, 5, 6});
    EXPECT_EQ(RunOnce(graph, {x}), std::vector<Tensor>{x});
  }
  int profiles = 0;
  for (const auto& entry : std::filesystem::directory_iterator(::testing::TempDir())) {
    if (!entry.path().string().starts_with(prefix)) continue;
    ++profiles;
    EXPECT_GT(entry.file_size(), 100u);
    std::filesystem::remove(entry.path());
  }
  EXPECT_EQ(profiles, 1);
}

TEST_F(OnnxTest, AnUnknownDimensionIsAnErrorThatListsWhatThereIs) {
  const Graph graph = Graph::FromPath(onnx_, PathOf("dynamic"), {{"free_dim:bach", "2"}});
  EXPECT_EQ(graph.get(), nullptr);
  EXPECT_EQ(graph.error.code, WASINN_INVALID_ARGUMENT);
  EXPECT_STREQ(graph.error.message,
               "onnx: option free_dim: expected the name of a dimension of this model (batch, "
               "width), given 'bach'");
  const Graph none = Graph::FromPath(onnx_, PathOf("add"), {{"free_dim:batch", "2"}});
  EXPECT_NE(std::string(none.error.message).find("it names none"), std::string::npos);
}

TEST_F(OnnxTest, AnUnknownProviderIsAnErrorThatListsWhatThereIs) {
  const Graph graph = Graph::FromPath(onnx_, PathOf("add"), {{"providers", "warp+cpu"}});
  EXPECT_EQ(graph.get(), nullptr);
  EXPECT_EQ(graph.error.code, WASINN_INVALID_ARGUMENT);
  const std::string message = graph.error.message;
  EXPECT_NE(message.find("given 'warp'"), std::string::npos) << message;
  const std::string devices = OnnxBackend()->devices(onnx_.get());
  EXPECT_TRUE((" " + devices + " ").find(" cpu ") != std::string::npos) << devices;
  EXPECT_NE(message.find("cpu"), std::string::npos) << message;
}

TEST_F(OnnxTest, ATargetWithoutAProviderIsAnErrorUnlessAuto) {
  const std::string devices = OnnxBackend()->devices(onnx_.get());
  if (devices != "cpu") GTEST_SKIP() << "this ONNX Runtime has other providers: " << devices;
  for (const wasinn_target target : {WASINN_TARGET_GPU, WASINN_TARGET_TPU}) {
    const Graph graph = Graph::FromPath(onnx_, PathOf("add"), {}, target);
    EXPECT_EQ(graph.get(), nullptr);
    EXPECT_EQ(graph.error.code, WASINN_UNSUPPORTED_OPERATION);
    EXPECT_NE(std::string(graph.error.message).find("given cpu"), std::string::npos)
        << graph.error.message;
  }
  EXPECT_EQ(
      Graph::FromPath(onnx_, PathOf("add"), {{"providers", "cpu"}}, WASINN_TARGET_GPU).error.code,
      WASINN_UNSUPPORTED_OPERATION);
  EXPECT_NE(Graph::FromPath(onnx_, PathOf("add"), {}, WASINN_TARGET_AUTO).get(), nullptr);
}

TEST_F(OnnxTest, WarningsReachTheLogOfTheHostThatLoads) {
  const TestHost other_host;
  const Instance other(OnnxBackend(), other_host);
  const Graph graph = Graph::FromPath(other, PathOf("optional"));
  ASSERT_NE(graph.get(), nullptr);
  // ONNX Runtime warns about an initializer that can be overridden.
  ASSERT_FALSE(other_host.log().empty());
  EXPECT_NE(other_host.log()[0].find("bias"), std::string::npos) << other_host.log()[0];
  EXPECT_TRUE(host_.log().empty());
}

// ------------------------------------------------------------------ cancel and threads

TEST_F(OnnxTest, ARunIsCancelledAndTheNextOneIsNot) {
  const Graph graph = Graph::FromPath(onnx_, PathOf("slow"));
  const Context context(graph);
  const std::vector<Tensor> inputs{Floats({1}, {3})};
  RunRecord run;
  std::thread runner([&] { context.Start(run, inputs); });
  std::this_thread::sleep_for(milliseconds(100));
  context.Cancel(run.number());
  ASSERT_TRUE(run.Wait());
  runner.join();
  EXPECT_EQ(run.code(), WASINN_CANCELLED) << run.message();

  RunRecord early;
  context.Cancel(early.number());
  context.Start(early, inputs);
  EXPECT_EQ(early.code(), WASINN_CANCELLED);

  const Graph quick = Graph::FromPath(onnx_, PathOf("identity_4"));
  const Context other(quick);
  const std::vector<Tensor> four{Floats({4}, {1, 2, 3, 4})};
  for (int i = 0; i < 500; ++i) {
    RunRecord racing;
    std::thread canceller([&] { other.Cancel(racing.number()); });
    other.Start(racing, four);
    canceller.join();
    ASSERT_TRUE(racing.code() == WASINN_OK || racing.code() == WASINN_CANCELLED);
    RunRecord after;
    other.Start(after, four);
    ASSERT_EQ(after.code(), WASINN_OK) << after.message();
  }
}

TEST_F(OnnxTest, ContextsOfOneGraphRunAtOnce) {
  const Graph graph = Graph::FromPath(onnx_, PathOf("add"));
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      const Context context(graph);
      for (int i = 0; i < 200; ++i) {
        const auto value = static_cast<float>(t * 1000 + i);
        const std::vector<Tensor> inputs{Floats({4}, {value, value, value, value}),
                                         Floats({4}, {1, 2, 3, 4})};
        RunRecord run;
        context.Start(run, inputs);
        ASSERT_EQ(run.output(), Floats({4}, {value + 1, value + 2, value + 3, value + 4}));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(OnnxTest, GraphsLoadAtOnceAndInstancesShareTheProcess) {
  const TestHost second_host(1);
  const Instance second(OnnxBackend(), second_host);
  ASSERT_NE(second.get(), nullptr) << second.error.message;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 5; ++i) {
        const Graph graph = Graph::FromPath(t % 2 == 0 ? onnx_ : second, PathOf("multi_io"));
        ASSERT_NE(graph.get(), nullptr) << graph.error.message;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(OnnxInstanceTest, TheEnvironmentCanEndAndComeBack) {
  for (int i = 0; i < 3; ++i) {
    const TestHost host;
    const Instance onnx(OnnxBackend(), host);
    ASSERT_NE(onnx.get(), nullptr) << onnx.error.message;
    const Graph graph = Graph::FromPath(onnx, PathOf("add"));
    EXPECT_NE(graph.get(), nullptr) << graph.error.message;
  }
}

}  // namespace
}  // namespace wasinn::testing
