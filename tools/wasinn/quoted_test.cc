#include "quoted.h"

#include <gtest/gtest.h>

namespace wasinn::cli {
namespace {

using Parts = std::vector<std::string_view>;

TEST(SplitQuoted, SeparatesOutsideOfQuotes) {
  EXPECT_EQ(SplitQuoted("a,b,,c", ","), (Parts{"a", "b", "", "c"}));
  EXPECT_EQ(SplitQuoted("", ","), (Parts{""}));
  EXPECT_EQ(SplitQuoted("a:b:c:d", ":", 3), (Parts{"a", "b", "c:d"}));
  EXPECT_EQ(SplitQuoted("\"a::b\"::c", "::"), (Parts{"\"a::b\"", "c"}));
  EXPECT_EQ(SplitQuoted("nn,nn-graph=onnx::\"a,b\",cli", ","),
            (Parts{"nn", "nn-graph=onnx::\"a,b\"", "cli"}));
  EXPECT_EQ(SplitQuoted("\"a \"\",\"\" b\",c", ","), (Parts{"\"a \"\",\"\" b\"", "c"}));
}

TEST(SplitQuoted, OtherQuotesAreLetters) {
  EXPECT_EQ(SplitQuoted("a\"b,c\"d", ","), (Parts{"a\"b", "c\"d"}));
  EXPECT_EQ(SplitQuoted("\"a,b", ","), (Parts{"\"a", "b"}));
}

TEST(Unquoted, TakesTheQuotesOff) {
  EXPECT_EQ(Unquoted("a b"), "a b");
  EXPECT_EQ(Unquoted(""), "");
  EXPECT_EQ(Unquoted("\"\""), "");
  EXPECT_EQ(Unquoted("\"a::b\""), "a::b");
  EXPECT_EQ(Unquoted("\"say \"\"x\"\"\""), "say \"x\"");
  EXPECT_EQ(Unquoted("\"a"), "\"a");
  EXPECT_EQ(Unquoted("\"a\"b"), "\"a\"b");
}

}  // namespace
}  // namespace wasinn::cli
