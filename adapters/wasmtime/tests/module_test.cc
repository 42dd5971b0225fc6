// Core modules: what they may import, how they end, what limits them.
#include <thread>

#include "guest_runner.h"

namespace wasinn {
namespace {

using testing::Test;

class ModuleTest : public Test {
 protected:
  Ran RunBody(std::string_view body, const Rules& rules = {}, RunOptions options = {}) {
    return RunText(engine_, Module(body), rules, std::move(options));
  }
  Engine engine_ = NewEngine();
};

constexpr std::string_view kRoundTrip = R"(
  (call $open (i32.const 16))
  (call $check (call $compute (i32.load (i32.const 4))))
  (call $check (call $get_output (i32.load (i32.const 4)) (i32.const 0) (i32.const 200)
                                 (i32.const 4) (i32.const 8)))
  (if (i32.ne (i32.load (i32.const 8)) (i32.const 4)) (then (call $exit (i32.const 50))))
  (if (i32.ne (i32.load (i32.const 200)) (i32.const 0x04030201))
    (then (call $exit (i32.const 51)))))";

TEST_F(ModuleTest, UsesAModel) {
  const Ran ran = RunBody(kRoundTrip);
  EXPECT_EQ(ran.code, WASINN_OK) << ran.message;
  EXPECT_EQ(ran.exit_code, 0);
}

TEST_F(ModuleTest, ExitCodesArriveWhole) {
  for (const int code : {0, 1, 125, 126, 200, 255, -1}) {
    const Ran ran = RunBody("(call $exit (i32.const " + std::to_string(code) + "))");
    EXPECT_EQ(ran.code, WASINN_OK) << ran.message;
    EXPECT_EQ(ran.exit_code, code);
  }
}

TEST_F(ModuleTest, TrapTellsItsCauseAndTheStack) {
  const Ran ran = RunText(engine_, Module("(call $inner)", "(func $inner unreachable)"));
  EXPECT_EQ(ran.code, WASINN_RUNTIME_ERROR);
  EXPECT_TRUE(ran.message.contains("unreachable")) << ran.message;
  EXPECT_TRUE(ran.message.contains("inner")) << ran.message;
}

TEST_F(ModuleTest, EndlessRecursionMeetsTheStacksLimit) {
  const Ran ran = RunText(engine_, Module("(call $f)", "(func $f (call $f))"));
  EXPECT_EQ(ran.code, WASINN_TOO_LARGE);
  EXPECT_TRUE(ran.message.contains("rule guest_stack")) << ran.message;
  EXPECT_TRUE(ran.message.contains("call stack exhausted")) << ran.message;
}

TEST_F(ModuleTest, WrongPointersAreErrnosAndWriteNothing) {
  // invalid_argument for a name, a tensor, its data and an output past the end of memory.
  const Ran ran = RunBody(R"(
    (if (i32.ne (call $load_by_name (i32.const 65534) (i32.const 4) (i32.const 0)) (i32.const 1))
      (then (call $exit (i32.const 10))))
    (if (i32.ne (call $load_by_name (i32.const 16) (i32.const 4) (i32.const -1)) (i32.const 1))
      (then (call $exit (i32.const 11))))
    (call $open (i32.const 16))
    (if (i32.ne (call $set_input (i32.load (i32.const 4)) (i32.const 0) (i32.const -20))
                (i32.const 1)) (then (call $exit (i32.const 12))))
    (i32.store (i32.const 76) (i32.const 65535))
    (if (i32.ne (call $set_input (i32.load (i32.const 4)) (i32.const 0) (i32.const 64))
                (i32.const 1)) (then (call $exit (i32.const 13))))
    (call $check (call $compute (i32.load (i32.const 4))))
    (if (i32.ne (call $get_output (i32.load (i32.const 4)) (i32.const 0) (i32.const 65534)
                                  (i32.const 4) (i32.const 8)) (i32.const 1))
      (then (call $exit (i32.const 14))))
    (if (i32.load16_u (i32.const 65534)) (then (call $exit (i32.const 15)))))");
  EXPECT_EQ(ran.code, WASINN_OK) << ran.message;
  EXPECT_EQ(ran.exit_code, 0);
}

TEST_F(ModuleTest, WithoutMemoryCallsFail) {
  const Ran ran = RunText(engine_, R"((module
    (import "wasi_ephemeral_nn" "load_by_name" (func $load (param i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory 1)
    (func (export "_start")
      (call $exit (call $load (i32.const 0) (i32.const 4) (i32.const 8))))))");
  EXPECT_EQ(ran.code, WASINN_OK) << ran.message;
  EXPECT_NE(ran.exit_code, 0);
}

TEST_F(ModuleTest, GrownMemoryIsSeen) {
  const Ran ran = RunBody(R"(
    (drop (memory.grow (i32.const 10)))
    (memory.copy (i32.const 500000) (i32.const 64) (i32.const 20))
    (call $open (i32.const 16))
    (call $check
      (call $set_input (i32.load (i32.const 4)) (i32.const 0) (i32.const 500000))))");
  EXPECT_EQ(ran.code, WASINN_OK) << ran.message;
  EXPECT_EQ(ran.exit_code, 0);
}

TEST_F(ModuleTest, MemoryLimitIsNamed) {
  const Rules rules = {{"guest_memory", "1MiB"}};
  const Ran fails = RunBody(
      "(if (i32.eq (memory.grow (i32.const 15)) (i32.const -1))"
      "  (then unreachable)) "
      "(if (i32.ne (memory.grow (i32.const 1)) (i32.const -1))"
      "  (then (call $exit (i32.const 9)))) unreachable",
      rules);
  EXPECT_EQ(fails.code, WASINN_TOO_LARGE);
  EXPECT_TRUE(fails.message.contains("1048576 bytes of guest memory (rule guest_memory)"))
      << fails.message;
  // A guest that handles a failed growth continues.
  const Ran copes = RunBody("(call $exit (memory.grow (i32.const 100)))", rules);
  EXPECT_EQ(copes.code, WASINN_OK) << copes.message;
  EXPECT_EQ(copes.exit_code, -1);
  const Ran starts = RunText(engine_, R"((module (memory 17) (func (export "_start"))))", rules);
  EXPECT_EQ(starts.code, WASINN_TOO_LARGE) << starts.message;
}

TEST_F(ModuleTest, FuelLimitIsNamed) {
  const std::string text = Module("(loop $l (br $l))");
  const Ran ran = RunText(engine_, text, {{"guest_fuel", "100000"}});
  EXPECT_EQ(ran.code, WASINN_TOO_LARGE);
  EXPECT_TRUE(ran.message.contains("100000 units of work (rule guest_fuel)")) << ran.message;
  const Ran enough = RunBody(kRoundTrip, {{"guest_fuel", "100000"}});
  EXPECT_EQ(enough.code, WASINN_OK) << enough.message;
}

TEST_F(ModuleTest, SeesArgumentsAndStreams) {
  RunOptions options;
  options.args = {"guest", "one"};
  options.stdin_data = "typed";
  const Ran ran = RunBody(R"(
    (call $check (call $args_sizes_get (i32.const 0) (i32.const 4)))
    (if (i32.ne (i32.load (i32.const 0)) (i32.const 2)) (then (call $exit (i32.const 40))))
    (if (i32.ne (i32.load (i32.const 4)) (i32.const 10)) (then (call $exit (i32.const 41))))
    (i32.store (i32.const 0) (i32.const 300))
    (i32.store (i32.const 4) (i32.const 100))
    (call $check (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
    (i32.store (i32.const 4) (i32.load (i32.const 8)))
    (call $check (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    (i32.store (i32.const 4) (i32.const 2))
    (call $check (call $fd_write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8))))",
                          {}, std::move(options));
  EXPECT_EQ(ran.code, WASINN_OK) << ran.message;
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(ran.out, "typed");
  EXPECT_EQ(ran.err, "ty");
}

TEST_F(ModuleTest, MissingFolderIsNamed) {
  RunOptions options;
  options.dirs = {{"/no/such/folder", "data", true}};
  const Ran ran = RunBody("", {}, std::move(options));
  EXPECT_EQ(ran.code, WASINN_NOT_FOUND);
  EXPECT_TRUE(ran.message.contains("/no/such/folder")) << ran.message;
}

TEST_F(ModuleTest, BadVariableIsNamed) {
  RunOptions options;
  options.env = {"NOVALUE"};
  const Ran ran = RunBody("", {}, std::move(options));
  EXPECT_EQ(ran.code, WASINN_INVALID_ARGUMENT);
  EXPECT_TRUE(ran.message.contains("expected NAME=VALUE, given `NOVALUE`")) << ran.message;
}

TEST_F(ModuleTest, WhatCannotRunIsRefusedWithAReason) {
  const struct {
    std::string_view bytes;
    wasinn_code code;
    std::string_view text;
  } cases[] = {
      {"", WASINN_INVALID_ARGUMENT, "given nothing (0 bytes)"},
      {"hello", WASINN_INVALID_ARGUMENT, "expected a WebAssembly binary (\\0asm) or text, given 5"},
      {"(module", WASINN_INVALID_ARGUMENT, "cannot read the WebAssembly text"},
      {R"((module (func (export "_start") (i32.add))))", WASINN_INVALID_ARGUMENT,
       "cannot compile the guest"},
      {R"((module (import "env" "f" (func (param i32) (result i64))) (func (export "_start"))))",
       WASINN_NOT_FOUND, "the guest imports env::f, func(i32) -> i64, which nothing provides"},
      {R"((module (import "wasi_ephemeral_nn" "compute" (func)) (func (export "_start"))))",
       WASINN_INVALID_ARGUMENT, "wasi_ephemeral_nn::compute"},
  };
  for (const auto& [bytes, code, text] : cases) {
    const Error error = LoadError(engine_, bytes);
    EXPECT_EQ(error.code, code) << bytes << ": " << error.message;
    EXPECT_TRUE(error.message.contains(text)) << bytes << ": " << error.message;
  }
}

TEST_F(ModuleTest, GuestsThatDoNotFitThePoolRun) {
  const Ran ran = RunText(engine_, R"((module
    (memory 1) (memory 1) (table 200000 funcref) (func (export "_start"))))");
  EXPECT_EQ(ran.code, WASINN_OK) << ran.message;
}

TEST_F(ModuleTest, RunsOfOneProgramAreIndependentAndParallel) {
  const Program program = Expect(engine_.LoadProgram(Bytes(Module(kRoundTrip))));
  std::vector<std::thread> threads;
  std::atomic<int> passed = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 50; ++n) {
        Session session = NewSession(engine_);
        passed += RunGuest(program, session).exit_code == 0 ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(passed, 8 * 50);
}

TEST_F(ModuleTest, MoreGuestsThanThePoolHoldsRunAtOnce) {
  // Each waits until all have begun, so all are there at the same time.
  constexpr int kGuests = 80;
  const Program program = Expect(engine_.LoadProgram(Bytes(Module(R"(
    (i32.store (i32.const 0) (i32.const 16))
    (i32.store (i32.const 4) (i32.const 4))
    (call $check (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))"))));
  std::atomic<int> begun = 0;
  std::atomic<int> passed = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kGuests; ++i) {
    threads.emplace_back([&] {
      Session session = NewSession(engine_);
      RunOptions options;
      options.stdin_data = "";
      options.stdout_write = [&](std::string_view) {
        ++begun;
        while (begun < kGuests) std::this_thread::yield();
      };
      const auto result = program.Run(session, options);
      passed += result && result->exit_code == 0 ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(passed, kGuests);
}

}  // namespace
}  // namespace wasinn
