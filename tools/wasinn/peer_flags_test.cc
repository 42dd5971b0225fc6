#include "peer_flags.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

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

TEST(WasmtimeWasi, QuotesHoldAnyPath) {
  PeerRequests out;
  ASSERT_TRUE(ParseWasmtimeWasi("nn,nn-graph=onnx::\"in/a,b=c::d e\",inherit-env", out));
  ASSERT_EQ(out.models.size(), 1u);
  EXPECT_EQ(out.models[0].path, "in/a,b=c::d e");
  EXPECT_EQ(out.models[0].name, "a,b=c::d e");
  EXPECT_TRUE(out.inherit_env);
}

using Rules = std::vector<std::pair<std::string, std::string>>;

// The rules that a flag's text becomes.
Rules RulesOf(PeerParsed (*parse)(std::string_view, PeerRequests&), std::string_view text) {
  PeerRequests out;
  const auto parsed = parse(text, out);
  EXPECT_TRUE(parsed) << text << ": " << parsed.error();
  EXPECT_TRUE(out.warnings.empty()) << text << ": " << out.warnings.front();
  return out.rules;
}

std::string WhyNot(PeerParsed (*parse)(std::string_view, PeerRequests&), std::string_view text) {
  PeerRequests out;
  const auto parsed = parse(text, out);
  EXPECT_TRUE(out.rules.empty()) << text;
  return parsed ? "taken" : parsed.error();
}

TEST(WasmtimeWasi, TakesWhatIsOnAndWarnsOfTheRest) {
  PeerRequests out;
  ASSERT_TRUE(ParseWasmtimeWasi("cli,nn=y,inherit-env,tcp,cli=n,inherit-stdout", out));
  EXPECT_TRUE(out.inherit_env);
  EXPECT_EQ(out.warnings,
            (std::vector<std::string>{"-S tcp has no effect here", "-S cli=n has no effect here"}));
  ASSERT_TRUE(ParseWasmtimeWasi("inherit-env=n", out));
  EXPECT_FALSE(out.inherit_env);
}

// Guests have no network here, whatever is asked for.
TEST(WasmtimeWasi, NetworkIsNotThere) {
  PeerRequests out;
  ASSERT_TRUE(ParseWasmtimeWasi("http,allow-ip-name-lookup,inherit-network", out));
  EXPECT_EQ(out.warnings, (std::vector<std::string>{
                              "-S http: a guest may import it, but its requests are refused",
                              "-S allow-ip-name-lookup has no effect here",
                              "-S inherit-network has no effect here"}));
}

TEST(WasmtimeWasi, StdinCanBeTakenAway) {
  PeerRequests out;
  ASSERT_TRUE(ParseWasmtimeWasi("inherit-stdin", out));
  EXPECT_FALSE(out.no_stdin);
  ASSERT_TRUE(ParseWasmtimeWasi("inherit-stdin=n", out));
  EXPECT_TRUE(out.no_stdin);
}

TEST(WasmtimeWasi, HandlesAreANumber) {
  EXPECT_EQ(RulesOf(ParseWasmtimeWasi, "max-component-handles=100_000"),
            (Rules{{"max_handles", "100000"}}));
  EXPECT_EQ(WhyNot(ParseWasmtimeWasi, "max-component-handles=0"),
            "-S max-component-handles: expected a number, more than 0, given \"0\"");
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
  const Rules expected = {{"guest_memory", "65536"},
                          {"guest_fuel", "9"},
                          {"run_timeout", "2000ms"},
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

TEST(WasmtimeWasm, TimeoutIsInSecondsUnlessItSaysOtherwise) {
  const std::pair<const char*, const char*> cases[] = {
      {"5", "5000ms"},   {"2s", "2000ms"},     {"100ms", "100ms"}, {"1500us", "2ms"},
      {"1500μs", "2ms"}, {"3000000ns", "3ms"}, {"1ns", "1ms"}};
  for (const auto& [text, milliseconds] : cases) {
    EXPECT_EQ(RulesOf(ParseWasmtimeWasm, std::string("timeout=") + text),
              (Rules{{"run_timeout", milliseconds}}))
        << text;
  }
  for (const std::string text :
       {"0", "0s", "1.5s", "1m", "-1", "s", "5 s", "99999999999999999999"}) {
    EXPECT_EQ(
        WhyNot(ParseWasmtimeWasm, "timeout=" + text),
        "-W timeout: expected seconds, or a whole number of s, ms, us or ns, more than 0, given "
        "\"" +
            text + "\"");
  }
}

TEST(WasmtimeWasm, MemoryIsInBytesAndNumbersAreWasmtimes) {
  EXPECT_EQ(RulesOf(ParseWasmtimeWasm, "max-memory-size=0x10000"),
            (Rules{{"guest_memory", "65536"}}));
  EXPECT_EQ(RulesOf(ParseWasmtimeWasm, "fuel=1_000_000"), (Rules{{"guest_fuel", "1000000"}}));
  // Without this a limit of nothing would be no limit.
  EXPECT_EQ(WhyNot(ParseWasmtimeWasm, "fuel=0"),
            "-W fuel: expected a number, more than 0, given \"0\"");
  EXPECT_EQ(WhyNot(ParseWasmtimeWasm, "max-memory-size=64MiB"),
            "-W max-memory-size: expected a number of bytes, more than 0, given \"64MiB\"");
}

TEST(WasmtimeWasm, AKeyThatWasmtimeDoesNotHaveIsAMistake) {
  EXPECT_EQ(WhyNot(ParseWasmtimeWasm, "timout=5"),
            "-W: expected an option that Wasmtime has, given \"timout\" (did you mean timeout?)");
  EXPECT_EQ(WhyNot(ParseWasmtimeWasi, "inherit-envs"),
            "-S: expected an option that Wasmtime has, given \"inherit-envs\" (did you mean "
            "inherit-env?)");
  PeerRequests out;
  EXPECT_FALSE(ParseWasmtimeOther('O', "cache=n", out));
  EXPECT_TRUE(ParseWasmtimeOther('C', "cranelift-opt_level=speed", out));
}

TEST(WasmEdgeLimits, HaveTheirUnits) {
  EXPECT_EQ(RulesOf(ParseTimeLimit, "1500"), (Rules{{"run_timeout", "1500ms"}}));
  EXPECT_EQ(RulesOf(ParseTimeLimit, "0"), (Rules{{"run_timeout", "0ms"}}));
  EXPECT_EQ(RulesOf(ParseGasLimit, "20"), (Rules{{"guest_fuel", "20"}}));
  EXPECT_EQ(RulesOf(ParseMemoryPageLimit, "16"), (Rules{{"guest_memory", "1048576"}}));
  EXPECT_EQ(WhyNot(ParseTimeLimit, "2s"), "--time-limit: expected milliseconds, given \"2s\"");
  EXPECT_EQ(WhyNot(ParseGasLimit, "0"), "--gas-limit: expected a number, more than 0, given \"0\"");
  EXPECT_EQ(WhyNot(ParseMemoryPageLimit, "1MiB"),
            "--memory-page-limit: expected pages of 64 KiB, more than 0, given \"1MiB\"");
  EXPECT_NE(WhyNot(ParseMemoryPageLimit, "18446744073709551615"), "taken");
}

TEST(WamrVerbosity, IsALogLevel) {
  const std::pair<const char*, const char*> cases[] = {{"-v=0", "--log-level=off"},
                                                       {"-v=1", "--log-level=error"},
                                                       {"-v=2", "--log-level=warn"},
                                                       {"-v=3", "--log-level=debug"},
                                                       {"-v=5", "--log-level=debug"}};
  for (const auto& [word, level] : cases) EXPECT_EQ(LogLevelOfWamr(word), level) << word;
  for (const char* word : {"-v", "-vv", "--v=1", "v=1"}) {
    EXPECT_FALSE(LogLevelOfWamr(word)) << word;
  }
}

TEST(FlagsOfPeers, WhatIsLostIsSaid) {
  const auto warning = [](std::string_view name) -> std::optional<std::string> {
    for (const PeerFlag& flag : FlagsWithoutEffect()) {
      if (flag.name == name) return WarningOf(flag);
    }
    return "no such flag";
  };
  EXPECT_EQ(warning("--enable-tail-call"), std::nullopt);
  EXPECT_EQ(
      warning("--heap-size"),
      "--heap-size has no effect here: a guest brings its own heap; --memory limits all of it");
  EXPECT_EQ(warning("--addr-pool"), "--addr-pool has no effect here: guests have no network");
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

TEST(WamrStack, IsTheRuleOfTheStack) {
  PeerRequests requests;
  ASSERT_TRUE(ParseStackSize("65536", requests));
  // Less than compiled code can do with.
  ASSERT_TRUE(ParseStackSize("8192", requests));
  EXPECT_EQ(requests.rules, (Rules{{"guest_stack", "65536"}, {"guest_stack", "16384"}}));
  for (const char* text : {"", "0", "64KiB", "-1"}) {
    EXPECT_FALSE(ParseStackSize(text, requests)) << text;
  }
}

TEST(WasmEdgeProposals, AreSwitchedOffOrRefused) {
  PeerRequests requests;
  ASSERT_TRUE(ParseWasmtimeWasm("simd=y", requests));
  const auto off = [&](std::string_view name) {
    const auto flags = FlagsOfProposals();
    const auto flag = std::ranges::find(flags, name, &ProposalFlag::name);
    return flag == flags.end() ? PeerParsed(std::unexpected("no such flag"))
                               : SwitchOff(*flag, requests);
  };
  ASSERT_TRUE(off("--disable-simd"));
  EXPECT_EQ(requests.features, "simd=y,simd=n,relaxed-simd=n");
  const auto always = off("--disable-sign-extension-operators");
  ASSERT_FALSE(always);
  EXPECT_NE(always.error().find("--disable-sign-extension-operators"), std::string::npos);
  EXPECT_EQ(requests.features, "simd=y,simd=n,relaxed-simd=n");
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

TEST(Dirs, QuotesHoldAnyPath) {
  ExpectDir("a,b=c ü", {"a,b=c ü", "a,b=c ü", false});
  ExpectDir("\"a::b\"", {"a::b", "a::b", false});
  ExpectDir("\"a::b\"::/in::ro", {"a::b", "/in", true});
  ExpectDir("/in:\"a:b\"", {"a:b", "/in", false});
  const auto dir = ParseMapDir("/in::\"a::b\"");
  ASSERT_TRUE(dir);
  EXPECT_EQ(dir->host, "a::b");
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
