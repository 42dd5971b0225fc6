#include "ggml/cpus.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace wasinn::ggml {
namespace {

constexpr std::string_view kAll = "x64 sse42 sandybridge haswell skylakex icelake zen4";

auto With(const std::set<std::string_view>& features) {
  return [features](std::string_view feature) { return features.contains(feature); };
}

TEST(CpusTest, TheBestThatTheProcessorHas) {
  EXPECT_EQ(ChooseCpu(kAll, "", With({})), "x64");
  EXPECT_EQ(ChooseCpu(kAll, "", With({"SSE42"})), "sse42");
  EXPECT_EQ(ChooseCpu(kAll, "", With({"SSE42", "AVX"})), "sandybridge");
  const std::set<std::string_view> haswell = {"SSE42", "AVX", "F16C", "FMA", "AVX2", "BMI2"};
  EXPECT_EQ(ChooseCpu(kAll, "", With(haswell)), "haswell");
  EXPECT_EQ(ChooseCpu(kAll, "", [](std::string_view) { return true; }), "zen4");
}

TEST(CpusTest, AFeatureThatIsMissingInTheMiddleCounts) {
  // As in a virtual machine that hides one.
  EXPECT_EQ(ChooseCpu(kAll, "", With({"SSE42", "AVX", "F16C", "AVX2", "BMI2", "AVX512"})),
            "sandybridge");
}

TEST(CpusTest, OnlyWhatWasBuilt) {
  const auto all = [](std::string_view) { return true; };
  EXPECT_EQ(ChooseCpu("haswell x64", "", all), "haswell");
  EXPECT_EQ(ChooseCpu("haswell", "", With({})).error(),
            "expected a processor that can run one of haswell, given one that cannot");
}

TEST(CpusTest, AForcedOneThatIsNotThereIsAnError) {
  EXPECT_EQ(ChooseCpu(kAll, "sse42", With({})), "sse42");
  EXPECT_EQ(ChooseCpu("x64 zen4", "haswell", With({})).error(),
            "WASINN_GGML_CPU: expected one of x64 zen4, given haswell");
}

TEST(CpusTest, ThisProcessorKnowsItself) {
  EXPECT_FALSE(ProcessorHas("SOMETHING"));
  // Every x86-64 with AVX2 has AVX.
  EXPECT_TRUE(!ProcessorHas("AVX2") || ProcessorHas("AVX"));
  EXPECT_TRUE(ChooseCpu(kAll, "", ProcessorHas).has_value());
}

}  // namespace
}  // namespace wasinn::ggml
