// Where a guest begins: `_start`, a reactor's `_initialize`, a function that is invoked; and guests
// that were compiled ahead of time.
#include <algorithm>
#include <iterator>

#include "guest_runner.h"

namespace wasinn {
namespace {

using testing::Test;

class EntryTest : public Test {
 protected:
  Result<RunResult> Invoke(std::string_view text, std::string function,
                           std::vector<std::string> args = {}, const Rules& rules = {}) {
    const Program program = Expect(engine_.LoadProgram(Bytes(text)));
    Session session = NewSession(engine_, rules);
    RunOptions options;
    options.args = std::move(args);
    options.args.insert(options.args.begin(), "guest");
    options.invoke = std::move(function);
    return program.Run(session, options);
  }
  std::vector<std::byte> Compile(std::string_view text) {
    return Expect(engine_.CompileProgram(Bytes(text)));
  }
  Engine engine_ = NewEngine();
};

constexpr std::string_view kLibrary = R"((module
  (global $ready (mut i32) (i32.const 0))
  (func (export "_initialize") (global.set $ready (i32.add (global.get $ready) (i32.const 40))))
  (func (export "add") (param i32 i32) (result i32)
    (i32.add (global.get $ready) (i32.add (local.get 0) (local.get 1))))
  (func (export "two") (result i64 f32) (i64.const -1) (f32.const 0.5))
  (func (export "spin") (loop (br 0)))
  (func (export "references") (param funcref) (result funcref) (local.get 0))
  (func (export "null") (result funcref) (ref.null func))
  (memory (export "memory") 1)))";

TEST_F(EntryTest, FunctionsAreInvokedAfterTheConstructor) {
  EXPECT_EQ(Expect(Invoke(kLibrary, "add", {"1", "0x1"})).results, "42\n");
  EXPECT_EQ(Expect(Invoke(kLibrary, "two")).results, "-1\n0.5\n");
  EXPECT_EQ(Expect(Invoke(kLibrary, "null")).results, "<null funcref>\n");
  // The constructor itself is not called twice.
  EXPECT_EQ(Expect(Invoke(kLibrary, "_initialize")).results, "");
}

TEST_F(EntryTest, WhatCannotBeInvokedIsRefusedWithAReason) {
  const struct {
    std::string_view guest;
    std::string function;
    std::vector<std::string> args;
    wasinn_code code;
    std::string_view text;
  } cases[] = {
      {kLibrary, "sub", {}, WASINN_UNSUPPORTED_OPERATION, "given `sub`"},
      {kLibrary, "memory", {}, WASINN_UNSUPPORTED_OPERATION, "`memory`, which is a memory"},
      {kLibrary, "add", {"1"}, WASINN_INVALID_ARGUMENT, "expected 2 arguments"},
      {kLibrary, "add", {"1", "x"}, WASINN_INVALID_ARGUMENT, "expected a number as i32, given `x`"},
      {kLibrary, "references", {"1"}, WASINN_INVALID_ARGUMENT, "parameters are numbers"},
      {"(component)", "add", {}, WASINN_INVALID_ARGUMENT, "expected a command"},
      {R"((module (func (export "go"))))", "", {}, WASINN_UNSUPPORTED_OPERATION, "exports [go]"},
      {R"((module (func (export "_start") (param i32))))",
       "",
       {},
       WASINN_UNSUPPORTED_OPERATION,
       "`_start` is func(i32)"},
      {R"((module (func (export "_initialize") (result i32) (i32.const 1))))",
       "",
       {},
       WASINN_UNSUPPORTED_OPERATION,
       "`_initialize` is func() -> i32"},
  };
  for (const auto& [guest, function, args, code, text] : cases) {
    const auto loaded = engine_.LoadProgram(Bytes(guest));
    const Error error = loaded ? Invoke(guest, function, args).error() : loaded.error();
    EXPECT_EQ(error.code, code) << guest << function << ": " << error.message;
    EXPECT_TRUE(error.message.contains(text)) << guest << function << ": " << error.message;
  }
}

TEST_F(EntryTest, ArgumentsThatAreNoTextAreRefused) {
  const Program program = Expect(engine_.LoadProgram(Bytes(kLibrary)));
  Session session = NewSession(engine_);
  const char* args[] = {"guest", nullptr, "1"};
  wasinn_run_options options = WASINN_RUN_OPTIONS_INIT;
  options.args = args;
  options.arg_count = std::size(args);
  options.invoke = "add";
  wasinn_error error{};
  EXPECT_EQ(wasinn_program_run(program.get(), session.get(), &options, nullptr, &error),
            WASINN_INVALID_ARGUMENT);
  EXPECT_STREQ(error.message, "argument 1: expected text, given NULL");
}

TEST_F(EntryTest, AReactorRunsItsConstructor) {
  EXPECT_EQ(RunText(engine_, R"((module (func (export "_initialize"))))").code, WASINN_OK);
  EXPECT_EQ(RunText(engine_, R"((module (func (export "_initialize") unreachable)))").code,
            WASINN_RUNTIME_ERROR);
  // Before `_start`, too.
  const Ran both = RunText(engine_, R"((module (func (export "_start"))
    (func (export "_initialize") unreachable)))");
  EXPECT_EQ(both.code, WASINN_RUNTIME_ERROR);
}

TEST_F(EntryTest, LimitsHoldForInvokedFunctions) {
  const auto late = Invoke(kLibrary, "spin", {}, {{"run_timeout", "50ms"}});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, WASINN_TIMEOUT);
  const auto costly = Invoke(kLibrary, "spin", {}, {{"guest_fuel", "1000"}});
  ASSERT_FALSE(costly);
  EXPECT_EQ(costly.error().code, WASINN_TOO_LARGE);
}

TEST_F(EntryTest, CompiledCodeRunsWhereItIsAllowed) {
  const auto code = Compile(Module("(call $exit (i32.const 3))"));
  const auto refused = engine_.LoadProgram(code);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, WASINN_SECURITY) << refused.error().message;
  // Another engine, as in another process.
  const Engine other = NewEngine();
  const Program program = Expect(other.LoadTrustedProgram(code));
  Session session = NewSession(other);
  EXPECT_EQ(RunGuest(program, session).exit_code, 3);
  // A guest that is not compiled works as usual.
  Expect(other.LoadTrustedProgram(Bytes(Module(""))));
  EXPECT_FALSE(other.LoadTrustedProgram(Bytes("text")));
}

TEST_F(EntryTest, CompiledCodeOfOthersIsRefused) {
  const auto code = Compile(Module(""));
  const auto why = [&](std::span<const std::byte> bytes) {
    const auto loaded = engine_.LoadTrustedProgram(bytes);
    return loaded ? "it loaded" : loaded.error().message;
  };
  for (const std::size_t size : {8uz, 20uz, 100uz, code.size() - 1}) {
    EXPECT_TRUE(why(std::span(code).first(size)).contains("given a file")) << size;
  }
  auto changed = code;
  changed.back() ^= std::byte{1};
  EXPECT_TRUE(why(changed).contains("its checksum is another")) << why(changed);
  // It has the format of Wasmtime's own program.
  const auto elf = std::ranges::search(code, Bytes("\x7f"
                                                   "ELF"));
  ASSERT_FALSE(elf.empty());
  const std::span wasmtimes(elf.begin(), code.end());
  EXPECT_TRUE(why(wasmtimes).contains("code that Wasmtime compiled")) << why(wasmtimes);
}

// Code that counts is compiled from the guest itself, which is in the file.
TEST_F(EntryTest, CompiledGuestsCanBeMetered) {
  const auto code = Compile(R"((module (func (export "_start") (loop (br 0)))))");
  const Program program = Expect(engine_.LoadTrustedProgram(code));
  EXPECT_TRUE(program.stats().from_cache);
  Session session = NewSession(engine_, {{"guest_fuel", "1000"}});
  const Ran ran = RunGuest(program, session);
  EXPECT_EQ(ran.code, WASINN_TOO_LARGE) << ran.message;
  EXPECT_TRUE(ran.message.contains("rule guest_fuel")) << ran.message;
}

TEST_F(EntryTest, GuestsThatDoNotFitThePoolAreCompiled) {
  const auto code = Compile(R"((module
    (memory 1) (memory 1) (table 200000 funcref) (func (export "_start"))))");
  const Program program = Expect(engine_.LoadTrustedProgram(code));
  Session session = NewSession(engine_);
  EXPECT_EQ(RunGuest(program, session).code, WASINN_OK);
}

TEST_F(EntryTest, WhatIsNoGuestIsNotCompiled) {
  const auto code = engine_.CompileProgram(Bytes("hello"));
  ASSERT_FALSE(code);
  EXPECT_EQ(code.error().code, WASINN_INVALID_ARGUMENT);
  const auto again = engine_.CompileProgram(Compile(Module("")));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, WASINN_SECURITY);
}

}  // namespace
}  // namespace wasinn
