#include "golden/runner.h"

#include <gtest/gtest.h>

namespace wasinn::golden {
namespace {

constexpr std::string_view kPassing =
    "model m echo\n"
    "  input x u8 2\n"
    "  output y u8 2\n"
    "case load\n"
    "data name text \"m\"\n"
    "space g 4\n"
    "witx load_by_name $name $name.size $g\n"
    "errno 0\n"
    "mem $g u32 0\n";

std::string Replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string result(text);
  result.replace(result.find(from), from.size(), to);
  return result;
}

TEST(GoldenRunner, ACaseThatHoldsPassesAndIsNotRewritten) {
  const Report report = RunText(kPassing, {});
  EXPECT_EQ(report.passed, 1u);
  EXPECT_EQ(report.failed, 0u);
  EXPECT_EQ(report.rebased, kPassing);
}

TEST(GoldenRunner, WrongAndMissingExpectationsFailAndRebaseCorrectsThem) {
  for (const auto& [from, to] :
       {std::pair<std::string_view, std::string_view>{"errno 0", "errno 1"},
        {"mem $g u32 0", "mem $g u32 7"},
        {"errno 0\n", ""}}) {
    const Report report = RunText(Replaced(kPassing, from, to), {});
    EXPECT_EQ(report.failed, 1u) << to;
    EXPECT_FALSE(report.messages.empty());
    EXPECT_EQ(report.rebased, kPassing);
  }
}

TEST(GoldenRunner, AFailedCallMustSayItsError) {
  const std::string unknown = Replaced(kPassing, "text \"m\"", "text \"n\"");
  const Report report = RunText(unknown, {});
  EXPECT_EQ(report.failed, 1u);
  EXPECT_NE(report.rebased.find("errno 8\nerror \"no model is registered"), std::string::npos)
      << report.rebased;
  const Report again = RunText(report.rebased, {});
  EXPECT_EQ(again.passed, 1u) << (again.messages.empty() ? "" : again.messages[0]);
}

TEST(GoldenRunner, ACaseWithoutItsBackendIsSkippedWithAReason) {
  const Report report = RunText("requires none\n" + std::string(kPassing), {});
  EXPECT_EQ(report.skipped, 1u);
  ASSERT_EQ(report.messages.size(), 1u);
  EXPECT_EQ(report.messages[0], "5: load: skipped: the backend none is not built");
}

TEST(GoldenRunner, FaultsOfTheFileFailTheCase) {
  for (const std::string_view text :
       {"case a\nwitx no_such 1\nerrno 0\n", "case a\nput 70000 u8 1\n", "case a\nput $x u8 1\n",
        "case a\nwit graph load-by-name \"m\"\nreturns ok graph\n", "# nothing\n", "nonsense\n"}) {
    EXPECT_EQ(RunText(text, {}).failed, 1u) << text;
  }
}

}  // namespace
}  // namespace wasinn::golden
