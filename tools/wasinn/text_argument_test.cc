#include "text_argument.h"

#include <gtest/gtest.h>

#include "files.h"
#include "support/temp_dir.h"

namespace wasinn::cli {
namespace {

TEST(TextArgument, IsItselfOrAFile) {
  const wasinn::testing::TempDir folder;
  const std::string path = folder.path("a,b=c ü.txt");
  const std::string_view text = "@from a file\n";
  ASSERT_TRUE(WriteFile(path, std::as_bytes(std::span(text))));
  EXPECT_EQ(ReadTextArgument("@" + path), text);
  for (const char* argument : {"", "a", "a@b", "/etc/passwd", path.c_str()}) {
    EXPECT_EQ(ReadTextArgument(argument), argument);
  }
  EXPECT_EQ(ReadTextArgument("@@"), "@");
  EXPECT_EQ(ReadTextArgument("@@home"), "@home");
  EXPECT_EQ(ReadTextArgument("@@@home"), "@@home");
}

TEST(TextArgument, AMissingFileIsAnError) {
  EXPECT_EQ(ReadTextArgument("@none").error(),
            "none: there is no such file (a text that begins with @ is written with @@)");
  EXPECT_EQ(ReadTextArgument("@").error(),
            ": there is no such file (a text that begins with @ is written with @@)");
  EXPECT_EQ(ReadTextArgument("@/").error(), "/: expected a file, given a folder");
}

}  // namespace
}  // namespace wasinn::cli
