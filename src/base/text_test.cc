#include "base/text.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace wasinn {
namespace {

TEST(TextTest, NearestNamesFindsTyposAndPrefixes) {
  const std::vector<std::string_view> names = {"magika", "resnet50", "resnet18", "whisper"};
  EXPECT_EQ(NearestNames("magica", names), std::vector<std::string_view>{"magika"});
  EXPECT_EQ(NearestNames("resnet", names).size(), 2u);
  EXPECT_EQ(NearestNames("mgaika", names), std::vector<std::string_view>{"magika"});
  EXPECT_EQ(NearestNames("tmep", std::vector<std::string_view>{"temp", "top-k"}),
            std::vector<std::string_view>{"temp"});
  EXPECT_TRUE(NearestNames("zzz", names).empty());
  EXPECT_TRUE(NearestNames(std::string(1000, 'm'), names).empty());
  EXPECT_EQ(Suggest("magica", names), " (did you mean magika?)");
  EXPECT_EQ(Suggest("zzz", names), " (there are: magika, resnet50, resnet18, whisper)");
  EXPECT_EQ(Suggest("zzz", {}), "");
}

TEST(TextTest, ParseSize) {
  EXPECT_EQ(ParseSize("4096"), 4096u);
  EXPECT_EQ(ParseSize(" 64MiB "), 64u << 20);
  EXPECT_EQ(ParseSize("64 mib"), 64u << 20);
  EXPECT_EQ(ParseSize("64M"), 64u << 20);
  EXPECT_EQ(ParseSize("1GB"), 1'000'000'000u);
  EXPECT_EQ(ParseSize("1.5KiB"), 1536u);
  EXPECT_EQ(ParseSize("18446744073709551615"), UINT64_MAX);
  for (const char* bad : {"", "x", "-1", "1XB", "1e3", "inf", "nan", "99999999999TiB", "1 2", "MiB",
                          "18446744073709551616"}) {
    EXPECT_FALSE(ParseSize(bad)) << bad;
  }
}

TEST(TextTest, ParseDuration) {
  EXPECT_EQ(ParseDuration("500"), 500u);
  EXPECT_EQ(ParseDuration("1500ms"), 1500u);
  EXPECT_EQ(ParseDuration("2s"), 2000u);
  EXPECT_EQ(ParseDuration("1.5m"), 90'000u);
  EXPECT_EQ(ParseDuration("1h"), 3'600'000u);
  for (const char* bad : {"", "s", "-2s", "2 days", "infs"})
    EXPECT_FALSE(ParseDuration(bad)) << bad;
}

TEST(TextTest, ParseUintTakesDigitsOnly) {
  EXPECT_EQ(ParseUint("0"), 0u);
  EXPECT_EQ(ParseUint("007"), 7u);
  for (const char* bad : {"", "+1", "-1", " 1", "1 ", "0x1", "18446744073709551616"}) {
    EXPECT_FALSE(ParseUint(bad)) << bad;
  }
}

TEST(TextTest, ParseBool) {
  for (const char* yes : {"true", "1", "yes", " ON "}) EXPECT_EQ(ParseBool(yes), true) << yes;
  for (const char* no : {"false", "0", "No", "off"}) EXPECT_EQ(ParseBool(no), false) << no;
  EXPECT_FALSE(ParseBool("maybe"));
}

TEST(TextTest, FormatSize) {
  EXPECT_EQ(FormatSize(0), "0 B");
  EXPECT_EQ(FormatSize(1023), "1023 B");
  EXPECT_EQ(FormatSize(1536), "1.5 KiB");
  EXPECT_EQ(FormatSize(UINT64_MAX), "16777216.0 TiB");
}

TEST(TextTest, SplitTrimLower) {
  EXPECT_EQ(Split("a,,b", ','), (std::vector<std::string_view>{"a", "", "b"}));
  EXPECT_EQ(Split("", ','), std::vector<std::string_view>{""});
  EXPECT_EQ(Trim("\t a b \r\n"), "a b");
  EXPECT_EQ(Trim(" \n"), "");
  EXPECT_EQ(Lower("AbZ\xC3\x84"), "abz\xC3\x84");
}

TEST(TextTest, PrintableReplacesControlsAndCutsLongText) {
  EXPECT_EQ(Printable("h\xC3\xA9llo \xE2\x82\xAC \xF0\x9F\x98\x80"),
            "h\xC3\xA9llo \xE2\x82\xAC \xF0\x9F\x98\x80");
  EXPECT_EQ(Printable("a\nb\x1B[31m\x7F"), "a?b?[31m?");
  EXPECT_EQ(Printable(std::string_view("\0x", 2)), "?x");
  const std::string cut = Printable(std::string(500, 'a'));
  EXPECT_EQ(cut, std::string(200, 'a') + "...");
}

// Every start of a sequence with every second byte: what comes out is UTF-8 by the rules of a
// strict reader.
TEST(TextTest, PrintableIsAlwaysUtf8) {
  for (int first = 0x80; first <= 0xFF; ++first) {
    for (int second = 0x70; second <= 0xFF; ++second) {
      for (const char* rest : {"", "\x80", "\x80\x80", "z"}) {
        const std::string text =
            std::string{static_cast<char>(first), static_cast<char>(second)} + rest;
        EXPECT_NO_THROW((void)nlohmann::json(Printable(text)).dump()) << first << ' ' << second;
      }
    }
  }
}

}  // namespace
}  // namespace wasinn
