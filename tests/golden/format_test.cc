#include "golden/format.h"

#include <gtest/gtest.h>

namespace wasinn::golden {
namespace {

std::string ErrorOf(std::string_view text) {
  const auto file = Parse(text);
  return file ? "parsed" : file.error().message;
}

TEST(GoldenFormat, StatementsKeepTheirLinesAndBodies) {
  const auto file = Parse(
      "# a remark\n"
      "model m echo delay_ms=5\n"
      "  input x f32 4\n"
      "\n"
      "case first\n"
      "wit graph load-by-name \"a\\x00b\\n\" -> g\n"
      "returns ok graph\n"
      "case second\n"
      "put $at+4 f32 1, -2.5 # two\n");
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_EQ(file->prelude.size(), 1u);
  EXPECT_EQ(file->prelude[0].body, "input x f32 4\n");
  EXPECT_EQ(file->prelude[0].operands.size(), 3u);
  ASSERT_EQ(file->cases.size(), 2u);
  const Statement& call = file->cases[0].statements[0];
  EXPECT_EQ(call.line, 6u);
  EXPECT_EQ(call.bind, "g");
  EXPECT_EQ(call.operands[2].text, std::string("a\0b\n", 4));
  const Statement& put = file->cases[1].statements[0];
  EXPECT_EQ(put.operands[0].text, "at");
  EXPECT_EQ(put.operands[0].offset, 4);
  EXPECT_EQ(put.operands.size(), 4u);
}

TEST(GoldenFormat, ErrorsNameTheLineAndWhatWasExpected) {
  EXPECT_EQ(ErrorOf("case a\nwitx"), "line 2: witx: expected 1 to 6 values, given 0");
  EXPECT_EQ(ErrorOf("case a\nwitz compute"),
            "line 2: no statement named 'witz' (did you mean wit, witx?)");
  EXPECT_EQ(ErrorOf("errno 0"), "line 1: expected an action above the expectation, given ' 0'");
  EXPECT_EQ(ErrorOf("policy a \"b"), "line 1: expected the end of the text, given ''");
  EXPECT_EQ(ErrorOf("put 1 u8 (1 2"), "line 1: expected ), given ''");
  EXPECT_EQ(ErrorOf("case a b"), "line 1: expected case NAME, given 'b'");
  EXPECT_EQ(ErrorOf("  indented"),
            "line 1: expected a line without an indent, or one below `model`, given 'indented'");
  EXPECT_EQ(ErrorOf("cancel -> x"), "line 1: expected -> NAME after a wit call, given ' x'");
  EXPECT_EQ(ErrorOf("policy a $"), "line 1: expected a name after $ before, given ''");
}

TEST(GoldenFormat, DepthAndSizesAreBounded) {
  EXPECT_EQ(ErrorOf("put 1 u8 " + std::string(8, '[') + std::string(8, ']')), "parsed");
  EXPECT_EQ(ErrorOf("put 1 u8 " + std::string(100, '[')).substr(0, 43),
            "line 1: expected brackets at most 8 deep, g");
  EXPECT_EQ(ErrorOf(std::string(kMaxLineBytes + 1, '#')),
            "line 1: expected at most 8192 bytes, given 8193");
  EXPECT_EQ(ErrorOf(std::string(kMaxFileBytes + 1, '\n')),
            "expected a file of at most 1048576 bytes, given 1048577");
}

TEST(GoldenFormat, QuotedTextParsesBackToItself) {
  const std::string text("a\"b\\c\n\t\0\x7f\xc3\xa4", 11);
  const auto file = Parse("policy a " + Quote(text));
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->prelude[0].operands[1].text, text);
}

}  // namespace
}  // namespace wasinn::golden
