// The shared code of the adapter's tests: an engine with the Wasmtime adapter and two echo models,
// and running a guest that is given as text.
#pragma once

#include <gtest/gtest.h>
#include <wasinn/adapter.h>
#include <wasinn/wasinn.hpp>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wasinn {

// A result's value; ends the test program with the error's text when there is none.
template <typename T>
T Expect(Result<T> result) {
  if (!result) {
    ADD_FAILURE() << wasinn_code_name(result.error().code) << ": " << result.error().message;
    std::abort();
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

inline std::span<const std::byte> Bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// Models: `echo` gives its only input back at once, `slow` after ten minutes.
inline Engine NewEngine(EngineOptions options = {}) {
  Engine engine = Expect(Engine::Create(std::move(options)));
  Expect(engine.AddAdapter(wasinn_adapter_wasmtime()));
  ModelConfig model;
  model.backend = "echo";
  model.content = Bytes("any bytes are an echo model");
  model.name = "echo";
  Expect(engine.AddModel(model));
  model.name = "slow";
  model.options = {{"delay_ms", "600000"}};
  Expect(engine.AddModel(model));
  return engine;
}

using Rules = std::vector<std::pair<std::string, std::string>>;

inline Session NewSession(const Engine& engine, const Rules& rules = {}) {
  Policy policy = Expect(Policy::Create());
  for (const auto& [rule, value] : rules) Expect(policy.Set(rule, value));
  return Expect(engine.NewSession(&policy));
}

struct Ran {
  wasinn_code code = WASINN_OK;
  int exit_code = -1;
  std::string message;
  std::string out;
  std::string err;
  std::chrono::steady_clock::duration time{};
};

// Runs in `session` with captured streams and an empty stdin.
inline Ran RunGuest(const Program& program, Session& session, RunOptions options = {}) {
  Ran ran;
  options.stdout_write = [&](std::string_view text) { ran.out += text; };
  options.stderr_write = [&](std::string_view text) { ran.err += text; };
  if (!options.stdin_data) options.stdin_data = "";
  const auto start = std::chrono::steady_clock::now();
  const Result<RunResult> result = program.Run(session, options);
  ran.time = std::chrono::steady_clock::now() - start;
  if (result) {
    ran.exit_code = result->exit_code;
  } else {
    ran.code = result.error().code;
    ran.message = result.error().message;
  }
  return ran;
}

inline Ran RunText(const Engine& engine, std::string_view text, const Rules& rules = {},
                   RunOptions options = {}) {
  const Program program = Expect(engine.LoadProgram(Bytes(text)));
  Session session = NewSession(engine, rules);
  return RunGuest(program, session, std::move(options));
}

// The error of a guest that does not load.
inline Error LoadError(const Engine& engine, std::string_view bytes) {
  const auto program = engine.LoadProgram(Bytes(bytes));
  if (program) return {WASINN_OK, "it loaded", 0};
  return program.error();
}

// A core module whose `_start` is `body`. It has memory of one page, imports all that it might
// need, and a name at 16 ("echo", "slow"), a U8 tensor of 4 elements at 64 with its data at 96.
inline std::string Module(std::string_view body, std::string_view extra = "") {
  std::string text = R"((module
    (import "wasi_ephemeral_nn" "load_by_name"
      (func $load_by_name (param i32 i32 i32) (result i32)))
    (import "wasi_ephemeral_nn" "init_execution_context"
      (func $init (param i32 i32) (result i32)))
    (import "wasi_ephemeral_nn" "set_input"
      (func $set_input (param i32 i32 i32) (result i32)))
    (import "wasi_ephemeral_nn" "compute" (func $compute (param i32) (result i32)))
    (import "wasi_ephemeral_nn" "get_output"
      (func $get_output (param i32 i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (import "wasi_snapshot_preview1" "fd_write"
      (func $fd_write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read"
      (func $fd_read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "poll_oneoff"
      (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "args_sizes_get"
      (func $args_sizes_get (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 16) "echo")
    (data (i32.const 20) "slow")
    (data (i32.const 60) "\04\00\00\00")
    (data (i32.const 64) "\3c\00\00\00\01\00\00\00\03\00\00\00\60\00\00\00\04\00\00\00")
    (data (i32.const 96) "\01\02\03\04")
    ;; Ends the guest with the errno if there is one.
    (func $check (param i32) (if (local.get 0) (then (call $exit (local.get 0)))))
    ;; Loads the model whose name is at the address, makes a context, sets its input.
    (func $open (param $name i32)
      (call $check (call $load_by_name (local.get $name) (i32.const 4) (i32.const 0)))
      (call $check (call $init (i32.load (i32.const 0)) (i32.const 4)))
      (call $check
        (call $set_input (i32.load (i32.const 4)) (i32.const 0) (i32.const 64))))
  )";
  text += extra;
  text += "(func (export \"_start\") ";
  text += body;
  text += "))";
  return text;
}

}  // namespace wasinn
