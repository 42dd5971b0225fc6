#include "base/guest_dirs.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "support/temp_dir.h"

namespace wasinn {
namespace {
namespace fs = std::filesystem;

class GuestDirsTest : public ::testing::Test {
 protected:
  GuestDirsTest() {
    folder_.Write("secret", "secret");
    folder_.Write("given/one", "1");
    folder_.Write("given/deep/two", "22");
    folder_.Write("other/one", "another");
  }
  Code Why(std::string_view path, size_t max = 100) const {
    const auto read = dirs_.ReadFile(path, max);
    return read ? Code::kOk : read.error().code;
  }
  const testing::TempDir folder_;
  GuestDirs dirs_;
};

TEST_F(GuestDirsTest, FilesHaveTheGuestsNames) {
  EXPECT_EQ(Why("one"), Code::kSecurity);
  ASSERT_TRUE(dirs_.Add(folder_.path("given"), "/pics/"));
  for (const char* path :
       {"/pics/one", "pics/one", "./pics/one", "/pics/./one", "/pics//one", "/pics/deep/../one"}) {
    EXPECT_EQ(dirs_.ReadFile(path, 100).value_or(""), "1") << path;
  }
  EXPECT_EQ(dirs_.ReadFile("/pics/deep/two", 100).value_or(""), "22");
  EXPECT_EQ(Why("/pics/two"), Code::kNotFound);
  EXPECT_EQ(Why("/picsone"), Code::kSecurity);
  EXPECT_EQ(Why("/one"), Code::kSecurity);
  EXPECT_EQ(Why(""), Code::kSecurity);
  EXPECT_EQ(Why(folder_.path("given/one")), Code::kSecurity);
  EXPECT_EQ(dirs_.ReadFile("/pics/two", 100).error().message,
            "cannot open file '/pics/two': No such file or directory");
}

TEST_F(GuestDirsTest, TheLongestNameCounts) {
  ASSERT_TRUE(dirs_.Add(folder_.path("given"), "."));
  ASSERT_TRUE(dirs_.Add(folder_.path("other"), "a/b"));
  EXPECT_EQ(dirs_.ReadFile("/one", 100).value_or(""), "1");
  EXPECT_EQ(dirs_.ReadFile("a/b/one", 100).value_or(""), "another");
  EXPECT_EQ(Why("a/one"), Code::kNotFound);
  EXPECT_FALSE(dirs_.Add(folder_.path("none"), "/n"));
  EXPECT_FALSE(dirs_.Add(folder_.path("secret"), "/n"));
}

TEST_F(GuestDirsTest, NothingLeadsOut) {
  ASSERT_TRUE(dirs_.Add(folder_.path("given"), "/"));
  fs::create_symlink("../secret", folder_.path("given/out"));
  fs::create_symlink(folder_.path("secret"), folder_.path("given/far"));
  fs::create_symlink("/proc/self/root", folder_.path("given/root"));
  fs::create_symlink("one", folder_.path("given/in"));
  for (const char* path : {"../secret", "/../secret", "deep/../../secret", "out", "far",
                           "root/etc/passwd", "/proc/self/environ\0"}) {
    EXPECT_NE(Why(path), Code::kOk) << path;
  }
  EXPECT_EQ(Why("../secret"), Code::kSecurity);
  EXPECT_EQ(Why("out"), Code::kSecurity);
  EXPECT_EQ(Why("far"), Code::kSecurity);
  EXPECT_EQ(Why(std::string_view("one\0", 4)), Code::kSecurity);
  EXPECT_EQ(dirs_.ReadFile("in", 100).value_or(""), "1");
}

TEST_F(GuestDirsTest, OnlyFilesOfTheSizeAreRead) {
  ASSERT_TRUE(dirs_.Add(folder_.path("given"), "/"));
  EXPECT_EQ(Why("deep/two", 2), Code::kOk);
  EXPECT_EQ(Why("deep/two", 1), Code::kTooLarge);
  EXPECT_EQ(dirs_.ReadFile("deep/two", SIZE_MAX).value_or(""), "22");
  EXPECT_EQ(Why("deep"), Code::kInvalidArgument);
  EXPECT_EQ(Why("/"), Code::kInvalidArgument);
  EXPECT_EQ(Why(std::string(10000, 'a')), Code::kRuntimeError);
  // Neither waits for someone to write.
  ASSERT_EQ(mkfifo(folder_.path("given/pipe").c_str(), 0600), 0);
  EXPECT_EQ(Why("pipe"), Code::kInvalidArgument);
}

TEST_F(GuestDirsTest, AFolderStaysTheSameOne) {
  ASSERT_TRUE(dirs_.Add(folder_.path("given"), "/"));
  fs::rename(folder_.path("given"), folder_.path("moved"));
  fs::rename(folder_.path("other"), folder_.path("given"));
  EXPECT_EQ(dirs_.ReadFile("one", 100).value_or(""), "1");
}

}  // namespace
}  // namespace wasinn
