#include "tensor/shape.h"

#include <gtest/gtest.h>

#include <vector>

namespace wasinn {
namespace {

Shape Of(std::vector<int64_t> dims) { return *Shape::OfPort(dims); }

TEST(ShapeTest, ChecksRankAndDims) {
  EXPECT_EQ(Of({}).rank(), 0u);
  EXPECT_EQ(Of(std::vector<int64_t>(WASINN_MAX_RANK, 1)).rank(), size_t{WASINN_MAX_RANK});
  const auto deep = Shape::OfTensor(std::vector<int64_t>(WASINN_MAX_RANK + 1, 1));
  ASSERT_FALSE(deep);
  EXPECT_EQ(deep.error().code, Code::kTooLarge);
  EXPECT_EQ(deep.error().message, "expected at most 16 dims, given 17");
  const auto negative = Shape::OfTensor(std::vector<int64_t>{1, -1});
  ASSERT_FALSE(negative);
  EXPECT_EQ(negative.error().message, "dim 1: expected at least 0, given -1");
  EXPECT_TRUE(Shape::OfPort(std::vector<int64_t>{1, -1}));
  EXPECT_FALSE(Shape::OfPort(std::vector<int64_t>{-2}));
}

TEST(ShapeTest, ElementsNeverWrap) {
  EXPECT_EQ(Of({}).Elements(), 1u);
  EXPECT_EQ(Of({2, 3, 4}).Elements(), 24u);
  EXPECT_EQ(Of({2, 0, 4}).Elements(), 0u);
  EXPECT_EQ(Of({1ll << 32, 1ll << 31}).Elements(), 1ull << 63);
  EXPECT_EQ(Of({1ll << 32, 1ll << 32}).Elements(), std::nullopt);
  EXPECT_EQ(Of({INT64_MAX, INT64_MAX, INT64_MAX}).Elements(), std::nullopt);
  // A zero makes the product zero wherever it stands.
  EXPECT_EQ(Of({1ll << 32, 1ll << 32, 0}).Elements(), 0u);
  EXPECT_EQ(Of({0, 1ll << 32, 1ll << 32}).Elements(), 0u);
  EXPECT_EQ(Of({2, -1}).Elements(), std::nullopt);
}

TEST(ShapeTest, EqualityAndText) {
  EXPECT_EQ(Of({1, 2}), Of({1, 2}));
  EXPECT_FALSE(Of({1, 2}) == Of({1, 2, 1}));
  EXPECT_FALSE(Of({1, 2}) == Of({1, 3}));
  EXPECT_EQ(Of({}), Shape());
  EXPECT_EQ(Of({1, -1, 3}).ToString(), "[1,?,3]");
  EXPECT_EQ(Of({}).ToString(), "[]");
}

}  // namespace
}  // namespace wasinn
