#include "capi/config.h"

#include <gtest/gtest.h>

#include "support/core.h"

namespace wasinn {
namespace {

std::string Why(std::string_view text) {
  const auto config = ParseConfig(text, "wasinn.toml", "dir");
  if (config) return "";
  EXPECT_EQ(config.error().code, Code::kInvalidArgument);
  return config.error().message;
}

TEST(ConfigTest, ReadsModelsFoldersAndPolicy) {
  const auto config = ParseConfig(
      "model_dirs = ['models', '/abs']\n"
      "[models.magika]\n"
      "path = 'm/model.onnx'\nbackend = 'onnx'\ntarget = 'auto'\nload = 'start'\n"
      "threads = 2\narena = false\nscale = 0.5\n"
      "[models.'with space']\npath = '/abs/x'\n"
      "[policy]\nmodels = ['a', 'b']\nmax_tensor_bytes = '64MiB'\nmax_graphs = 3\nload_bytes = "
      "false\n"
      "[compat]\nzero_length_output = true\ntensor_types = 'old'\n",
      "wasinn.toml", "dir");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->model_dirs, (std::vector<std::string>{"dir/models", "/abs"}));
  ASSERT_EQ(config->models.size(), 2u);
  const ModelConfig& model = config->models[0];
  EXPECT_EQ(model.name, "magika");
  EXPECT_EQ(model.path, "dir/m/model.onnx");
  EXPECT_EQ(model.backend, "onnx");
  EXPECT_EQ(model.target, Target::kAuto);
  EXPECT_TRUE(model.load_at_start);
  EXPECT_EQ(model.options, (Options{{"threads", "2"}, {"arena", "false"}, {"scale", "0.5"}}));
  EXPECT_EQ(config->models[1].path, "/abs/x");
  Policy policy;
  for (const auto& [rule, value] : config->policy) EXPECT_TRUE(policy.Set(rule, value)) << rule;
  EXPECT_TRUE(policy.GrantsModel("b"));
  EXPECT_FALSE(policy.GrantsModel("c"));
  EXPECT_EQ(policy.max_tensor_bytes, 64u << 20);
  EXPECT_EQ(policy.load_bytes, 0u);
  EXPECT_EQ(policy.compat.zero_length_output, ZeroLengthOutput::kOn);
  EXPECT_EQ(policy.compat.tensor_types, TensorTypes::kOld);
}

TEST(ConfigTest, FaultsNameTheLine) {
  EXPECT_EQ(Why("\nmodel_dir = []"),
            "wasinn.toml:2: unknown key 'model_dir' (did you mean "
            "model_dirs?)");
  EXPECT_EQ(Why("model_dirs = 'x'"), "wasinn.toml:1: model_dirs: expected a list of texts");
  EXPECT_EQ(Why("model_dirs = [\n1]"), "wasinn.toml:2: model_dirs: expected a list of texts");
  EXPECT_EQ(Why("[models]\nm = 1"), "wasinn.toml:2: models.m: expected a table, given a value");
  EXPECT_EQ(Why("[models.m]\nbackend = 'onnx'"),
            "wasinn.toml:1: models.m: expected a path, given none");
  EXPECT_EQ(Why("[models.m]\npath = 'p'\ntarget = 'npu'"),
            "wasinn.toml:3: model 'm': target: expected cpu, gpu, tpu or auto, given 'npu'");
  EXPECT_EQ(Why("[models.m]\npath = ['p']"),
            "wasinn.toml:2: models.m.path: expected text, a number or a flag");
  EXPECT_EQ(Why("[policy]\nmax_graphs = 'x'"),
            "wasinn.toml:2: policy rule max_graphs: expected a number, given 'x'");
  EXPECT_EQ(Why("[policy]\nmax_graph = 1"),
            "wasinn.toml:2: no policy rule named 'max_graph' (did you mean max_graphs, "
            "max_graph_bytes?)");
  EXPECT_EQ(
      Why("[compat]\ntensor_types = 'odd'"),
      "wasinn.toml:2: compatibility switch tensor_types: expected auto, new, old, given 'odd'");
  EXPECT_EQ(Why("[compat]\ntensor_type = 'old'"),
            "wasinn.toml:2: no compatibility switch named 'tensor_type' (did you mean "
            "tensor_types?)");
  EXPECT_EQ(Why("[compat]\ntensor_types = ['old']"),
            "wasinn.toml:2: compat.tensor_types: expected a value");
  EXPECT_EQ(Why("[compat]\ntensor_types = 'old,zero_length_output'"),
            "wasinn.toml:2: compat.tensor_types: expected a switch and a value, given "
            "'old,zero_length_output'");
  EXPECT_EQ(Why("\n\n[models").find("wasinn.toml:3: "), 0u);
  EXPECT_EQ(Why("policy = 1").find("wasinn.toml:1: "), 0u);
}

// toml++ met undefined behaviour here, which the sanitizers see.
TEST(ConfigTest, WhatTheParserTakesForImpossibleIsAFault) {
  for (const std::string_view text :
       {",\u045e=b", "\u00e9 = 1", "[models.\u03b1]", "a = \u3042", "[\x11odels.a]"}) {
    EXPECT_TRUE(Why(text).starts_with("wasinn.toml:1: ")) << text << ": " << Why(text);
  }
  EXPECT_EQ(Why("model_dirs = ['\u045e\u00e9\u3042'] # \u03b1"), "");
}

TEST(ConfigTest, EmptyIsGood) {
  const auto config = ParseConfig("", "f", "");
  ASSERT_TRUE(config);
  EXPECT_TRUE(config->models.empty());
}

TEST(ConfigTest, LoadRegistersWithPathsFromTheFilesFolder) {
  const testing::TempDir dir;
  dir.Write("m/model.echo", "wasinn-echo");
  dir.Write("more/extra.echo", "wasinn-echo");
  const std::string path = dir.Write(
      "wasinn.toml",
      "model_dirs = ['more']\n[models.m]\npath = 'm/model.echo'\n[policy]\nmax_graphs = 3");
  const wasinn_engine_options options = WASINN_ENGINE_OPTIONS_INIT;
  auto engine = Engine::Create(options);
  ASSERT_TRUE(engine);
  Policy policy;
  const auto loaded = LoadConfig(**engine, path, &policy);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(policy.max_graphs, 3u);
  EXPECT_TRUE((*engine)->models().Get("m"));
  EXPECT_TRUE((*engine)->models().Get("extra"));
  EXPECT_EQ(LoadConfig(**engine, dir.path("none"), nullptr).error().code, Code::kNotFound);
}

}  // namespace
}  // namespace wasinn
