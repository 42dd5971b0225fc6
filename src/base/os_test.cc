#include "base/os.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/stat.h>

#include <filesystem>
#include <thread>

#include "support/temp_dir.h"

namespace wasinn::os {
namespace {
namespace fs = std::filesystem;

class OsTest : public ::testing::Test {
 protected:
  std::string Write(std::string_view name, std::string_view text) const {
    return folder_.Write(name, text);
  }
  const wasinn::testing::TempDir folder_;
  const fs::path dir_ = folder_.path();
};

TEST_F(OsTest, CoresFollowTheAffinityMask) {
  EXPECT_GE(UsableCores(), 1u);
  uint32_t pinned = 0;
  std::thread([&] {
    cpu_set_t set;
    ASSERT_EQ(sched_getaffinity(0, sizeof(set), &set), 0);
    int first = 0;
    while (!CPU_ISSET(first, &set)) ++first;
    CPU_ZERO(&set);
    CPU_SET(first, &set);
    ASSERT_EQ(sched_setaffinity(0, sizeof(set), &set), 0);
    pinned = UsableCores();
  }).join();
  EXPECT_EQ(pinned, 1u);
}

TEST_F(OsTest, MemoryFiguresAreSane) {
  EXPECT_GT(UsableMemory(), 64u << 20);
  EXPECT_GT(ResidentMemory(), 1u << 20);
  EXPECT_LT(ResidentMemory(), UsableMemory());
}

TEST_F(OsTest, StatTellsStatesApart) {
  EXPECT_FALSE(StatFile((dir_ / "none").string()).exists());
  const std::string file = Write("f", "12345");
  const FileState before = StatFile(file);
  EXPECT_TRUE(before.exists());
  EXPECT_FALSE(before.is_dir());
  EXPECT_EQ(before.size, 5u);
  EXPECT_EQ(StatFile(file), before);
  Write("f", "123456");
  EXPECT_NE(StatFile(file), before);
}

TEST_F(OsTest, AFoldersStateIsThatOfItsFiles) {
  Write("a/one", "123");
  Write("a/b/two", "4567");
  const std::string folder = (dir_ / "a").string();
  const FileState before = StatFile(folder);
  EXPECT_TRUE(before.is_dir());
  EXPECT_EQ(before.size, 7u);
  Write("a/b/two", "45678");
  EXPECT_NE(StatFile(folder), before);
  EXPECT_EQ(StatFile(folder).size, 8u);
}

TEST_F(OsTest, ReadsHeadsAndWholeFiles) {
  const std::string path = Write("f", "0123456789");
  EXPECT_EQ(ReadHead(path, 4)->size(), 4u);
  EXPECT_EQ(ReadHead(path, 100)->size(), 10u);
  EXPECT_EQ(*ReadFile(path, 10), "0123456789");
  const auto large = ReadFile(path, 9);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, Code::kTooLarge);
  EXPECT_FALSE(ReadFile(dir_.string(), 10));
}

TEST_F(OsTest, WhatIsNoRegularFileIsNotWaitedFor) {
  const std::string pipe = (dir_ / "pipe").string();
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(StatFile(pipe).kind, FileKind::kPipe);
  EXPECT_EQ(StatFile("/dev/null").kind, FileKind::kDevice);
  const std::string expected = pipe + ": expected a file, given a pipe";
  EXPECT_EQ(ReadHead(pipe, 10).error().message, expected);
  EXPECT_EQ(File::Open(pipe).error().message, expected);
  EXPECT_EQ(File::Open("/dev/zero").error().message, "/dev/zero: expected a file, given a device");
}

TEST_F(OsTest, ReadsPiecesOfAFile) {
  const auto file = File::Open(Write("f", "0123456789"));
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ((*file)->size(), 10u);
  uint8_t bytes[4] = {};
  EXPECT_EQ((*file)->Read(3, bytes), 4u);
  EXPECT_EQ(std::string(bytes, bytes + 4), "3456");
  EXPECT_EQ((*file)->Read(8, bytes), 2u);
  EXPECT_EQ((*file)->Read(100, bytes), 0u);
  const auto missing = File::Open((dir_ / "none").string());
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::kNotFound);
  EXPECT_NE(missing.error().message.find("none"), std::string::npos);
  EXPECT_NE(File::Open(dir_.string()).error().message.find("expected a file, given a folder"),
            std::string::npos);
}

TEST_F(OsTest, LibrariesThatCannotBeOpenedSayWhy) {
  const auto missing = OpenLibrary((dir_ / "none.so").string());
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("none.so"), std::string::npos);
  EXPECT_FALSE(OpenLibrary(Write("text.so", "not a library")));
}

}  // namespace
}  // namespace wasinn::os
