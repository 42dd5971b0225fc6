#include "ggml/build_check.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace wasinn::ggml {
namespace {

namespace fs = std::filesystem;

// A folder with a build, and a program that reports the result that the test chooses.
class BuildCheckTest : public ::testing::Test {
 protected:
  BuildCheckTest() {
    std::string pattern = (fs::temp_directory_path() / "wasinn-check-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    std::ofstream(Build()) << "a build";
  }
  ~BuildCheckTest() override { fs::remove_all(folder_); }

  std::string Build() const { return folder_ / "build.so"; }
  std::string Kept() const { return folder_ / "cache/wasinn/ggml"; }

  // A program that does this; each of its runs leaves a line in `runs`.
  std::string Program(const std::string& does) const {
    const fs::path path = folder_ / "program";
    std::ofstream(path) << "#!/bin/sh\necho $1 >> " << (folder_ / "runs").string() << "\n"
                        << does << "\n";
    fs::permissions(path, fs::perms::owner_all);
    return path;
  }
  size_t Runs() const {
    std::ifstream file(folder_ / "runs");
    return std::count(std::istreambuf_iterator<char>(file), {}, '\n');
  }

  fs::path folder_;
};

TEST_F(BuildCheckTest, TheVerdictIsTheProgramsLine) {
  EXPECT_EQ(TryBuild(Program("echo works"), Build()).state, BuildState::kWorks);
  const BuildCheck fails = TryBuild(Program("echo 'fails: of this'; exit 1"), Build());
  EXPECT_EQ(fails.state, BuildState::kFails);
  EXPECT_EQ(fails.why, "of this");
}

TEST_F(BuildCheckTest, WithoutAVerdictNothingIsKnown) {
  for (const char* does : {"exit 0", "echo perhaps", "kill -9 $$"}) {
    const BuildCheck none = TryBuild(Program(does), Build());
    EXPECT_EQ(none.state, BuildState::kUnknown) << does;
    EXPECT_EQ(none.why, "the check of it ended without a verdict") << does;
  }
  const BuildCheck missing = TryBuild(folder_ / "none", Build());
  EXPECT_EQ(missing.state, BuildState::kUnknown);
  EXPECT_EQ(missing.why, (folder_ / "none").string() + ": No such file or directory");
}

TEST_F(BuildCheckTest, TheProgramGetsNothingOfThisProcess) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);  // without close-on-exec
  EXPECT_EQ(TryBuild(Program("test -e /proc/self/fd/" + std::to_string(ends[1]) +
                             " && echo 'fails: an open file' || echo works"),
                     Build())
                .state,
            BuildState::kWorks);
  close(ends[0]);
  close(ends[1]);
}

TEST_F(BuildCheckTest, AHostThatIgnoresItsChildrenKeepsDoingSo) {
  const auto before = std::signal(SIGCHLD, SIG_IGN);
  EXPECT_EQ(TryBuild(Program("echo works"), Build()).state, BuildState::kWorks);
  EXPECT_EQ(TryBuild(Program("exit 1"), Build()).state, BuildState::kUnknown);
  EXPECT_EQ(std::signal(SIGCHLD, before), SIG_IGN);
}

TEST_F(BuildCheckTest, WhatWasFoundIsRememberedForTheFile) {
  EXPECT_EQ(CheckBuild(Program("echo works"), Build(), Kept()).state, BuildState::kWorks);
  EXPECT_EQ(CheckBuild(Program("echo fails: no"), Build(), Kept()).state, BuildState::kWorks);
  EXPECT_EQ(Runs(), 1u);
  std::ofstream(Build()) << "another build";
  EXPECT_EQ(CheckBuild(Program("echo 'fails: now'"), Build(), Kept()).state, BuildState::kFails);
  EXPECT_EQ(CheckBuild(Program("echo works"), Build(), Kept()).why, "now");
  EXPECT_EQ(Runs(), 2u);
}

TEST_F(BuildCheckTest, AnotherProcessorIsTriedAgain) {
  EXPECT_EQ(CheckBuild(Program("echo 'fails: here'"), Build(), Kept()).why, "here");
  const fs::path kept = fs::directory_iterator(Kept())->path();
  std::ifstream file(kept);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  ASSERT_TRUE(text.find("microcode") != std::string::npos &&
              text.find("flags") != std::string::npos)
      << text;
  text.insert(text.find("microcode"), "other ");
  std::ofstream(kept) << text;
  EXPECT_EQ(CheckBuild(Program("echo works"), Build(), Kept()).state, BuildState::kWorks);
  EXPECT_EQ(Runs(), 2u);
}

TEST_F(BuildCheckTest, WhatIsUnknownIsNotRemembered) {
  EXPECT_EQ(CheckBuild(Program("exit 1"), Build(), Kept()).state, BuildState::kUnknown);
  EXPECT_EQ(CheckBuild(Program("echo works"), Build(), Kept()).state, BuildState::kWorks);
  EXPECT_EQ(Runs(), 2u);
}

TEST_F(BuildCheckTest, AFolderThatOthersMayWriteToIsNotUsed) {
  for (const auto others : {fs::perms::group_write, fs::perms::others_write}) {
    fs::create_directories(Kept());
    fs::permissions(Kept(), fs::perms::owner_all | others);
    CheckBuild(Program("echo works"), Build(), Kept());
    EXPECT_TRUE(fs::is_empty(Kept()));
  }
  // Nor is a file in a good one.
  fs::permissions(Kept(), fs::perms::owner_all);
  CheckBuild(Program("echo works"), Build(), Kept());
  const fs::path kept = fs::directory_iterator(Kept())->path();
  fs::permissions(kept, fs::perms::all);
  CheckBuild(Program("echo works"), Build(), Kept());
  EXPECT_EQ(Runs(), 4u);
}

TEST_F(BuildCheckTest, WithoutAFolderItIsTriedEachTime) {
  std::ofstream(folder_ / "cache") << "a file";
  for (const std::string& none : {Kept(), std::string()}) {
    EXPECT_EQ(CheckBuild(Program("echo works"), Build(), none).state, BuildState::kWorks);
  }
  EXPECT_EQ(Runs(), 2u);
}

TEST_F(BuildCheckTest, AProcessThatMayWriteNoFilesGoesOn) {
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const std::string program = Program("");  // that leaves no line
  std::ofstream(program) << "#!/bin/sh\necho works\n";
  const rlimit none{0, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &none);
  const BuildState state = CheckBuild(program, Build(), Kept()).state;
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(state, BuildState::kWorks);
  EXPECT_TRUE(fs::is_empty(Kept()));
}

TEST_F(BuildCheckTest, ALinkIsNoResult) {
  CheckBuild(Program("echo works"), Build(), Kept());
  const fs::path kept = fs::directory_iterator(Kept())->path();
  fs::rename(kept, folder_ / "elsewhere");
  fs::create_symlink(folder_ / "elsewhere", kept);
  CheckBuild(Program("echo works"), Build(), Kept());
  EXPECT_EQ(Runs(), 2u);
}

}  // namespace
}  // namespace wasinn::ggml
