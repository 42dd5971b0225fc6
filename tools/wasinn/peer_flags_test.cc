#include "peer_flags.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "support/temp_dir.h"

namespace wasinn::cli {
namespace {

TEST(WasmtimeWasi, NamesTheGraphByTheFoldersLastPart) {
  for (const char* text : {"nn-graph=onnx::models/yolo", "nn,nn-graph=ONNX::models/yolo/",
                           "nn-graph=onnx::models/x/../yolo/."}) {
    PeerRequests out;
    ASSERT_TRUE(ParseWasmtimeWasi(text, out)) << text;
    ASSERT_EQ(out.models.size(), 1u);
    EXPECT_EQ(out.models[0].name, "yolo");
    EXPECT_EQ(out.models[0].encoding, "onnx");
    EXPECT_EQ(out.models[0].target, WASINN_TARGET_CPU);
    EXPECT_TRUE(out.warnings.empty());
  }
}

TEST(WasmtimeWasi, TakesWhatIsOnAndWarnsOfTheRest) {
  PeerRequests out;
  ASSERT_TRUE(ParseWasmtimeWasi("cli,nn=y,inherit-env,tcp,cli=n", out));
  EXPECT_TRUE(out.inherit_env);
  EXPECT_EQ(out.warnings,
            (std::vector<std::string>{"-S tcp has no effect here", "-S cli=n has no effect here"}));
  ASSERT_TRUE(ParseWasmtimeWasi("inherit-env=n", out));
  EXPECT_FALSE(out.inherit_env);
}

TEST(WasmtimeWasi, RefusesWhatWasmtimeRefuses) {
  PeerRequests out;
  EXPECT_EQ(ParseWasmtimeWasi("nn-graph=onnx:models", out).error(),
            "-S nn-graph: expected ENCODING::DIR, given \"onnx:models\"");
  EXPECT_EQ(ParseWasmtimeWasi("inherit-env=maybe", out).error(),
            "-S: expected inherit-env=y or inherit-env=n, given \"inherit-env=maybe\"");
}

TEST(WasmtimeWasm, LimitsBecomeRules) {
  PeerRequests out;
  ASSERT_TRUE(ParseWasmtimeWasm(
      "max-memory-size=65536,fuel=9,timeout=2s,max-wasm-stack=4096,wmemcheck=n", out));
  const std::vector<std::pair<std::string, std::string>> expected = {{"guest_memory", "65536"},
                                                                     {"guest_fuel", "9"},
                                                                     {"run_timeout", "2s"},
                                                                     {"guest_stack", "4096"}};
  EXPECT_EQ(out.rules, expected);
  EXPECT_EQ(out.warnings, std::vector<std::string>{"-W wmemcheck=n has no effect here"});
  EXPECT_EQ(ParseWasmtimeWasm("fuel", out).error(), "-W: expected fuel=VALUE, given \"fuel\"");
}

TEST(WasmtimeWasm, ProposalsBecomeFeatures) {
  PeerRequests out;
  ASSERT_TRUE(ParseWasmtimeWasm("gc,simd=no,wide-arithmetic=true", out));
  ASSERT_TRUE(ParseWasmtimeWasm("gc=n", out));
  EXPECT_EQ(out.features, "gc=y,simd=n,wide-arithmetic=y,gc=n");
  EXPECT_TRUE(out.warnings.empty());
  EXPECT_EQ(ParseWasmtimeWasm("gc=maybe", out).error(),
            "-W: expected gc=y or gc=n, given \"gc=maybe\"");
  ASSERT_TRUE(ParseWasmtimeWasm("shared-memory", out));
  EXPECT_EQ(out.warnings, std::vector<std::string>{"-W shared-memory has no effect here"});
}

TEST(WasmtimeOther, OnlyTheCacheMatters) {
  PeerRequests out;
  ASSERT_TRUE(ParseWasmtimeOther('C', "cache=n", out));
  EXPECT_TRUE(out.no_cache);
  ASSERT_TRUE(ParseWasmtimeOther('O', "opt-level=2", out));
  EXPECT_EQ(out.warnings, std::vector<std::string>{"-O opt-level=2 has no effect here"});
}

TEST(WasmEdgePreload, TakesFourFieldsAndColonsInThePath) {
  PeerRequests out;
  ASSERT_TRUE(ParseWasmEdgePreload("default:GGML:AUTO:a:b.gguf", out));
  ASSERT_EQ(out.models.size(), 1u);
  EXPECT_EQ(out.models[0].name, "default");
  EXPECT_EQ(out.models[0].encoding, "ggml");
  EXPECT_EQ(out.models[0].target, WASINN_TARGET_AUTO);
  EXPECT_EQ(out.models[0].path, "a:b.gguf");
  EXPECT_TRUE(out.models[0].may_be_missing);
  EXPECT_FALSE(ParseWasmEdgePreload("default:GGML:AUTO", out));
  EXPECT_FALSE(ParseWasmEdgePreload("default:GGML:AUTO:", out));
  EXPECT_EQ(ParseWasmEdgePreload("m:ONNX:NPU:x.onnx", out).error(),
            "--nn-preload: expected the target CPU, GPU, TPU or AUTO, given \"NPU\"");
}

TEST(WasmEdgePreload, AutodetectIsNoEncoding) {
  PeerRequests out;
  ASSERT_TRUE(ParseWasmEdgePreload("m:Autodetect:CPU:x.onnx", out));
  EXPECT_EQ(out.models[0].encoding, "");
}

TEST(WamrGraph, TakesBothForms) {
  PeerRequests named;
  ASSERT_TRUE(ParseWamrGraph("m:onnx:cpu:models/x.onnx", named));
  ASSERT_EQ(named.models.size(), 1u);
  EXPECT_EQ(named.models[0].name, "m");
  EXPECT_EQ(named.models[0].path, "models/x.onnx");

  PeerRequests unnamed;
  ASSERT_TRUE(ParseWamrGraph("tensorflowlite:gpu:models/x.tflite", unnamed));
  ASSERT_EQ(unnamed.models.size(), 2u);
  EXPECT_EQ(unnamed.models[0].name, "x");
  EXPECT_EQ(unnamed.models[1].name, "models/x.tflite");
  EXPECT_EQ(unnamed.models[1].encoding, "tensorflowlite");
  EXPECT_EQ(unnamed.models[1].target, WASINN_TARGET_GPU);

  EXPECT_FALSE(ParseWamrGraph("onnx:npu:x.onnx", unnamed));
  EXPECT_FALSE(ParseWamrGraph("x.onnx", unnamed));
}

void ExpectDir(std::string_view text, const Dir& expected) {
  SCOPED_TRACE(text);
  const auto dir = ParseDir(text);
  ASSERT_TRUE(dir) << dir.error();
  EXPECT_EQ(dir->host, expected.host);
  EXPECT_EQ(dir->guest, expected.guest);
  EXPECT_EQ(dir->read_only, expected.read_only);
}

TEST(Dirs, OursAndWasmtimes) {
  ExpectDir("data", {"data", "data", false});
  ExpectDir("data::/in", {"data", "/in", false});
  ExpectDir("data::/in::ro", {"data", "/in", true});
  ExpectDir("data::ro", {"data", "data", true});
  for (const char* text : {"", "::", "data::", "::in", "a::b::c", "a::b::c::ro"}) {
    EXPECT_FALSE(ParseDir(text)) << text;
  }
}

TEST(Dirs, WasmEdgesOrderIsTheOtherWayRound) {
  ExpectDir("/in:data", {"data", "/in", false});
  ExpectDir(".:.", {".", ".", false});
  ExpectDir("/in:data:readonly", {"data", "/in", true});
  EXPECT_FALSE(ParseDir("/in:data:rw"));
  EXPECT_FALSE(ParseDir(":data"));
}

TEST(Dirs, AFolderWithAColonInItsNameIsTakenAsItIs) {
  const wasinn::testing::TempDir dir;
  const std::string folder = dir.path("a:folder");
  std::filesystem::create_directory(folder);
  ExpectDir(folder, {folder, folder, false});
}

TEST(Dirs, WamrsMapDir) {
  const auto dir = ParseMapDir("/in::data");
  ASSERT_TRUE(dir);
  EXPECT_EQ(dir->host, "data");
  EXPECT_EQ(dir->guest, "/in");
  EXPECT_EQ(ParseMapDir("/in").error(), "--map-dir: expected GUEST::HOST, given \"/in\"");
}

}  // namespace
}  // namespace wasinn::cli
