#include "model/options_text.h"

#include <gtest/gtest.h>

namespace wasinn {
namespace {

TEST(ParseOptionsTextTest, ValuesBecomeText) {
  EXPECT_EQ(*ParseOptionsText("x", R"({"a": "1", "b": 2, "c": 1.5, "d": true, "e": ["x"]})"),
            (Options{{"a", "1"}, {"b", "2"}, {"c", "1.5"}, {"d", "true"}, {"e", "[\"x\"]"}}));
  EXPECT_TRUE(ParseOptionsText("x", "")->empty());
  EXPECT_TRUE(ParseOptionsText("x", " \n")->empty());
  EXPECT_TRUE(ParseOptionsText("x", "{}")->empty());
}

TEST(ParseOptionsTextTest, ErrorsNameWhatIsRead) {
  const auto error = [](std::string_view text) { return ParseOptionsText("x", text).error(); };
  EXPECT_EQ(error("a=1").code, Code::kInvalidEncoding);
  EXPECT_EQ(error("a=1").message, "x: expected a JSON object, given 3 bytes that are not JSON");
  EXPECT_EQ(error("[]").message, "x: expected a JSON object, given 2 bytes that are array");
  EXPECT_EQ(error(R"({"a": null})").code, Code::kInvalidArgument);
  EXPECT_EQ(error(R"({"a": null})").message, "x: option 'a': expected a value, given null");
  EXPECT_EQ(error(std::string((1 << 20) + 1, ' ')).code, Code::kTooLarge);
}

}  // namespace
}  // namespace wasinn
