#include <gtest/gtest.h>

#include "support/core.h"

namespace wasinn {
namespace {

using testing::Core;
using testing::TempDir;

std::string SpecError(std::string_view spec) {
  const auto parsed = ParseModelSpec(spec);
  if (parsed) return "";
  EXPECT_EQ(parsed.error().code, Code::kInvalidArgument);
  return parsed.error().message;
}

TEST(ModelSpecTest, ReadsEveryProperty) {
  const auto config = ParseModelSpec(
      "m=dir/a=b.onnx,backend=onnx,target=GPU,encoding=onnx,load=start,threads=2,free_dim:n=4=4");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->name, "m");
  EXPECT_EQ(config->path, "dir/a=b.onnx");
  EXPECT_EQ(config->backend, "onnx");
  EXPECT_EQ(config->target, Target::kGpu);
  EXPECT_EQ(config->encoding, Encoding::kOnnx);
  EXPECT_TRUE(config->load_at_start);
  EXPECT_EQ(config->options, (Options{{"threads", "2"}, {"free_dim:n", "4=4"}}));
}

TEST(ModelSpecTest, Defaults) {
  const auto config = ParseModelSpec("m=p,load=lazy");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->backend, "");
  EXPECT_EQ(config->encoding, Encoding::kAutodetect);
  EXPECT_EQ(config->target, Target::kCpu);
  EXPECT_FALSE(config->load_at_start);
}

TEST(ModelSpecTest, APathMayHaveAnyCharacter) {
  const auto path = [](std::string_view spec) {
    const auto config = ParseModelSpec(spec);
    EXPECT_TRUE(config) << config.error().message;
    return config ? config->path : "";
  };
  EXPECT_EQ(path("m=a,b/m.onnx"), "a,b/m.onnx");
  EXPECT_EQ(path("m=a,b/m.onnx,backend=onnx"), "a,b/m.onnx");
  EXPECT_EQ(path("m=,a,,b,"), ",a,,b,");
  EXPECT_EQ(path("m=a,/b=c,d e=f"), "a,/b=c,d e=f");
  EXPECT_EQ(path("m=k=v/ünï cødé: 1.onnx,load=lazy"), "k=v/ünï cødé: 1.onnx");
  EXPECT_EQ(path("m=a\"b\".onnx"), "a\"b\".onnx");
  EXPECT_EQ(path("m=\"a,b=c/m.onnx\""), "a,b=c/m.onnx");
  EXPECT_EQ(path("m=\"a,b=c \"\"1\"\"\",load=lazy"), "a,b=c \"1\"");
  EXPECT_EQ(path("m=\"\"\"a\"\".onnx\""), "\"a\".onnx");
}

TEST(ModelSpecTest, AValueMayHaveAnyCharacter) {
  const auto config =
      ParseModelSpec("m=p,draft=a,b.gguf,free_dim:batch size=4,x=,lora:p=\"c,d=e.gguf\",y=1,2");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->options, (Options{{"draft", "a,b.gguf"},
                                      {"free_dim:batch size", "4"},
                                      {"x", ""},
                                      {"lora:p", "c,d=e.gguf"},
                                      {"y", "1,2"}}));
}

TEST(ModelSpecTest, BadSpecsSayWhatWasExpected) {
  for (const char* spec : {"", "m", "=p", "m="}) {
    EXPECT_EQ(SpecError(spec), fmt::format("model: expected NAME=PATH[,backend=..][,target=..]"
                                           "[,option=value..], given '{}'",
                                           spec));
  }
  EXPECT_EQ(SpecError("m=,backend=echo"), "model 'm': expected a path after NAME=, given none");
  EXPECT_EQ(SpecError("m=\"p\",fast"),
            "model 'm': expected NAME=VALUE after a comma, given 'fast'");
  EXPECT_EQ(SpecError("m=\"p\",=1"), "model 'm': expected NAME=VALUE after a comma, given '=1'");
  for (const char* spec : {"m=\"p", "m=\"p\"q", "m=\"p\"\"", "m=\"", "m=\"p\"\"\"q,x=1"}) {
    EXPECT_EQ(SpecError(spec),
              fmt::format("model 'm': expected a closing quote, and then a comma or the end, "
                          "given '{}'",
                          spec + 2));
  }
  EXPECT_EQ(SpecError("m=p,target=npu"),
            "model 'm': target: expected cpu, gpu, tpu or auto, given 'npu'");
  EXPECT_EQ(SpecError("m=p,load=now"), "model 'm': load: expected start or lazy, given 'now'");
  EXPECT_NE(SpecError("m=p,encoding=coreml").find("encoding: expected one of openvino, onnx"),
            std::string::npos);
}

// Name -> path below `dir` of what AddDir registers.
std::map<std::string, std::string> Listed(Core& core, const std::string& dir) {
  std::map<std::string, std::string> found;
  for (const auto& listed : core.models.List()) {
    found[listed.config.name] = std::filesystem::relative(listed.config.path, dir).string();
  }
  return found;
}

TEST(ModelDirTest, FilesAndTheLayoutsOfWasmtimeAndTriton) {
  const TempDir dir;
  dir.Write("plain.onnx", "a");
  dir.Write("plain.onnx.data", "side file");
  dir.Write(".hidden.onnx", "x");
  dir.Write("wasmtime/model.onnx", "b");
  dir.Write("openvino/model.xml", "c");
  dir.Write("openvino/model.bin", "weights");
  dir.Write("triton/config.pbtxt", "");
  dir.Write("triton/1/model.onnx", "d");
  dir.Write("triton/2/model.onnx", "e");
  dir.Write("triton/10/model.onnx", "f");
  dir.Write("zeros/007/model.onnx", "g");
  dir.Write("folder_format/saved_model.pb", "h");
  dir.Write("folder_version/3/saved_model.pb", "i");
  Core core;
  const auto added = core.models.AddDir(dir.path(), Encoding::kOnnx);
  ASSERT_TRUE(added) << added.error().message;
  const std::map<std::string, std::string> expected = {
      {"plain", "plain.onnx"},
      {"wasmtime", "wasmtime/model.onnx"},
      {"openvino", "openvino/model.xml"},
      {"triton", "triton/10/model.onnx"},
      {"zeros", "zeros/007/model.onnx"},
      {"folder_format", "folder_format"},
      {"folder_version", "folder_version/3"},
  };
  EXPECT_EQ(Listed(core, dir.path()), expected);
  EXPECT_EQ(core.models.List()[0].config.encoding, Encoding::kOnnx);
}

TEST(ModelDirTest, BadFolders) {
  const TempDir dir;
  Core core;
  const auto missing = core.models.AddDir(dir.path("none"), Encoding::kAutodetect);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::kNotFound);
  const auto file = core.models.AddDir(dir.Write("f", "x"), Encoding::kAutodetect);
  ASSERT_FALSE(file);
  EXPECT_NE(file.error().message.find("which is a file"), std::string::npos);
  const TempDir twice;
  twice.Write("m.onnx", "1");
  twice.Write("m.gguf", "2");
  const auto same = core.models.AddDir(twice.path(), Encoding::kAutodetect);
  ASSERT_FALSE(same);
  EXPECT_NE(same.error().message.find("expected a new one, given 'm' again"), std::string::npos);
}

}  // namespace
}  // namespace wasinn
