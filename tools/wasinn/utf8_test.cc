#include "utf8.h"

#include <gtest/gtest.h>

#include "terminal.h"

namespace wasinn::cli {
namespace {

using Kind = Utf8Character::Kind;

TEST(FirstCharacter, TellsWholeOnes) {
  const auto check = [](std::string_view text, char32_t code) {
    const auto character = FirstCharacter(text);
    EXPECT_EQ(character.kind, Kind::kWhole) << text;
    EXPECT_EQ(character.length, text.size()) << text;
    EXPECT_EQ(character.code, code) << text;
    std::string back;
    AppendUtf8(back, code);
    EXPECT_EQ(back, text);
  };
  check(std::string_view("\0", 1), 0);
  check("a", 'a');
  check("ü", 0xfc);
  check("€", 0x20ac);
  check("\xef\xbf\xbf", 0xffff);
  check("\xf0\x90\x80\x80", 0x10000);
  check("\xf4\x8f\xbf\xbf", 0x10ffff);
}

TEST(FirstCharacter, TellsCutAndBadOnes) {
  for (const char* cut : {"\xc3", "\xe2\x82", "\xf0\x90\x80"}) {
    EXPECT_EQ(FirstCharacter(cut).kind, Kind::kCut);
    EXPECT_EQ(FirstCharacter(std::string(cut) + "x").kind, Kind::kBad);
  }
  // Alone, overlong, a surrogate, past the last one.
  for (const char* bad :
       {"\x80", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff"}) {
    EXPECT_EQ(FirstCharacter(bad).kind, Kind::kBad);
  }
}

TEST(Printable, KeepsOnlyUtf8) {
  EXPECT_EQ(Printable("ü\xff\xc3"), "ü��");
  EXPECT_EQ(Printable("a\r\nb\rc", true), "a\nb�c");
  EXPECT_EQ(Printable("\xef\xbf\xbe"), "�");
  // A right-to-left override, and a line separator.
  EXPECT_EQ(Printable("a\u202eb\u2028c\u2066"), "a�b�c�");
  // What emoji and many scripts need.
  EXPECT_EQ(Printable("\u200d\u200f"), "\u200d\u200f");
}

}  // namespace
}  // namespace wasinn::cli
