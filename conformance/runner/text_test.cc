#include "text.h"

#include <gtest/gtest.h>

namespace wasinn::conformance {
namespace {

TEST(Text, CleaningKeepsTextAndReplacesTheRest) {
  EXPECT_EQ(CleanText("a\tb\r\nä€𝄞"), "a\tb\nä€𝄞");
  EXPECT_EQ(CleanText("\x1b[31m"), "�[31m");
  EXPECT_EQ(CleanText(std::string("\0", 1)), "�");
  EXPECT_EQ(CleanText("\xff\xc3"), "��");
  EXPECT_EQ(CleanText("\xc2\x9b"), "�");          // a control character of two bytes
  EXPECT_EQ(CleanText("\xed\xa0\x80"), "�");      // half a surrogate pair
  EXPECT_EQ(CleanText("\xef\xbf\xbf"), "�");      // no character of XML
  EXPECT_EQ(CleanText("\xf4\x90\x80\x80"), "�");  // past the last character
}

TEST(Text, QuotedWordsComeBackFromAShell) {
  EXPECT_EQ(ShellQuote("--model=a,b:c"), "--model=a,b:c");
  EXPECT_EQ(ShellQuote(""), "''");
  EXPECT_EQ(ShellQuote("it's"), "'it'\\''s'");
  EXPECT_EQ(ShellLine({"a b", "$HOME", "c"}), "'a b' '$HOME' c");
}

TEST(Text, GlobsPassSlashes) {
  EXPECT_TRUE(MatchesGlob("types/*@witx*", "types/identity_i64@witx+onnx"));
  EXPECT_TRUE(MatchesGlob("*i64*", "types/identity_i64@witx+onnx"));
  EXPECT_FALSE(MatchesGlob("types/*@wit-*", "types/identity_i64@witx+onnx"));
}

TEST(Text, SuggestsOnlyWhatIsNear) {
  EXPECT_EQ(Suggest("modles", {"models", "files"}), " (did you mean models?)");
  EXPECT_EQ(Suggest("zebra", {"models", "files"}), "");
}

TEST(Text, ShortensBetweenCharactersAndLines) {
  EXPECT_EQ(Shorten("abc", 3), "abc");
  EXPECT_EQ(Shorten("aää", 2), "a… (5 bytes in all)");
  EXPECT_EQ(Excerpt("1\n2\n\n", 9), "1\n2");
  EXPECT_EQ(Excerpt("first\nsecond\nthird\nfourth\nlast", 16), "first\n[...]\nlast");
  EXPECT_EQ(Excerpt("äääääääää", 8), "ää\n[...]\nää");
  EXPECT_EQ(Excerpt("", 3), "");
}

TEST(Text, EscapesMarkup) {
  EXPECT_EQ(EscapeMarkup("<a href=\"x\" b='y'>&"),
            "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;");
}

}  // namespace
}  // namespace wasinn::conformance
