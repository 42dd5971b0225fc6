// WebAssembly proposals: defaults and switches, and that inspect agrees with a run.
#include <array>

#include "guest_runner.h"

namespace wasinn {
namespace {

Engine EngineWith(std::string features) {
  EngineOptions options;
  options.features = std::move(features);
  return NewEngine(std::move(options));
}

std::string Start(std::string_view fields, std::string_view body) {
  return "(module " + std::string(fields) + "(func (export \"_start\") " + std::string(body) + "))";
}

// By the name of Wasmtime's switch; some are on without it.
struct Proposal {
  std::string_view name;
  bool on;
  std::string guest;
};

const std::array kProposals = {
    Proposal{"gc", true, Start("(type $t (struct))", "(drop (struct.new $t))")},
    Proposal{"exceptions", true,
             Start("(tag $e)", "(block $h (try_table (catch $e $h) (throw $e)))")},
    Proposal{"memory64", true, Start("(memory i64 1)", "(drop (i64.load (i64.const 8)))")},
    Proposal{"tail-call", true, Start("(func $f)", "(return_call $f)")},
    Proposal{"multi-memory", true, Start("(memory 1) (memory $b 1)", "(drop (memory.size $b))")},
    Proposal{
        "function-references", true,
        Start("(type $t (func)) (func $f) (elem declare func $f)", "(call_ref $t (ref.func $f))")},
    Proposal{
        "relaxed-simd", true,
        Start("", "(drop (i8x16.relaxed_swizzle (v128.const i64x2 0 0) (v128.const i64x2 0 0)))")},
    Proposal{"threads", true,
             Start("(memory 1)", "(drop (i32.atomic.rmw.add (i32.const 8) (i32.const 1)))")},
    Proposal{"extended-const", true,
             Start("(global i32 (i32.add (i32.const 1) (i32.const 2)))", "")},
    Proposal{"wide-arithmetic", false,
             Start("",
                   "(drop (drop (i64.add128 (i64.const 1) (i64.const 1) (i64.const 1) "
                   "(i64.const 1))))")},
    Proposal{"custom-page-sizes", false, Start("(memory 1 (pagesize 1))", "")},
};

bool Inspected(const Engine& engine, std::string_view guest) {
  return Expect(engine.InspectJson(Bytes(guest))).contains("\"runs\":true");
}

TEST(FeaturesTest, ProposalsAreAsWasmtimeHasThemAndCanBeSwitched) {
  const Engine plain = NewEngine();
  for (const Proposal& proposal : kProposals) {
    const std::string name(proposal.name);
    const Engine on = EngineWith(name + "=y");
    const Engine off = EngineWith(name + "=n");
    EXPECT_EQ(Inspected(plain, proposal.guest), proposal.on) << name;
    EXPECT_TRUE(Inspected(on, proposal.guest)) << name;
    EXPECT_EQ(RunText(on, proposal.guest).code, WASINN_OK) << name;
    EXPECT_FALSE(Inspected(off, proposal.guest)) << name;
    EXPECT_EQ(LoadError(off, proposal.guest).code, WASINN_INVALID_ARGUMENT) << name;
    if (proposal.on) {
      const Ran ran = RunText(plain, proposal.guest);
      EXPECT_EQ(ran.code, WASINN_OK) << name << ": " << ran.message;
    }
  }
}

TEST(FeaturesTest, UnknownSwitchIsAnError) {
  const auto program = EngineWith("antigravity=y").LoadProgram(Bytes("(module)"));
  ASSERT_FALSE(program);
  EXPECT_TRUE(program.error().message.contains("given `antigravity`")) << program.error().message;
}

TEST(FeaturesTest, SeveralSwitchesTogether) {
  const Engine engine = EngineWith("wide-arithmetic,custom-page-sizes=y,gc=n");
  EXPECT_TRUE(Inspected(engine, kProposals[9].guest));
  EXPECT_TRUE(Inspected(engine, kProposals[10].guest));
  EXPECT_FALSE(Inspected(engine, kProposals[0].guest));
}

TEST(FeaturesTest, InspectSaysWhyAGuestDoesNotLoad) {
  const Engine engine = NewEngine();
  const struct {
    std::string_view guest;
    std::string_view why;
  } cases[] = {
      {R"((module (memory 1 2 shared) (func (export "_start"))))", "without shared memory"},
      {R"((module (import "wasi_ephemeral_nn" "load_by_name"
            (func (param i64 i64 i64) (result i32)))
          (memory (export "memory") i64 1) (func (export "_start"))))",
       "wasi_ephemeral_nn::load_by_name"},
      {R"((module (func (export "_start") (i32.add))))", "cannot compile the guest"},
  };
  for (const auto& [guest, why] : cases) {
    const Error error = LoadError(engine, guest);
    EXPECT_TRUE(error.message.contains(why)) << error.message;
    const std::string json = Expect(engine.InspectJson(Bytes(guest)));
    EXPECT_TRUE(json.contains("\"runs\":false")) << json;
    EXPECT_TRUE(json.contains(why)) << json;
  }
}

// A guest with 64-bit addresses passes those below 4 GiB as 32 bits to functions of 32 bits.
TEST(FeaturesTest, MemoryOf64BitsWorksWithFunctionsOf32) {
  const Ran ran = RunText(NewEngine(), R"((module
    (import "wasi_ephemeral_nn" "load_by_name" (func $load (param i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") i64 2)
    (data (i64.const 16) "echo")
    (func (export "_start")
      (call $exit (call $load (i32.const 16) (i32.const 4) (i32.const 64))))))");
  EXPECT_EQ(ran.code, WASINN_OK) << ran.message;
  EXPECT_EQ(ran.exit_code, 0);
}

// A command whose core module imports a canonical function of WASI 0.3 and calls it, or not.
std::string Component(std::string_view canonical, std::string_view type, std::string_view call) {
  return "(component (core module $main (import \"\" \"f\" (func $f " + std::string(type) +
         ")) (func (export \"run\") (result i32) " + std::string(call) +
         " (i32.const 0))) (core func $f (canon " + std::string(canonical) +
         ")) (core instance $main (instantiate $main (with \"\" (instance (export \"f\" (func "
         "$f))))))"
         R"((func $run (result (result)) (canon lift (core func $main "run")))
         (instance $cli (export "run" (func $run)))
         (export "wasi:cli/run@0.2.0" (instance $cli))))";
}

TEST(FeaturesTest, ComponentsMayImportCanonicalFunctionsOfAsync) {
  const Engine engine = NewEngine();
  const struct {
    std::string_view canonical;
    std::string_view type;
    std::string_view call;
  } cases[] = {
      {"task.cancel", "", ""},
      {"backpressure.inc", "", "(call $f)"},
      {"waitable-set.new", "(result i32)", "(drop (call $f))"},
      {"context.get i32 0", "(result i32)", "(drop (call $f))"},
      {"subtask.drop", "(param i32)", ""},
      {"waitable.join", "(param i32 i32)", ""},
  };
  for (const auto& [canonical, type, call] : cases) {
    const std::string guest = Component(canonical, type, call);
    EXPECT_TRUE(Inspected(engine, guest)) << canonical;
    const Ran ran = RunText(engine, guest);
    EXPECT_EQ(ran.code, WASINN_OK) << canonical << ": " << ran.message;
    EXPECT_EQ(ran.exit_code, 0) << canonical;
  }
}

TEST(FeaturesTest, ComponentThatWaitsForEverIsStopped) {
  const Ran ran = RunText(NewEngine(), R"((component
    (core module $libc (memory (export "memory") 1))
    (core instance $libc (instantiate $libc))
    (core func $new (canon waitable-set.new))
    (core func $wait (canon waitable-set.wait (memory (core memory $libc "memory"))))
    (core module $main
      (import "" "new" (func $new (result i32)))
      (import "" "wait" (func $wait (param i32 i32) (result i32)))
      (func (export "run") (result i32) (call $wait (call $new) (i32.const 16))))
    (core instance $main (instantiate $main (with "" (instance
      (export "new" (func $new)) (export "wait" (func $wait))))))
    (func $run (result (result)) (canon lift (core func $main "run")))
    (instance $cli (export "run" (func $run)))
    (export "wasi:cli/run@0.2.0" (instance $cli))))",
                          {{"run_timeout", "50ms"}});
  // Either it is stopped, or the engine sees that nothing can ever wake it.
  EXPECT_NE(ran.code, WASINN_OK);
}

}  // namespace
}  // namespace wasinn
