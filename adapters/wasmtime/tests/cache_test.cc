// The cache of compiled code, from outside: hits, broken files, and processes that are killed while
// they write.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "guest_runner.h"
#include "support/temp_dir.h"

namespace wasinn {

// This program with this flag and a folder is a process that writes to that cache.
constexpr const char* kWriterFlag = "--write-cache-for-ever";

namespace {

namespace fs = std::filesystem;

Engine NewCachedEngine(const fs::path& dir) {
  EngineOptions options;
  options.cache_dir = dir.string();
  return NewEngine(std::move(options));
}

std::vector<fs::path> CodeFiles(const fs::path& dir) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(dir)) {
    if (entry.path().extension() == ".code") files.push_back(entry.path());
  }
  return files;
}

// Quick to compile, but with much to write: a segment of data is a part of the code's file.
std::string LargeModule() { return Module("", "(data \"" + std::string(8 << 20, 'x') + "\")"); }

TEST(CacheTest, SecondEngineTakesTheCode) {
  const testing::TempDir dir;
  const std::string text = Module("(call $exit (i32.const 3))");
  EXPECT_FALSE(Expect(NewCachedEngine(dir.path()).LoadProgram(Bytes(text))).stats().from_cache);
  const Engine engine = NewCachedEngine(dir.path());
  const Program program = Expect(engine.LoadProgram(Bytes(text)));
  EXPECT_TRUE(program.stats().from_cache);
  Session session = NewSession(engine);
  EXPECT_EQ(RunGuest(program, session).exit_code, 3);
  // Another guest, and the same with fuel counting, have code of their own.
  EXPECT_FALSE(Expect(engine.LoadProgram(Bytes(Module("")))).stats().from_cache);
  Session metered = NewSession(engine, {{"guest_fuel", "1000000"}});
  EXPECT_EQ(RunGuest(program, metered).exit_code, 3);
  EXPECT_EQ(CodeFiles(dir.path()).size(), 3u);
}

TEST(CacheTest, BrokenFileIsWrittenAgain) {
  const testing::TempDir dir;
  const std::string text = Module("(call $exit (i32.const 4))");
  Expect(NewCachedEngine(dir.path()).LoadProgram(Bytes(text)));
  const auto files = CodeFiles(dir.path());
  ASSERT_EQ(files.size(), 1u);
  const auto size = fs::file_size(files[0]);
  {
    std::fstream file(files[0], std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(size / 2));
    file.write("broken", 6);
  }
  for (const bool from_cache : {false, true}) {
    const Engine engine = NewCachedEngine(dir.path());
    const Program program = Expect(engine.LoadProgram(Bytes(text)));
    EXPECT_EQ(program.stats().from_cache, from_cache);
    Session session = NewSession(engine);
    EXPECT_EQ(RunGuest(program, session).exit_code, 4);
  }
}

TEST(CacheTest, UnusableFolderOnlyCostsTime) {
  const testing::TempDir dir;
  const fs::path file = dir.path("file");
  std::ofstream(file) << "not a folder";
  std::string log;
  EngineOptions options;
  options.cache_dir = (file / "cache").string();
  options.log = [&](wasinn_log_level, std::string_view text) { log += text; };
  const Engine engine = NewEngine(std::move(options));
  EXPECT_EQ(RunText(engine, Module("(call $exit (i32.const 5))")).exit_code, 5);
  EXPECT_TRUE(log.contains("compiled code is not kept")) << log;
}

TEST(CacheTest, EnginesThatWriteAtTheSameTime) {
  const testing::TempDir dir;
  const std::string text = LargeModule();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back(
        [&] { EXPECT_EQ(RunText(NewCachedEngine(dir.path()), text).exit_code, 0); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(CodeFiles(dir.path()).size(), 1u);
  EXPECT_TRUE(Expect(NewCachedEngine(dir.path()).LoadProgram(Bytes(text))).stats().from_cache);
}

bool HasTemporary(const fs::path& dir) {
  std::error_code ignored;
  for (const auto& entry : fs::recursive_directory_iterator(dir, ignored)) {
    if (entry.path().extension() == ".tmp") return true;
  }
  return false;
}

// Starts this program again as a process that compiles the guest and writes its code, for ever.
pid_t StartWriter(const fs::path& dir) {
  const pid_t child = fork();
  if (child == 0) {
    execl("/proc/self/exe", "writer", kWriterFlag, dir.c_str(), nullptr);
    _exit(127);
  }
  return child;
}

TEST(CacheTest, KilledWriterLeavesAWorkingCache) {
  const testing::TempDir dir;
  const std::string text = LargeModule();
  int killed_while_writing = 0;
  for (int i = 0; i < 6; ++i) {
    const pid_t child = StartWriter(dir.path());
    ASSERT_GT(child, 0);
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!HasTemporary(dir.path()) && std::chrono::steady_clock::now() < give_up) {
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    ASSERT_EQ(kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself";
    killed_while_writing += HasTemporary(dir.path()) ? 1 : 0;
    ASSERT_EQ(RunText(NewCachedEngine(dir.path()), text).exit_code, 0);
    for (const auto& entry : fs::directory_iterator(dir.path())) fs::remove_all(entry.path());
  }
  EXPECT_GT(killed_while_writing, 0);
}

}  // namespace

int RunWriter(const char* dir) {
  const std::string text = LargeModule();
  const Engine engine = NewCachedEngine(dir);
  for (;;) {
    if (!engine.LoadProgram(Bytes(text))) return 1;
    for (const fs::path& file : CodeFiles(dir)) fs::remove(file);
  }
}

}  // namespace wasinn

int main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == wasinn::kWriterFlag) {
    return wasinn::RunWriter(argv[2]);
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
