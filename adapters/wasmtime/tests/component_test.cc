// Components: every snapshot of wasi:nn, on its own and together, and what stops a component.
#include <array>

#include "guest_runner.h"

namespace wasinn {
namespace {

constexpr std::array kSnapshots = {"0.2.0-rc-2024-10-28", "0.2.0-rc-2024-08-19",
                                   "0.2.0-rc-2024-06-25"};

bool IsOld(std::string_view snapshot) { return snapshot != kSnapshots[0]; }

std::string Replace(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

// Imports of one snapshot and their lowering. Names end in the suffix, so that one component can
// hold several.
std::string Imports(std::string_view snapshot, std::string_view suffix) {
  std::string text = R"(
  (import "wasi:nn/tensor@SNAPSHOT" (instance $tensor_S
    (export "tensor" (type $t (sub resource)))
    (type $ty (enum "FP16" "FP32" "FP64" "BF16" "U8" "I32" "I64"))
    (export "tensor-type" (type $type (eq $ty)))
    (export "[constructor]tensor" (func (param "dimensions" (list u32)) (param "ty" $type)
      (param "data" (list u8)) (result (own $t))))
    (export "[method]tensor.dimensions"
      (func (param "self" (borrow $t)) (result (list u32))))
    (export "[method]tensor.ty" (func (param "self" (borrow $t)) (result $type)))
    (export "[method]tensor.data" (func (param "self" (borrow $t)) (result (list u8))))))
  (alias export $tensor_S "tensor" (type $t_S))
  (import "wasi:nn/errors@SNAPSHOT" (instance $errors_S
    (export "error" (type $e (sub resource)))
    (type $codes (enum "invalid-argument" "invalid-encoding" "timeout" "runtime-error"
      "unsupported-operation" "too-large" "not-found" "security" "unknown"))
    (export "error-code" (type $code (eq $codes)))
    (export "[method]error.code" (func (param "self" (borrow $e)) (result $code)))
    (export "[method]error.data" (func (param "self" (borrow $e)) (result string)))))
  (alias export $errors_S "error" (type $e_S))
  (import "wasi:nn/inference@SNAPSHOT" (instance $inference_S
    (alias outer 1 $t_S (type $t))
    (alias outer 1 $e_S (type $e))
    (export "graph-execution-context" (type $c (sub resource)))
    COMPUTE))
  (alias export $inference_S "graph-execution-context" (type $c_S))
  (import "wasi:nn/graph@SNAPSHOT" (instance $graph_S
    (alias outer 1 $c_S (type $c))
    (alias outer 1 $e_S (type $e))
    (export "graph" (type $g (sub resource)))
    (export "[method]graph.init-execution-context"
      (func (param "self" (borrow $g)) (result (result (own $c) (error (own $e))))))
    (export "load-by-name"
      (func (param "name" string) (result (result (own $g) (error (own $e))))))))
  (alias export $graph_S "graph" (type $g_S))
  (alias export $tensor_S "[constructor]tensor" (func $new_S))
  (core func $new_S (canon lower (func $new_S) ABI))
  (alias export $tensor_S "[method]tensor.dimensions" (func $dims_S))
  (core func $dims_S (canon lower (func $dims_S) ABI))
  (alias export $tensor_S "[method]tensor.ty" (func $type_S))
  (core func $type_S (canon lower (func $type_S)))
  (alias export $tensor_S "[method]tensor.data" (func $data_S))
  (core func $data_S (canon lower (func $data_S) ABI))
  (alias export $errors_S "[method]error.code" (func $code_S))
  (core func $code_S (canon lower (func $code_S)))
  (alias export $errors_S "[method]error.data" (func $text_S))
  (core func $text_S (canon lower (func $text_S) ABI))
  (alias export $graph_S "load-by-name" (func $load_S))
  (core func $load_S (canon lower (func $load_S) ABI))
  (alias export $graph_S "[method]graph.init-execution-context" (func $init_S))
  (core func $init_S (canon lower (func $init_S) ABI))
  (core func $drop_S (canon resource.drop $t_S))
  LOWER
  (core instance $nn_S
    (export "new" (func $new_S)) (export "dims" (func $dims_S))
    (export "type" (func $type_S)) (export "data" (func $data_S))
    (export "code" (func $code_S)) (export "text" (func $text_S))
    (export "load" (func $load_S)) (export "init" (func $init_S))
    (export "drop" (func $drop_S)) EXPORT)
)";
  constexpr std::string_view kMethod = "[method]graph-execution-context.";
  if (IsOld(snapshot)) {
    text = Replace(text, "COMPUTE", R"(
    (export "METHODset-input" (func (param "self" (borrow $c)) (param "name" string)
      (param "tensor" (own $t)) (result (result (error (own $e))))))
    (export "METHODcompute" (func (param "self" (borrow $c))
      (result (result (error (own $e))))))
    (export "METHODget-output" (func (param "self" (borrow $c)) (param "name" string)
      (result (result (own $t) (error (own $e))))))
    )");
    text = Replace(text, "LOWER", R"(
  (alias export $inference_S "METHODset-input" (func $set_S))
  (core func $set_S (canon lower (func $set_S) ABI))
  (alias export $inference_S "METHODcompute" (func $compute_S))
  (core func $compute_S (canon lower (func $compute_S) ABI))
  (alias export $inference_S "METHODget-output" (func $get_S))
  (core func $get_S (canon lower (func $get_S) ABI)))");
    text = Replace(text, "EXPORT", R"((export "set" (func $set_S))
    (export "compute" (func $compute_S)) (export "get" (func $get_S)))");
  } else {
    text = Replace(text, "COMPUTE", R"(
    (export "METHODcompute" (func (param "self" (borrow $c))
      (param "inputs" (list (tuple string (own $t))))
      (result (result (list (tuple string (own $t))) (error (own $e)))))))");
    text = Replace(text, "LOWER",
                   R"((alias export $inference_S "METHODcompute" (func $compute_S))
  (core func $compute_S (canon lower (func $compute_S) ABI)))");
    text = Replace(text, "EXPORT", R"((export "compute" (func $compute_S)))");
  }
  text = Replace(text, "METHOD", kMethod);
  text = Replace(text, "ABI", "(memory $memory) (realloc $realloc)");
  text = Replace(text, "SNAPSHOT", snapshot);
  return Replace(text, "_S", "_" + std::string(suffix));
}

// A core module on one snapshot whose export `run` is `body`: 0 for success. $compute there takes a
// context and a tensor and gives the first output, or traps.
std::string Main(std::string_view snapshot, std::string_view suffix, std::string_view body) {
  std::string text = R"(
  (core module $main_S
    (import "libc" "memory" (memory 1))
    (import "nn" "new" (func $new (param i32 i32 i32 i32 i32) (result i32)))
    (import "nn" "dims" (func $dims (param i32 i32)))
    (import "nn" "type" (func $type (param i32) (result i32)))
    (import "nn" "data" (func $data (param i32 i32)))
    (import "nn" "drop" (func $drop (param i32)))
    (import "nn" "code" (func $code (param i32) (result i32)))
    (import "nn" "text" (func $text (param i32 i32)))
    (import "nn" "load" (func $load (param i32 i32 i32)))
    (import "nn" "init" (func $init (param i32 i32)))
    COMPUTE
    (data (i32.const 16) "echo")
    (data (i32.const 20) "slow")
    (data (i32.const 24) "none")
    (data (i32.const 28) "0")
    (data (i32.const 60) "\04\00\00\00")
    (data (i32.const 96) "\01\02\03\04")
    (func $expect (param i32 i32)
      (if (i32.ne (local.get 0) (local.get 1)) (then unreachable)))
    ;; The payload of a result at 0 that is not an error.
    (func $ok (result i32)
      (call $expect (i32.load8_u (i32.const 0)) (i32.const 0))
      (i32.load (i32.const 4)))
    (func $tensor (result i32)
      (call $new (i32.const 60) (i32.const 1) (i32.const 4) (i32.const 96) (i32.const 4)))
    (func $open (param $name i32) (result i32)
      (call $load (local.get $name) (i32.const 4) (i32.const 0))
      (call $init (call $ok) (i32.const 0))
      (call $ok))
    (func (export "run") (result i32) BODY (i32.const 0)))
  (core instance $main_S
    (instantiate $main_S (with "libc" (instance $libc)) (with "nn" (instance $nn_S))))
)";
  text = Replace(text, "COMPUTE",
                 IsOld(snapshot) ? R"(
    (import "nn" "set" (func $set_input (param i32 i32 i32 i32 i32)))
    (import "nn" "compute" (func $run_compute (param i32 i32)))
    (import "nn" "get" (func $get_output (param i32 i32 i32 i32)))
    (func $compute (param $context i32) (param $tensor i32) (result i32)
      (call $set_input (local.get $context) (i32.const 28) (i32.const 1) (local.get $tensor)
                       (i32.const 0))
      (drop (call $ok))
      (call $run_compute (local.get $context) (i32.const 0))
      (drop (call $ok))
      (call $get_output (local.get $context) (i32.const 28) (i32.const 1) (i32.const 0))
      (call $ok)))"
                                 : R"(
    (import "nn" "compute" (func $run_compute (param i32 i32 i32 i32)))
    (func $compute (param $context i32) (param $tensor i32) (result i32)
      (i32.store (i32.const 200) (i32.const 28))
      (i32.store (i32.const 204) (i32.const 1))
      (i32.store (i32.const 208) (local.get $tensor))
      (call $run_compute (local.get $context) (i32.const 200) (i32.const 1) (i32.const 0))
      (drop (call $ok))
      (call $expect (i32.load (i32.const 8)) (i32.const 1))
      (i32.load offset=8 (i32.load (i32.const 4)))))");
  text = Replace(text, "BODY", body);
  return Replace(text, "_S", "_" + std::string(suffix));
}

constexpr std::string_view kStart = R"((component
  (core module $libc
    (memory (export "memory") 2)
    (global $end (mut i32) (i32.const 65536))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $start i32)
      (local.set $start (global.get $end))
      (global.set $end (i32.and (i32.const -8)
        (i32.add (i32.const 7) (i32.add (local.get $start) (local.get 3)))))
      (local.get $start)))
  (core instance $libc (instantiate $libc))
  (alias core export $libc "memory" (core memory $memory))
  (alias core export $libc "realloc" (core func $realloc))
)";
constexpr std::string_view kEnd = R"(
  (alias core export $main_a "run" (core func $run))
  (func $run (result (result)) (canon lift (core func $run)))
  (instance $cli (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $cli)))
)";

std::string Component(std::string_view snapshot, std::string_view body) {
  return std::string(kStart) + Imports(snapshot, "a") + Main(snapshot, "a", body) +
         std::string(kEnd);
}

constexpr std::string_view kRoundTrip = R"(
  (local $output i32)
  (local.set $output (call $compute (call $open (i32.const 16)) (call $tensor)))
  (call $expect (call $type (local.get $output)) (i32.const 4))
  (call $dims (local.get $output) (i32.const 0))
  (call $expect (i32.load (i32.const 4)) (i32.const 1))
  (call $expect (i32.load (i32.load (i32.const 0))) (i32.const 4))
  (call $data (local.get $output) (i32.const 0))
  (call $expect (i32.load (i32.const 4)) (i32.const 4))
  (call $expect (i32.load (i32.load (i32.const 0))) (i32.const 0x04030201))
  (call $drop (local.get $output))
)";

class ComponentTest : public testing::TestWithParam<const char*> {
 protected:
  Ran RunBody(std::string_view body, const Rules& rules = {}) {
    return RunText(engine_, Component(GetParam(), body), rules);
  }
  Engine engine_ = NewEngine();
};

TEST_P(ComponentTest, UsesAModel) {
  const Ran ran = RunBody(kRoundTrip);
  EXPECT_EQ(ran.code, WASINN_OK) << ran.message;
  EXPECT_EQ(ran.exit_code, 0);
}

TEST_P(ComponentTest, GetsErrorsWithCodeAndText) {
  const Ran ran = RunBody(R"(
    (call $load (i32.const 24) (i32.const 4) (i32.const 0))
    (call $expect (i32.load8_u (i32.const 0)) (i32.const 1))
    (call $expect (call $code (i32.load (i32.const 4))) (i32.const 6))
    (call $text (i32.load (i32.const 4)) (i32.const 0))
    (if (i32.eqz (i32.load (i32.const 4))) (then unreachable)))");
  EXPECT_EQ(ran.code, WASINN_OK) << ran.message;
}

TEST_P(ComponentTest, FailedResultIsExitCodeOne) {
  const Ran ran = RunBody("(return (i32.const 1))");
  EXPECT_EQ(ran.code, WASINN_OK) << ran.message;
  EXPECT_EQ(ran.exit_code, 1);
}

TEST_P(ComponentTest, TrapTellsItsCause) {
  const Ran ran = RunBody("(call $expect (i32.const 1) (i32.const 2))");
  EXPECT_EQ(ran.code, WASINN_RUNTIME_ERROR);
  EXPECT_TRUE(ran.message.contains("unreachable")) << ran.message;
}

TEST_P(ComponentTest, WrongPointersAndHandlesAreTraps) {
  for (const std::string_view body : {"(call $load (i32.const 131070) (i32.const 4) (i32.const 0))",
                                      "(call $load (i32.const 16) (i32.const -1) (i32.const 0))",
                                      "(call $init (i32.const 77) (i32.const 0))",
                                      "(drop (call $new (i32.const 60) (i32.const 1) (i32.const 9) "
                                      "(i32.const 96) (i32.const 4)))"}) {
    const Ran ran = RunBody(body);
    EXPECT_EQ(ran.code, WASINN_RUNTIME_ERROR) << body << ran.message;
  }
}

TEST_P(ComponentTest, BlockedComputeIsStopped) {
  const Ran ran = RunBody("(drop (call $compute (call $open (i32.const 20)) (call $tensor)))",
                          {{"run_timeout", "40ms"}});
  EXPECT_EQ(ran.code, WASINN_TIMEOUT) << ran.message;
}

TEST_P(ComponentTest, HandleLimitIsNamed) {
  const Ran ran = RunBody("(loop $l (drop (call $tensor)) (br $l))", {{"max_handles", "1000"}});
  EXPECT_EQ(ran.code, WASINN_TOO_LARGE);
  EXPECT_TRUE(ran.message.contains("1000 component handles (rule max_handles)")) << ran.message;
}

TEST_P(ComponentTest, ManyHandlesAreFine) {
  // More than Wasmtime's own limit, and used again after they were dropped.
  const Ran ran = RunBody(R"((local $i i32)
    (loop $l
      (drop (call $tensor))
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
                          (i32.const 150000)))))");
  EXPECT_EQ(ran.code, WASINN_OK) << ran.message;
}

TEST_P(ComponentTest, MemoryLimitCountsAllMemories) {
  const Ran ran = RunBody("", {{"guest_memory", "100000"}});
  EXPECT_EQ(ran.code, WASINN_TOO_LARGE);
  EXPECT_TRUE(ran.message.contains("rule guest_memory")) << ran.message;
}

std::string NameOf(const testing::TestParamInfo<const char*>& test) {
  return Replace(std::string(test.param).substr(9), "-", "");
}

INSTANTIATE_TEST_SUITE_P(Snapshot, ComponentTest, testing::ValuesIn(kSnapshots), NameOf);

// A component that uses the newest snapshot and another one, each for a round trip.
std::string TwoSnapshots(std::string_view other) {
  return std::string(kStart) + Imports(other, "b") + Main(other, "b", kRoundTrip) +
         Imports(kSnapshots[0], "a") + Main(kSnapshots[0], "a", kRoundTrip) + R"(
  (core module $both
    (import "a" "run" (func $a (result i32)))
    (import "b" "run" (func $b (result i32)))
    (func (export "run") (result i32) (i32.or (call $a) (call $b))))
  (core instance $both (instantiate $both (with "a" (instance $main_a))
                                          (with "b" (instance $main_b))))
  (alias core export $both "run" (core func $run))
  (func $run (result (result)) (canon lift (core func $run)))
  (instance $cli (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $cli))))";
}

TEST(ComponentSnapshotsTest, OneComponentMayUseSeveral) {
  const Engine engine = NewEngine();
  for (const std::string_view other : {kSnapshots[1], kSnapshots[2]}) {
    const Ran ran = RunText(engine, TwoSnapshots(other));
    EXPECT_EQ(ran.code, WASINN_OK) << other << ": " << ran.message;
    EXPECT_EQ(ran.exit_code, 0) << other;
  }
}

TEST(ComponentLoadTest, WhatCannotRunIsRefusedWithAReason) {
  const Engine engine = NewEngine();
  const Error unknown = LoadError(
      engine, R"((component (import "my:thing/x@1.0.0" (instance (export "f" (func))))))");
  EXPECT_EQ(unknown.code, WASINN_NOT_FOUND);
  EXPECT_TRUE(unknown.message.contains("my:thing/x@1.0.0, which nothing provides"))
      << unknown.message;
  const Error later = LoadError(
      engine,
      R"((component (import "wasi:nn/graph@0.3.0" (instance (export "graph" (type (sub resource)))))))");
  EXPECT_EQ(later.code, WASINN_NOT_FOUND);
  EXPECT_TRUE(later.message.contains("wasi:nn/graph@0.3.0")) << later.message;
  const Error no_command = LoadError(engine, "(component)");
  EXPECT_EQ(no_command.code, WASINN_INVALID_ARGUMENT);
  EXPECT_TRUE(no_command.message.contains("exports wasi:cli/run")) << no_command.message;
}

}  // namespace
}  // namespace wasinn
