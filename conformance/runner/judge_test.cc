// Every way in which a host can end, from real processes: shell scripts that misbehave.
#include "judge.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "pool.h"
#include "test_support.h"

namespace wasinn::conformance {
namespace {

class Judging : public ::testing::Test {
 protected:
  Judging() {
    one_.group = "g";
    one_.name = "c";
    one_.expect = {{"errno", "0", {"1", "~^2."}}, {"out", "~^[0-9 ]+$"}};
    host_.name = "h";
    host_.trap = TrapSign{{134}, "wasm trap"};
    host_.panic = {"panicked at"};
  }

  CaseResult Run(const std::string& body, std::chrono::seconds limit = std::chrono::seconds(20)) {
    Job job;
    job.host = &host_;
    job.one = &one_;
    job.id = "g/c@witx";
    job.dialect = "witx";
    job.command = {folder_.Script("host", body)};
    job.time_limit = limit;
    job.exact = exact_;
    const std::atomic<bool> stop = false;
    return RunJobs({job}, 1, stop, [](const CaseResult&) {}).at(0);
  }

  const Folder folder_;
  Case one_;
  Host host_;
  bool exact_ = false;
};

TEST_F(Judging, PassAcceptableAndFail) {
  EXPECT_EQ(Run("echo errno=0; echo out=1 2; echo done").kind, Kind::kPass);
  const auto accepted = Run("echo errno=23; echo out=1 2; echo done");
  EXPECT_EQ(accepted.kind, Kind::kAcceptable);
  EXPECT_FALSE(accepted.deviates());
  const auto failed = Run("echo errno=5; echo out=1 2; echo extra=x; echo done");
  EXPECT_EQ(failed.kind, Kind::kFail);
  EXPECT_EQ(failed.message, "errno: expected 0, given 5");
  ASSERT_EQ(failed.checks.size(), 3U);
  EXPECT_EQ(failed.checks[0].verdict, Verdict::kMissed);
  EXPECT_EQ(failed.checks[1].verdict, Verdict::kMet);
  EXPECT_EQ(failed.checks[2].verdict, Verdict::kRecorded);
}

TEST_F(Judging, ExactTakesNoOtherAnswerAndWasinnsOwn) {
  one_.wasinn = {{"size", "7"}};
  EXPECT_EQ(Run("echo errno=23; echo size=8; echo out=1 2; echo done").kind, Kind::kAcceptable);
  exact_ = true;
  EXPECT_EQ(Run("echo errno=0; echo size=7; echo out=1 2; echo done").kind, Kind::kPass);
  EXPECT_EQ(Run("echo errno=23; echo size=7; echo out=1 2; echo done").message,
            "errno: expected 0, given 23");
  EXPECT_EQ(Run("echo errno=0; echo size=8; echo out=1 2; echo done").message,
            "size: expected 7, given 8");
  EXPECT_EQ(Run("echo errno=0; echo out=1 2; echo done").kind, Kind::kFail);
}

TEST_F(Judging, RecordedIsNoPassButCanDeviate) {
  one_.recorded = true;
  const std::string good = "echo errno=0; echo more=x; echo out=1 2; echo done";
  const auto recorded = Run(good);
  EXPECT_EQ(recorded.kind, Kind::kRecorded);
  EXPECT_FALSE(recorded.deviates());
  EXPECT_EQ(Run("echo errno=1; echo out=1 2; echo done").kind, Kind::kRecorded);
  EXPECT_EQ(Run("echo errno=9; echo out=1 2; echo done").kind, Kind::kFail);
  EXPECT_EQ(Run(good + "; kill -SEGV $$").kind, Kind::kCrash);
  one_.expect = {};
  EXPECT_EQ(Run("echo errno=9; echo done").kind, Kind::kRecorded);
  EXPECT_EQ(Run("echo errno=9").kind, Kind::kFail);
}

TEST_F(Judging, AKeyThatIsNotPrintedFails) {
  const auto result = Run("echo errno=0; echo done");
  EXPECT_EQ(result.kind, Kind::kFail);
  EXPECT_EQ(result.message, "out: expected ~^[0-9 ]+$, given nothing");
}

TEST_F(Judging, SetUpThatFailed) {
  const auto result = Run("echo 'setup=load: errno 2'; echo done");
  EXPECT_EQ(result.kind, Kind::kSetup);
  EXPECT_EQ(result.message, "could not set up: load: errno 2");
}

TEST_F(Judging, Crash) {
  const auto result = Run("echo errno=0; echo 'last words' >&2; kill -SEGV $$");
  EXPECT_EQ(result.kind, Kind::kCrash);
  EXPECT_EQ(result.message, "killed by SIGSEGV: last words");
  EXPECT_EQ(result.err, "last words");
  EXPECT_EQ(Run("kill -KILL $$").kind, Kind::kCrash);
}

TEST_F(Judging, PanicIsNotACrashOrAnExit) {
  EXPECT_EQ(Run("echo \"thread 'main' panicked at src/x.rs\" >&2; kill -ABRT $$").kind,
            Kind::kPanic);
  const auto result = Run(
      "echo \"thread 'main' panicked at src/x.rs:1\" >&2; echo what it says >&2; echo more >&2; "
      "exit 101");
  EXPECT_EQ(result.kind, Kind::kPanic);
  EXPECT_EQ(result.message, "thread 'main' panicked at src/x.rs:1 what it says");
  // Much may come after it.
  EXPECT_EQ(Run("echo 'panicked at' >&2; seq 200000 >&2; exit 101").kind, Kind::kPanic);
}

TEST_F(Judging, TrapNeedsCodeAndText) {
  const auto trap = Run("echo 'Caused by: wasm trap: unreachable' >&2; exit 134");
  EXPECT_EQ(trap.kind, Kind::kTrap);
  EXPECT_EQ(trap.message, "Caused by: wasm trap: unreachable");
  EXPECT_EQ(Run("exit 134").kind, Kind::kExit);
  EXPECT_EQ(Run("echo wasm trap >&2; exit 1").kind, Kind::kExit);
  EXPECT_EQ(Run("echo wasm trap >&2; echo errno=0; echo out=1; echo done").kind, Kind::kPass);
}

TEST_F(Judging, ExitCode) {
  const auto result =
      Run("echo errno=0; echo out=1; echo done; echo 'no such flag' >&2; "
          "echo '  hint: --help' >&2; exit 2");
  EXPECT_EQ(result.kind, Kind::kExit);
  EXPECT_EQ(result.message, "exit code 2: no such flag");
}

TEST_F(Judging, HangIsKilledWithAllItStarted) {
  const std::string pids = folder_.path() + "/pid";
  const auto result =
      Run("sleep 1000 & echo $! > " + pids + "; echo errno=0; wait", std::chrono::seconds(1));
  EXPECT_EQ(result.kind, Kind::kHang);
  EXPECT_EQ(result.message, "no end after 1 s; killed");
  std::ifstream file(pids);
  pid_t child = 0;
  ASSERT_TRUE(file >> child);
  // The child is gone, or a zombie that was not reaped yet; on a busy machine it takes its time
  // to die.
  const auto ended = [child] {
    std::ifstream stat("/proc/" + std::to_string(child) + "/stat");
    std::string number, name, state = "gone";
    if (stat) stat >> number >> name >> state;
    return state == "gone" || state == "Z" || state == "X";
  };
  for (int i = 0; i < 2000 && !ended(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_TRUE(ended());
  ASSERT_FALSE(result.checks.empty());
  EXPECT_EQ(result.checks[0].given, "0");  // what it printed before is kept
}

TEST_F(Judging, ClosedStreamsAreNoEnd) {
  EXPECT_EQ(Run("exec >&- 2>&-; sleep 1000", std::chrono::seconds(1)).kind, Kind::kHang);
}

TEST_F(Judging, AProcessLeftBehindDoesNotHoldTheRun) {
  const auto result = Run("sleep 1000 & echo errno=0; echo out=1; echo done");
  EXPECT_EQ(result.kind, Kind::kPass);
}

TEST_F(Judging, EndlessOutputIsCut) {
  const auto result = Run("yes errno=0");
  EXPECT_EQ(result.kind, Kind::kFail);
  EXPECT_EQ(result.message, "printed more than is read; killed");
  EXPECT_EQ(Run("yes garbage").kind, Kind::kFail);
}

TEST_F(Judging, Garbage) {
  const auto result = Run("head -c 5000 /dev/urandom; echo; echo '\033[2J<b>'; printf '\\000'");
  EXPECT_EQ(result.kind, Kind::kFail);
  EXPECT_EQ(result.message, "ended without done");
  EXPECT_EQ(result.other.find('\033'), std::string::npos);
}

TEST_F(Judging, DoneMustBeThereOnceAndLast) {
  EXPECT_EQ(Run("echo errno=0; echo out=1").message, "ended without done");
  EXPECT_EQ(Run("echo errno=0; echo done; echo out=1").message, "printed out after done");
  // A host's log may hold such lines, too.
  EXPECT_EQ(Run("echo y=1; echo y=2; echo errno=0; echo out=1; echo done; echo y=3").kind,
            Kind::kPass);
  EXPECT_EQ(Run("echo errno=0; echo errno=0; echo out=1; echo done").message,
            "printed errno twice");
  // Hosts log on stdout, too.
  const auto logged = Run("echo '[info] hello'; echo errno=0; echo out=1; echo done; echo bye");
  EXPECT_EQ(logged.kind, Kind::kPass);
  EXPECT_EQ(logged.other, "[info] hello\nbye");
}

TEST_F(Judging, CopiesMustAllAnswer) {
  one_.copies = 2;
  const std::string all =
      "echo '[0] errno=0'; echo '[1] errno=0'; echo '[1] out=1'; echo '[0] out=2'; ";
  EXPECT_EQ(Run(all + "echo '[0] done'; echo '[1] done'").kind, Kind::kPass);
  EXPECT_EQ(Run(all + "echo '[0] done'").message, "[1] ended without done");
  EXPECT_EQ(Run("echo '[0] errno=0'; echo '[0] out=1'; echo '[0] done'").message,
            "expected 2 copies, given 1");
  const auto wrong =
      Run("echo '[0] errno=0'; echo '[1] errno=7'; echo '[1] out=1'; echo '[0] out=2'; "
          "echo '[0] done'; echo '[1] done'");
  EXPECT_EQ(wrong.message, "[1] errno: expected 0, given 7");
}

TEST_F(Judging, AProgramThatDoesNotStart) {
  Job job;
  job.host = &host_;
  job.one = &one_;
  job.command = {folder_.path() + "/none"};
  job.time_limit = std::chrono::seconds(5);
  const std::atomic<bool> stop = false;
  const auto results = RunJobs({job}, 1, stop, [](const CaseResult&) {});
  EXPECT_EQ(results[0].kind, Kind::kSetup);
  EXPECT_NE(results[0].message.find("No such file"), std::string::npos);
}

TEST_F(Judging, AStopKillsWhatRunsAndSkipsTheRest) {
  Job job;
  job.host = &host_;
  job.one = &one_;
  job.time_limit = std::chrono::seconds(1000);
  job.command = {folder_.Script("quick", "echo errno=0; echo out=1; echo done")};
  std::vector<Job> jobs(4, job);
  jobs[1].command = {folder_.Script("slow", "sleep 1000")};
  std::atomic<bool> stop = false;
  const auto results = RunJobs(jobs, 1, stop, [&](const CaseResult&) { stop = true; });
  EXPECT_EQ(results[0].kind, Kind::kPass);
  for (std::size_t i = 1; i < results.size(); ++i) {
    EXPECT_EQ(results[i].kind, Kind::kSkip) << i;
    EXPECT_EQ(results[i].message, "stopped by a signal") << i;
  }
}

TEST_F(Judging, ManySideBySideKeepTheirOrder) {
  std::vector<Job> jobs;
  for (int i = 0; i < 40; ++i) {
    Job job;
    job.host = &host_;
    job.one = &one_;
    job.time_limit = std::chrono::seconds(60);
    job.id = std::to_string(i);
    job.command = {"/bin/sh", "-c", "echo errno=0; echo out=" + job.id + "; echo done"};
    jobs.push_back(job);
  }
  const std::atomic<bool> stop = false;
  const auto results = RunJobs(jobs, 8, stop, [](const CaseResult&) {});
  for (std::size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(results[i].kind, Kind::kPass);
    EXPECT_EQ(results[i].checks.at(1).given, std::to_string(i));
  }
}

TEST(Meets, TextsAndExpressions) {
  EXPECT_TRUE(Meets("1 2", "1 2"));
  EXPECT_FALSE(Meets("1 2", "1"));
  EXPECT_TRUE(Meets("1 2", "~2$"));
  EXPECT_FALSE(Meets("1 2", "~^2"));
  EXPECT_TRUE(Meets(std::string(1 << 20, 'a'), "~a+"));
}

}  // namespace
}  // namespace wasinn::conformance
