// No guest takes more memory than the rule allows, whatever it grows and whichever growths fail.
#include "guest_runner.h"

namespace wasinn {
namespace {

const Rules kLimit = {{"guest_memory", "16MiB"}};

// A module whose first memory grows by a MiB a hundred times, with `after` done after each time.
// Its exit code is the MiB that the memory then has.
std::string Growing(std::string_view fields, std::string_view after) {
  return std::string(R"((module
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 0) )") +
         std::string(fields) + R"(
    (func (export "_start")
      (local $left i32)
      (local.set $left (i32.const 100))
      (loop $again
        (drop (memory.grow (i32.const 16))) )" +
         std::string(after) + R"(
        (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
      (call $exit (i32.div_u (memory.size) (i32.const 16))))))";
}

class LimitsTest : public testing::Test {
 protected:
  Engine engine_ = NewEngine();
};

TEST_F(LimitsTest, FailedGrowthsGiveNothingBack) {
  struct Case {
    std::string_view what;
    std::string_view fields;
    std::string_view after;
  };
  static constexpr Case kCases[] = {
      {"nothing else", "", ""},
      {"a table whose size overflows", "(table $t i64 1 funcref)",
       "(drop (table.grow $t (ref.null func) (i64.const -1)))"},
      {"a table of references whose size overflows", "(table $t i64 1 externref)",
       "(drop (table.grow $t (ref.null extern) (i64.const -1)))"},
      {"a table above its maximum", "(table $t 1 2 funcref)",
       "(drop (table.grow $t (ref.null func) (i32.const 2)))"},
      {"a table of 32 bits that grows by all", "(table $t 1 funcref)",
       "(drop (table.grow $t (ref.null func) (i32.const -1)))"},
      {"a memory above what 32 bits address", "(memory $m 1)",
       "(drop (memory.grow $m (i32.const 65536)))"},
      {"a memory that grows by all", "(memory $m 1)", "(drop (memory.grow $m (i32.const -1)))"},
      {"a memory above its maximum", "(memory $m 1 2)", "(drop (memory.grow $m (i32.const 2)))"},
      {"a memory of 64 bits that grows by all", "(memory $m i64 1)",
       "(drop (memory.grow $m (i64.const -1)))"},
      {"a memory of 64 bits whose bytes overflow", "(memory $m i64 1)",
       "(drop (memory.grow $m (i64.const 0x1000000000000)))"},
  };
  for (const Case& test : kCases) {
    const Ran ran = RunText(engine_, Growing(test.fields, test.after), kLimit);
    ASSERT_EQ(ran.code, WASINN_OK) << test.what << ": " << ran.message;
    EXPECT_LE(ran.exit_code, 16) << test.what;
    // A growth that never happened takes nothing from the rest.
    EXPECT_GE(ran.exit_code, 15) << test.what;
  }
}

TEST_F(LimitsTest, TablesCount) {
  const Ran ran = RunText(engine_, Growing("(table $t 0 funcref)", R"(
      (drop (table.grow $t (ref.null func) (i32.const 131072))))"),
                          kLimit);
  ASSERT_EQ(ran.code, WASINN_OK) << ran.message;
  EXPECT_LE(ran.exit_code, 8);
}

TEST_F(LimitsTest, GcObjectsCount) {
  const Ran ran = RunText(engine_, R"((module
    (type $bytes (array (mut i8)))
    (type $list (struct (field (ref null $list)) (field (ref $bytes))))
    (func (export "_start")
      (local $kept (ref null $list))
      (loop $again
        (local.set $kept
          (struct.new $list (local.get $kept) (array.new_default $bytes (i32.const 65536))))
        (br $again)))))",
                          kLimit);
  EXPECT_EQ(ran.code, WASINN_TOO_LARGE) << ran.message;
  EXPECT_TRUE(ran.message.contains("rule guest_memory")) << ran.message;
}

TEST_F(LimitsTest, GcObjectsThatAreDroppedDoNotCount) {
  const Ran ran = RunText(engine_, R"((module
    (type $bytes (array (mut i8)))
    (func (export "_start")
      (local $left i32)
      (local.set $left (i32.const 10000))
      (loop $again
        (drop (array.new_default $bytes (i32.const 65536)))
        (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))))",
                          kLimit);
  EXPECT_EQ(ran.code, WASINN_OK) << ran.message;
}

TEST_F(LimitsTest, ExceptionsCount) {
  const Ran ran = RunText(engine_, R"((module
    (tag $tag (param i64))
    (table $kept 100000 exnref)
    (func (export "_start")
      (local $at i32)
      (local $exception exnref)
      (loop $again
        (local.set $exception
          (block $caught (result exnref)
            (try_table (catch_all_ref $caught) (throw $tag (i64.const 1)))
            unreachable))
        (table.set $kept (local.get $at) (local.get $exception))
        (br_if $again (i32.lt_u
          (local.tee $at (i32.add (local.get $at) (i32.const 1))) (i32.const 100000)))))))",
                          {{"guest_memory", "1MiB"}});
  EXPECT_EQ(ran.code, WASINN_TOO_LARGE) << ran.message;
}

// A component whose core module has `fields`, instantiated `count` times.
std::string ManyInstances(std::string_view fields, int count) {
  std::string text = "(component (core module $m " + std::string(fields) + ")";
  for (int i = 0; i < count; ++i) text += "(core instance (instantiate $m))";
  return text + R"(
    (core module $main (func (export "run") (result i32) (i32.const 0)))
    (core instance $main (instantiate $main))
    (func $run (result (result)) (canon lift (core func $main "run")))
    (instance $cli (export "run" (func $run)))
    (export "wasi:cli/run@0.2.0" (instance $cli))))";
}

TEST_F(LimitsTest, MemoriesOfAllInstancesCountTogether) {
  const std::string_view memory = "(memory 16)";
  EXPECT_EQ(RunText(engine_, ManyInstances(memory, 16), kLimit).code, WASINN_OK);
  const Ran ran = RunText(engine_, ManyInstances(memory, 17), kLimit);
  EXPECT_EQ(ran.code, WASINN_TOO_LARGE) << ran.message;
  EXPECT_TRUE(ran.message.contains("rule guest_memory")) << ran.message;
}

TEST_F(LimitsTest, InstancesThemselvesCount) {
  std::string globals;
  for (int i = 0; i < 10'000; ++i) globals += "(global (mut i64) (i64.const 0))";
  EXPECT_EQ(RunText(engine_, ManyInstances(globals, 50), kLimit).code, WASINN_OK);
  const Ran ran = RunText(engine_, ManyInstances(globals, 150), kLimit);
  EXPECT_EQ(ran.code, WASINN_TOO_LARGE) << ran.message;
  EXPECT_TRUE(ran.message.contains("rule guest_memory")) << ran.message;
}

TEST_F(LimitsTest, EmptyMemoriesAreBoundedToo) {
  const Ran ran = RunText(engine_, ManyInstances("(memory 0)", 300));
  EXPECT_EQ(ran.code, WASINN_TOO_LARGE) << ran.message;
}

TEST_F(LimitsTest, SharedMemoryIsRefused) {
  for (const std::string_view text : {R"((module (memory 1 2 shared) (func (export "_start"))))",
                                      R"((component (core module (memory 1 2 shared))))"}) {
    const Error error = LoadError(engine_, text);
    EXPECT_EQ(error.code, WASINN_UNSUPPORTED_OPERATION) << error.message;
    EXPECT_TRUE(error.message.contains("without shared memory")) << error.message;
  }
}

TEST_F(LimitsTest, MemoryOf64BitsGrowsAbove4GiB) {
  const std::string text = R"((module
    (memory i64 1)
    (func (export "_start")
      (if (i64.ne (memory.grow (i64.const 65536)) (i64.const 1)) (then unreachable)))))";
  EXPECT_EQ(RunText(engine_, text, {{"guest_memory", "8GiB"}}).code, WASINN_OK);
  EXPECT_EQ(RunText(engine_, text).code, WASINN_TOO_LARGE);
}

// Calls itself so many times.
std::string Deep(int depth) {
  return R"((module
    (func $f (param i32) (result i32)
      (if (result i32) (local.get 0)
        (then (i32.add (i32.const 1) (call $f (i32.sub (local.get 0) (i32.const 1)))))
        (else (i32.const 0))))
    (func (export "_start") (drop (call $f (i32.const )" +
         std::to_string(depth) + ")))))";
}

TEST_F(LimitsTest, StackIsARule) {
  const Ran refused = RunText(engine_, Deep(100'000));
  EXPECT_EQ(refused.code, WASINN_TOO_LARGE);
  EXPECT_TRUE(refused.message.contains("at most 524288 bytes of stack (rule guest_stack)"))
      << refused.message;
  EXPECT_EQ(RunText(engine_, Deep(100'000), {{"guest_stack", "16MiB"}}).code, WASINN_OK);
  EXPECT_EQ(RunText(engine_, Deep(100'000), {{"guest_stack", "0"}}).code, WASINN_OK);
  EXPECT_EQ(RunText(engine_, Deep(1000)).code, WASINN_OK);
  EXPECT_EQ(RunText(engine_, Deep(10'000), {{"guest_stack", "64KiB"}}).code, WASINN_TOO_LARGE);
  const Ran wrong = RunText(engine_, Deep(1), {{"guest_stack", "2GiB"}});
  EXPECT_EQ(wrong.code, WASINN_INVALID_ARGUMENT);
  EXPECT_TRUE(wrong.message.contains("rule guest_stack: expected")) << wrong.message;
}

}  // namespace
}  // namespace wasinn
