// A guest is stopped at once, whatever it is doing.
#include <future>
#include <thread>

#include "guest_runner.h"

namespace wasinn {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Endless in four ways: computing, waiting for a model, sleeping, waiting for input.
constexpr std::string_view kSpin = "(loop $l (br $l))";
constexpr std::string_view kCompute = R"(
  (call $open (i32.const 20))
  (drop (call $compute (i32.load (i32.const 4)))))";
constexpr std::string_view kSleep = R"(
  (i32.store (i32.const 1016) (i32.const 1))
  (i64.store (i32.const 1024) (i64.const 1000000000000))
  (drop (call $poll_oneoff (i32.const 1000) (i32.const 1100) (i32.const 1) (i32.const 1200))))";

class StopTest : public testing::TestWithParam<std::string_view> {
 protected:
  Engine engine_ = NewEngine();
};

// Generous, for machines with more to do than cores; unstopped, the guests take a minute and more.
constexpr milliseconds kSlack(500);

TEST_P(StopTest, ByItsTimeLimit) {
  const Ran ran = RunText(engine_, Module(GetParam()), {{"run_timeout", "50ms"}});
  EXPECT_EQ(ran.code, WASINN_TIMEOUT) << ran.message;
  EXPECT_TRUE(ran.message.contains("run_timeout")) << ran.message;
  EXPECT_GE(ran.time, milliseconds(50));
  EXPECT_LT(ran.time, milliseconds(50) + kSlack);
}

TEST_P(StopTest, ByCancel) {
  const Program program = Expect(engine_.LoadProgram(Bytes(Module(GetParam()))));
  Session session = NewSession(engine_);
  auto canceller = std::async(std::launch::async, [&] {
    std::this_thread::sleep_for(milliseconds(30));
    const auto time = steady_clock::now();
    session.Cancel();
    return time;
  });
  const Ran ran = RunGuest(program, session);
  const auto end = steady_clock::now();
  EXPECT_EQ(ran.code, WASINN_CANCELLED) << ran.message;
  EXPECT_LT(end - canceller.get(), kSlack);
}

TEST_P(StopTest, BeforeItBegins) {
  const Program program = Expect(engine_.LoadProgram(Bytes(Module(GetParam()))));
  Session session = NewSession(engine_);
  session.Cancel();
  EXPECT_EQ(RunGuest(program, session).code, WASINN_CANCELLED);
}

std::string NameOf(const testing::TestParamInfo<std::string_view>& test) {
  static const char* const kNames[] = {"Spins", "Computes", "Sleeps"};
  return kNames[test.index];
}

INSTANTIATE_TEST_SUITE_P(WhileIt, StopTest, testing::Values(kSpin, kCompute, kSleep), NameOf);

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

}  // namespace
}  // namespace wasinn
