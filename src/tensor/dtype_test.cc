#include "tensor/dtype.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

namespace wasinn {
namespace {

TEST(DTypeTest, EveryRowIsConsistent) {
  std::set<std::string_view> names;
  uint32_t expected = 1;
  for (const DType dtype : kAllDTypes) {
    EXPECT_EQ(static_cast<uint32_t>(dtype), expected++);
    EXPECT_TRUE(names.insert(DTypeName(dtype)).second) << DTypeName(dtype);
    EXPECT_EQ(DTypeFromName(DTypeName(dtype)), dtype);
    EXPECT_EQ(DTypeFromNumber(static_cast<uint32_t>(dtype)), dtype);
    EXPECT_EQ(DTypeSize(dtype) == 0, dtype == DType::kString) << DTypeName(dtype);
    EXPECT_EQ(ToC(dtype), static_cast<wasinn_dtype>(dtype));
  }
  EXPECT_EQ(kAllDTypes.size(), 14u);
}

TEST(DTypeTest, DialectColumnsGoBothWaysAndNeverTwiceToOneNumber) {
  for (const auto numbers : {DTypeNumbers::kWitx, DTypeNumbers::kOldWitx, DTypeNumbers::kWit}) {
    std::map<uint32_t, DType> used;
    for (const DType dtype : kAllDTypes) {
      const auto number = ToDialect(numbers, dtype);
      if (!number) continue;
      EXPECT_TRUE(used.emplace(*number, dtype).second) << DTypeName(dtype);
      EXPECT_EQ(FromDialect(numbers, *number), dtype);
    }
    // The numbers of a dialect have no holes.
    for (uint32_t number = 0; number < used.size(); ++number) EXPECT_TRUE(used.contains(number));
    EXPECT_FALSE(FromDialect(numbers, static_cast<uint32_t>(used.size())));
    EXPECT_FALSE(FromDialect(numbers, UINT32_MAX));
    // Types without a number travel as bytes.
    EXPECT_TRUE(ToDialect(numbers, DType::kU8));
  }
}

// The numbers that guests in the field send.
TEST(DTypeTest, NumbersOfTheField) {
  EXPECT_EQ(FromDialect(DTypeNumbers::kWitx, 2), DType::kF64);
  EXPECT_EQ(FromDialect(DTypeNumbers::kOldWitx, 2), DType::kU8);
  EXPECT_EQ(FromDialect(DTypeNumbers::kWitx, 3), DType::kU8);
  EXPECT_EQ(FromDialect(DTypeNumbers::kOldWitx, 3), DType::kI32);
  EXPECT_EQ(FromDialect(DTypeNumbers::kWit, 3), DType::kBF16);
  EXPECT_EQ(FromDialect(DTypeNumbers::kWit, 6), DType::kI64);
}

TEST(DTypeTest, WhatIsNoType) {
  EXPECT_EQ(DTypeName(DType::kNone), "");
  EXPECT_EQ(DTypeSize(DType::kNone), 0u);
  EXPECT_FALSE(ToDialect(DTypeNumbers::kWit, DType::kNone));
  EXPECT_FALSE(DTypeFromName(""));
  EXPECT_FALSE(DTypeFromName("F32"));
  EXPECT_FALSE(DTypeFromNumber(0));
  EXPECT_FALSE(DTypeFromNumber(15));
  EXPECT_FALSE(DTypeFromNumber(UINT32_MAX));
}

}  // namespace
}  // namespace wasinn
