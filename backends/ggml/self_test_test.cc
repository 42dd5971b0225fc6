#include "ggml/self_test.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>
#include <vector>

namespace wasinn::ggml {
namespace {

std::set<std::string>& Tried() {
  static std::set<std::string> tried;
  return tried;
}

TEST(SelfTestTest, ThisMachinesBuildComputesWhatItShould) {
  EXPECT_EQ(SelfTest([](const char* what) { Tried().insert(what); }), "");
  // Every type of weights, by one column and by many.
  for (const char* type :
       {"f32",    "f16",    "bf16",  "q4_0",  "q4_1",  "q5_0",  "q5_1",    "q8_0",
        "q2_K",   "q3_K",   "q4_K",  "q5_K",  "q6_K",  "iq1_s", "iq2_xxs", "iq3_s",
        "iq4_nl", "iq4_xs", "tq1_0", "tq2_0", "mxfp4", "nvfp4", "q1_0",    "q2_0"}) {
    EXPECT_TRUE(Tried().contains(std::string(type) + " weights (CPU) times 1 columns")) << type;
    EXPECT_TRUE(Tried().contains(std::string(type) + " weights (CPU) times 40 columns")) << type;
  }
}

TEST(SelfTestTest, RoundingIsNoDifference) {
  const std::vector<double> expected = {1, -2, 3, 0};
  EXPECT_EQ(Difference(std::vector<float>{1, -2, 3, 0}, expected), "");
  EXPECT_EQ(Difference(std::vector<float>{1.01F, -2.01F, 3.01F, 0.01F}, expected), "");
}

TEST(SelfTestTest, AWrongProductIsADifference) {
  const std::vector<double> expected = {1, -2, 3, 0};
  EXPECT_EQ(Difference(std::vector<float>{0, 0, 0, 0}, expected),
            "expected an error of at most 0.000500, given 1.000000");
  EXPECT_NE(Difference(std::vector<float>{1, -2, 3.2F, 0}, expected), "");
  EXPECT_NE(Difference(std::vector<float>{1, -2, 3, NAN}, expected), "");
}

}  // namespace
}  // namespace wasinn::ggml
