#include "model/encoding.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace wasinn {
namespace {

TEST(EncodingTest, NamesAndNumbersGoBothWays) {
  const std::string names = EncodingNames();
  size_t count = 0;
  for (std::string_view name : Split(names, ',')) {
    const auto encoding = EncodingFromName(Trim(name));
    ASSERT_TRUE(encoding) << name;
    EXPECT_EQ(EncodingName(*encoding), Trim(name));
    ++count;
  }
  for (uint32_t number = 0; number < count; ++number) EXPECT_TRUE(EncodingFromWitx(number));
  EXPECT_FALSE(EncodingFromWitx(static_cast<uint32_t>(count)));
  EXPECT_FALSE(EncodingFromWitx(256 + 6));  // WasmEdge would cut it to 6
  EXPECT_FALSE(EncodingFromName("ONNX"));
  EXPECT_FALSE(EncodingFromName(""));
}

TEST(EncodingTest, TheDialectsDisagreeOnFiveAndSix) {
  EXPECT_EQ(EncodingFromWitx(5), Encoding::kAutodetect);
  EXPECT_EQ(EncodingFromWitx(6), Encoding::kGgml);
  EXPECT_EQ(EncodingFromWit(5), Encoding::kGgml);
  EXPECT_EQ(EncodingFromWit(6), Encoding::kAutodetect);
  EXPECT_FALSE(EncodingFromWit(7));
}

TEST(EncodingTest, Targets) {
  for (const char* name : {"cpu", "gpu", "tpu", "auto"}) {
    EXPECT_EQ(TargetName(*TargetFromName(name)), name);
  }
  EXPECT_FALSE(TargetFromName("npu"));
  EXPECT_EQ(TargetFromGuest(2), Target::kTpu);
  EXPECT_FALSE(TargetFromGuest(3));  // guests have no auto
}

}  // namespace
}  // namespace wasinn
