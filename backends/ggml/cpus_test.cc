#include "ggml/cpus.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace wasinn::ggml {
namespace {

constexpr std::string_view kAll =
    "x64 sse42 sandybridge haswell skylakex icelake zen4 sapphirerapids";
using Names = std::vector<std::string>;

auto With(const std::set<std::string_view>& features) {
  return [features](std::string_view feature) { return features.contains(feature); };
}

TEST(CpusTest, ThoseThatTheProcessorHasTheBestFirst) {
  EXPECT_EQ(ChooseCpus(kAll, "", With({})), Names{"x64"});
  EXPECT_EQ(ChooseCpus(kAll, "", With({"SSE42"})), (Names{"sse42", "x64"}));
  const std::set<std::string_view> haswell = {"SSE42", "AVX", "F16C", "FMA", "AVX2", "BMI2"};
  EXPECT_EQ(ChooseCpus(kAll, "", With(haswell)), (Names{"haswell", "sandybridge", "sse42", "x64"}));
  EXPECT_EQ(ChooseCpus(kAll, "", [](std::string_view) { return true; }),
            (Names{"sapphirerapids", "zen4", "icelake", "skylakex", "haswell", "sandybridge",
                   "sse42", "x64"}));
  // An AMX that the system does not let us use.
  EXPECT_EQ(
      ChooseCpus(kAll, "", [](std::string_view feature) { return feature != "AMX_TILE"; })->front(),
      "zen4");
}

TEST(CpusTest, AFeatureThatIsMissingInTheMiddleCounts) {
  // As in a virtual machine that hides one.
  EXPECT_EQ(ChooseCpus(kAll, "", With({"SSE42", "AVX", "F16C", "AVX2", "BMI2", "AVX512"}))->front(),
            "sandybridge");
}

TEST(CpusTest, OnlyWhatWasBuilt) {
  const auto all = [](std::string_view) { return true; };
  EXPECT_EQ(ChooseCpus("haswell x64", "", all), (Names{"haswell", "x64"}));
  EXPECT_EQ(ChooseCpus("haswell", "", With({})).error(),
            "expected a processor that can run one of haswell, given one that cannot");
}

TEST(CpusTest, OneThatIsNotInTheTableGoesFirst) {
  EXPECT_EQ(ChooseCpus("native", "", With({})), Names{"native"});
  EXPECT_EQ(ChooseCpus("x64 native", "", With({})), (Names{"native", "x64"}));
}

TEST(CpusTest, AForcedOneThatIsNotThereIsAnError) {
  EXPECT_EQ(ChooseCpus(kAll, "sse42", With({})), Names{"sse42"});
  EXPECT_EQ(ChooseCpus("x64 zen4", "haswell", With({})).error(),
            "WASINN_GGML_CPU: expected one of x64 zen4, given haswell");
}

TEST(CpusTest, ThisProcessorKnowsItself) {
  EXPECT_FALSE(ProcessorHas("SOMETHING"));
  // Every x86-64 with AVX2 has AVX, and those with AMX have AVX512.
  EXPECT_TRUE(!ProcessorHas("AVX2") || ProcessorHas("AVX"));
  EXPECT_TRUE(!ProcessorHas("AMX_TILE") || ProcessorHas("AVX512"));
  EXPECT_TRUE(ChooseCpus(kAll, "", ProcessorHas).has_value());
}

}  // namespace
}  // namespace wasinn::ggml
