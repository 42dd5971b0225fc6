#include "base/options.h"

#include <gtest/gtest.h>

namespace wasinn {
namespace {

const std::vector<OptionSpec> kTable = {
    {"threads", WASINN_OPTION_INT, WASINN_SCOPE_LOAD, "1", "", 1, 64, "", false},
    {"scale", WASINN_OPTION_FLOAT, WASINN_SCOPE_LOAD, "1", "", 0, 2, "", false},
    {"level", WASINN_OPTION_ENUM, WASINN_SCOPE_LOAD, "all", "basic|all", 0, 0, "", false},
    {"free_dim:", WASINN_OPTION_INT, WASINN_SCOPE_LOAD, "", "", 1, 1e9, "", true},
    {"trace", WASINN_OPTION_BOOL, WASINN_SCOPE_CONTEXT, "false", "", 0, 0, "", false},
    {"note", WASINN_OPTION_TEXT, WASINN_SCOPE_CONTEXT, "", "", 0, 0, "", false},
};

std::string Why(wasinn_option_scope scope, const Options& options) {
  const auto checked = CheckOptions("backend b", kTable, scope, options);
  if (checked) return "";
  EXPECT_EQ(checked.error().code, Code::kInvalidArgument);
  return checked.error().message;
}

TEST(OptionsTest, GoodValuesPass) {
  EXPECT_EQ(Why(WASINN_SCOPE_LOAD,
                {{"threads", "64"}, {"scale", "0.5"}, {"level", "basic"}, {"free_dim:batch", "8"}}),
            "");
  EXPECT_EQ(Why(WASINN_SCOPE_CONTEXT, {{"trace", "true"}, {"note", "anything, at all"}}), "");
}

TEST(OptionsTest, BadValuesSayWhatWasExpected) {
  EXPECT_EQ(Why(WASINN_SCOPE_LOAD, {{"threads", "0"}}),
            "backend b: option 'threads': expected an integer from 1 to 64, given '0'");
  EXPECT_EQ(Why(WASINN_SCOPE_LOAD, {{"threads", "4x"}}),
            "backend b: option 'threads': expected an integer from 1 to 64, given '4x'");
  EXPECT_EQ(Why(WASINN_SCOPE_LOAD, {{"scale", "nan"}}),
            "backend b: option 'scale': expected a number from 0 to 2, given 'nan'");
  EXPECT_EQ(Why(WASINN_SCOPE_LOAD, {{"level", "basic|all"}}),
            "backend b: option 'level': expected one of basic|all, given 'basic|all'");
  EXPECT_EQ(Why(WASINN_SCOPE_CONTEXT, {{"trace", "1"}}),
            "backend b: option 'trace': expected true or false, given '1'");
  EXPECT_EQ(
      Why(WASINN_SCOPE_LOAD, {{"free_dim:batch", ""}}),
      "backend b: option 'free_dim:batch': expected an integer from 1 to 1000000000, given ''");
}

TEST(OptionsTest, UnknownNamesAndOtherScopesAreRefused) {
  EXPECT_EQ(Why(WASINN_SCOPE_LOAD, {{"thread", "1"}}),
            "backend b: unknown load option 'thread' (did you mean threads?)");
  EXPECT_EQ(Why(WASINN_SCOPE_CONTEXT, {{"threads", "1"}}),
            "backend b: unknown context option 'threads' (there are: trace, note)");
}

TEST(OptionsTest, ToCBorrows) {
  const Options options = {{"b", "2"}, {"a", ""}};
  const auto c = ToC(options);
  ASSERT_EQ(c.size(), 2u);
  EXPECT_EQ(View(c[0].name), "a");
  EXPECT_EQ(View(c[0].value), "");
  EXPECT_EQ(c[1].value.data, options.at("b").data());
}

}  // namespace
}  // namespace wasinn
