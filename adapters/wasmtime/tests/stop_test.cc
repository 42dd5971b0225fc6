// A guest is stopped at once, whatever it is doing.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <future>
#include <thread>

#include "guest_runner.h"
#include "support/temp_dir.h"

namespace wasinn {
namespace {

using std::chrono::milliseconds;

// Endless in three ways: computing, waiting for a model, sleeping.
constexpr std::string_view kSpin = "(loop $l (br $l))";
constexpr std::string_view kCompute = R"(
  (call $open (i32.const 20))
  (drop (call $compute (i32.load (i32.const 4)))))";
constexpr std::string_view kSleep = R"(
  (i32.store (i32.const 1016) (i32.const 1))
  (i64.store (i32.const 1024) (i64.const 1000000000000))
  (drop (call $poll_oneoff (i32.const 1000) (i32.const 1100) (i32.const 1) (i32.const 1200))))";

class StopTest : public ::testing::TestWithParam<std::string_view> {
 protected:
  Engine engine_ = NewEngine();
};

TEST_P(StopTest, ByItsTimeLimit) {
  const Ran ran = RunText(engine_, Module(GetParam()), {{"run_timeout", "50ms"}});
  EXPECT_EQ(ran.code, WASINN_TIMEOUT) << ran.message;
  EXPECT_TRUE(ran.message.contains("run_timeout")) << ran.message;
  EXPECT_GE(ran.time, milliseconds(50));
}

TEST_P(StopTest, ByCancel) {
  const Program program = Expect(engine_.LoadProgram(Bytes(Module(GetParam()))));
  Session session = NewSession(engine_);
  auto canceller = std::async(std::launch::async, [&] {
    std::this_thread::sleep_for(milliseconds(30));
    session.Cancel();
  });
  const Ran ran = RunGuest(program, session);
  EXPECT_EQ(ran.code, WASINN_CANCELLED) << ran.message;
}

TEST_P(StopTest, BeforeItBegins) {
  const Program program = Expect(engine_.LoadProgram(Bytes(Module(GetParam()))));
  Session session = NewSession(engine_);
  session.Cancel();
  EXPECT_EQ(RunGuest(program, session).code, WASINN_CANCELLED);
}

std::string NameOf(const ::testing::TestParamInfo<std::string_view>& test) {
  static const char* const kNames[] = {"Spins", "Computes", "Sleeps"};
  return kNames[test.index];
}

INSTANTIATE_TEST_SUITE_P(WhileIt, StopTest, ::testing::Values(kSpin, kCompute, kSleep), NameOf);

TEST(StopOneTest, LeavesOtherGuestsAlone) {
  const Engine engine = NewEngine();
  const Program spin = Expect(engine.LoadProgram(Bytes(Module(kSpin))));
  const Program count = Expect(engine.LoadProgram(Bytes(Module(R"(
    (local $i i32)
    (loop $l
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
                          (i32.const 400000000)))))"))));
  auto counting = std::async(std::launch::async, [&] {
    Session session = NewSession(engine);
    return RunGuest(count, session);
  });
  for (int i = 0; i < 5; ++i) {
    Session session = NewSession(engine, {{"run_timeout", "10ms"}});
    EXPECT_EQ(RunGuest(spin, session).code, WASINN_TIMEOUT);
  }
  const Ran ran = counting.get();
  EXPECT_EQ(ran.code, WASINN_OK) << ran.message;
  EXPECT_EQ(ran.exit_code, 0);
}

TEST(StopOneTest, ThreadRunsItsNextGuest) {
  const Engine engine = NewEngine();
  const Program compute = Expect(engine.LoadProgram(Bytes(Module(kCompute))));
  const Program quick = Expect(engine.LoadProgram(Bytes(Module(""))));
  for (int i = 0; i < 20; ++i) {
    Session stopped = NewSession(engine, {{"run_timeout", "5ms"}});
    EXPECT_EQ(RunGuest(compute, stopped).code, WASINN_TIMEOUT);
    Session session = NewSession(engine);
    EXPECT_EQ(RunGuest(quick, session).exit_code, 0);
  }
}

// So many functions that compiling them takes much longer than the guest may run.
std::string SlowToCompile() {
  std::string functions;
  for (int i = 0; i < 2000; ++i) {
    functions += "(func (param i64) (result i64) (local.get 0)";
    for (int j = 0; j < 20; ++j) {
      functions += "(i64.mul (i64.add (i64.const " + std::to_string(i + j) +
                   ") (local.get 0))) (i64.rotl (local.get 0))";
    }
    functions += ")";
  }
  return Module("(loop $l (br $l))", functions);
}

TEST(StopOneTest, WhileItIsCompiledForTheRun) {
  const Engine engine = NewEngine();
  const Program program = Expect(engine.LoadProgram(Bytes(SlowToCompile())));
  // Fuel counting takes code of its own, which the run compiles. Without the stop the fuel would
  // last for days.
  Session session = NewSession(engine, {{"run_timeout", "1ms"}, {"guest_fuel", "100000000000000"}});
  const Ran ran = RunGuest(program, session);
  EXPECT_EQ(ran.code, WASINN_TIMEOUT) << ran.message;
  // The code whose compilation was begun is there for the next run.
  Session next = NewSession(engine, {{"guest_fuel", "1000"}});
  EXPECT_EQ(RunGuest(program, next).code, WASINN_TOO_LARGE);
}

TEST(StopOneTest, AProgramMayEndWhileItIsCompiledForARun) {
  const Engine engine = NewEngine();
  const Program program = Expect(engine.LoadProgram(Bytes(SlowToCompile())));
  Session session = NewSession(engine, {{"run_timeout", "1ms"}, {"guest_fuel", "1000000"}});
  EXPECT_EQ(RunGuest(program, session).code, WASINN_TIMEOUT);
}

TEST(StopOneTest, InItsStartFunction) {
  const Ran ran = RunText(NewEngine(), R"((module
    (func $spin (loop $l (br $l))) (start $spin) (func (export "_start"))))",
                          {{"run_timeout", "20ms"}});
  EXPECT_EQ(ran.code, WASINN_TIMEOUT) << ran.message;
}

TEST(StopOneTest, InEveryMomentOfAShortRun) {
  // Times around that of a start; each ends one way or the other.
  const Engine engine = NewEngine();
  const Program program = Expect(engine.LoadProgram(Bytes(Module(kSpin))));
  for (int i = 0; i < 200; ++i) {
    Session session = NewSession(engine);
    std::thread canceller([&] {
      std::this_thread::sleep_for(std::chrono::microseconds(2 * i));
      session.Cancel();
    });
    EXPECT_EQ(RunGuest(program, session).code, WASINN_CANCELLED);
    canceller.join();
  }
}

// Opens "pipe" in its folder and reads from it.
std::string ReadsPipe() {
  return R"((module
    (import "wasi_snapshot_preview1" "path_open" (func $open
      (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read"
      (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (data (i32.const 16) "pipe")
    (data (i32.const 32) "\40\00\00\00\10\00\00\00")
    (func (export "_start")
      (local $error i32)
      (local.set $error (call $open (i32.const 3) (i32.const 0) (i32.const 16) (i32.const 4)
        (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 8)))
      (if (local.get $error) (then (call $exit (local.get $error))))
      (call $exit (call $read (i32.load (i32.const 8)) (i32.const 32) (i32.const 1)
        (i32.const 12))))))";
}

class StopAtPipeTest : public ::testing::Test {
 protected:
  StopAtPipeTest() {
    EngineOptions options;
    options.log = [this](wasinn_log_level, std::string_view text) { log_ += text; };
    engine_ = NewEngine(std::move(options));
    EXPECT_EQ(mkfifo(path_.c_str(), 0600), 0);
  }

  Ran Run() {
    RunOptions options;
    options.dirs = {{dir_.path(), ".", false}};
    return RunText(*engine_, ReadsPipe(), {{"run_timeout", "30ms"}}, std::move(options));
  }

  const testing::TempDir dir_;
  const std::string path_ = dir_.path("pipe");
  std::string log_;
  std::optional<Engine> engine_;
};

TEST_F(StopAtPipeTest, ThatNobodyOpens) {
  const Ran ran = Run();
  EXPECT_EQ(ran.code, WASINN_TIMEOUT) << ran.message;
  EXPECT_TRUE(log_.contains("threads that a guest left behind")) << log_;
  // Lets the thread go.
  const int writer = open(path_.c_str(), O_WRONLY | O_NONBLOCK);
  EXPECT_GE(writer, 0);
  close(writer);
}

TEST_F(StopAtPipeTest, AgainAndAgain) {
  // The threads that stay blocked are bounded: then runs are refused, not started.
  int stopped = 0;
  Ran ran;
  for (; stopped < 1000; ++stopped) {
    ran = Run();
    if (ran.code != WASINN_TIMEOUT) break;
  }
  EXPECT_LE(stopped, 64);
  EXPECT_GE(stopped, 60);
  EXPECT_EQ(ran.code, WASINN_BUSY);
  EXPECT_TRUE(ran.message.contains("threads that guests left behind")) << ran.message;
  // Once the pipe responds, they are gone and guests run again.
  const int writer = open(path_.c_str(), O_RDWR);
  ASSERT_GE(writer, 0);
  while (RunText(*engine_, Module("")).code == WASINN_BUSY) {
    EXPECT_EQ(write(writer, "x", 1), 1);
    std::this_thread::yield();
  }
  close(writer);
}

}  // namespace
}  // namespace wasinn
