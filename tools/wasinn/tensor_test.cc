#include "tensor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "half.h"

namespace wasinn::cli {
namespace {

using nlohmann::json;
using Dims = std::vector<std::int64_t>;

constexpr wasinn_dtype kNumbers[] = {WASINN_DTYPE_F16, WASINN_DTYPE_BF16, WASINN_DTYPE_F32,
                                     WASINN_DTYPE_F64, WASINN_DTYPE_I8,   WASINN_DTYPE_I16,
                                     WASINN_DTYPE_I32, WASINN_DTYPE_I64,  WASINN_DTYPE_U8,
                                     WASINN_DTYPE_U16, WASINN_DTYPE_U32,  WASINN_DTYPE_U64};

TEST(TensorFromJson, EveryNumberTypeComesBack) {
  for (const auto dtype : kNumbers) {
    SCOPED_TRACE(wasinn_dtype_name(dtype));
    const auto tensor = TensorFromJson(json::parse("[[1, 2, 3], [4, 5, 6]]"), dtype);
    ASSERT_TRUE(tensor) << tensor.error();
    EXPECT_EQ(tensor->dims, (Dims{2, 3}));
    EXPECT_EQ(tensor->data.size(), 6 * wasinn_dtype_size(dtype));
    EXPECT_EQ(JsonOfData(tensor->view(), 6), json::parse("[1, 2, 3, 4, 5, 6]"));
    EXPECT_EQ(FirstValues(tensor->view(), 2), "1, 2, ...");
  }
}

TEST(TensorFromJson, IntegersKeepTheirExtremes) {
  const auto same = [](const char* text, wasinn_dtype dtype) {
    const auto tensor = TensorFromJson(json::parse(text), dtype);
    return tensor && JsonOfData(tensor->view(), 9).dump() == text;
  };
  EXPECT_TRUE(same("[-9223372036854775808,9223372036854775807]", WASINN_DTYPE_I64));
  EXPECT_TRUE(same("[18446744073709551615]", WASINN_DTYPE_U64));
  EXPECT_TRUE(same("[-128,127]", WASINN_DTYPE_I8));
}

TEST(TensorFromJson, RefusesWhatTheTypeCannotHold) {
  const auto error = [](const char* text, wasinn_dtype dtype) {
    const auto tensor = TensorFromJson(json::parse(text), dtype);
    return tensor ? std::string("none") : tensor.error();
  };
  EXPECT_EQ(error("[128]", WASINN_DTYPE_I8), "expected i8 values, given 128");
  EXPECT_EQ(error("[-1]", WASINN_DTYPE_U64), "expected u64 values, given -1");
  EXPECT_EQ(error("[1.5]", WASINN_DTYPE_I32), "expected i32 values, given 1.5");
  EXPECT_EQ(error("[2]", WASINN_DTYPE_BOOL), "expected bool values, given 2");
  EXPECT_EQ(error("[\"a\"]", WASINN_DTYPE_F32), "expected f32 values, given \"a\"");
  EXPECT_EQ(error("[1]", WASINN_DTYPE_STRING), "expected string values, given 1");
}

TEST(TensorFromJson, RefusesRaggedAndDeepLists) {
  const auto ragged = TensorFromJson(json::parse("[[1, 2], [3]]"), WASINN_DTYPE_F32);
  ASSERT_FALSE(ragged);
  EXPECT_EQ(ragged.error(), "expected every list of level 1 to have 2 elements, given one of 1");
  EXPECT_FALSE(TensorFromJson(json::parse("[[1], 2]"), WASINN_DTYPE_F32));
  EXPECT_FALSE(TensorFromJson(json::parse("[1, [2]]"), WASINN_DTYPE_F32));
  const std::string deep =
      std::string(WASINN_MAX_RANK + 1, '[') + "1" + std::string(WASINN_MAX_RANK + 1, ']');
  EXPECT_FALSE(TensorFromJson(json::parse(deep), WASINN_DTYPE_F32));
  EXPECT_TRUE(TensorFromJson(json::parse(deep.substr(1, deep.size() - 2)), WASINN_DTYPE_F32));
}

TEST(TensorFromJson, ErrorsShowTheBeginningOfWhatIsNestedDeeply) {
  // Deeper than any stack.
  constexpr int kDeep = 300'000;
  std::string text;
  for (int i = 0; i < kDeep; ++i) text += "{\"a\":";
  text += "1" + std::string(kDeep, '}');
  const auto object = TensorFromJson(json::parse(text), WASINN_DTYPE_F32);
  ASSERT_FALSE(object);
  EXPECT_NE(object.error().find("{\"a\":{\"a\":{\"a\":"), std::string::npos) << object.error();
  const auto list =
      TensorFromJson(json::parse("[1," + std::string(kDeep, '[') + std::string(kDeep, ']') + "]"),
                     WASINN_DTYPE_F32);
  ASSERT_FALSE(list);
  EXPECT_LT(list.error().size(), 200U);
}

TEST(TensorFromJson, ScalarsAndEmptyLists) {
  const auto scalar = TensorFromJson(json(2.5), WASINN_DTYPE_F64);
  ASSERT_TRUE(scalar);
  EXPECT_TRUE(scalar->dims.empty());
  EXPECT_EQ(scalar->data.size(), 8u);
  const auto empty = TensorFromJson(json::parse("[]"), WASINN_DTYPE_F64);
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->dims, Dims{0});
  EXPECT_TRUE(empty->data.empty());
}

TEST(TensorFromText, TextIsOneStringOrBytesOrJson) {
  const auto text = TensorFromText("häuser", WASINN_DTYPE_STRING);
  ASSERT_TRUE(text);
  EXPECT_EQ(text->dims, Dims{1});
  EXPECT_EQ(SplitStrings(text->data, 1).value().front(), "häuser");
  const auto bytes = TensorFromText("abc", WASINN_DTYPE_U8);
  ASSERT_TRUE(bytes);
  EXPECT_EQ(bytes->dims, Dims{3});
  const auto numbers = TensorFromText("[1, 2]", WASINN_DTYPE_F32);
  ASSERT_TRUE(numbers);
  EXPECT_EQ(numbers->dims, Dims{2});
  const auto bad = TensorFromText("one", WASINN_DTYPE_F32);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error(), "expected a number or a JSON list of f32 values, given \"one\"");
}

TEST(FitDims, OnlyWhereThereIsOneWay) {
  EXPECT_EQ(FitDims({4}, Dims{1, 4}), (Dims{1, 4}));
  EXPECT_EQ(FitDims({4}, Dims{-1, 2}), (Dims{2, 2}));
  EXPECT_EQ(FitDims({4}, Dims{-1, -1}), Dims{4});
  EXPECT_EQ(FitDims({4}, Dims{1, 5}), Dims{4});
  EXPECT_EQ(FitDims({4}, Dims{-1, 3}), Dims{4});
  EXPECT_EQ(FitDims({0}, Dims{-1, 0}), Dims{0});
  EXPECT_EQ(FitDims({1}, Dims{}), Dims{});
  EXPECT_EQ(FitDims({2, 2}, Dims{4, 1}), (Dims{2, 2}));
}

TEST(ElementCount, DoesNotWrap) {
  EXPECT_EQ(ElementCount(Dims{}), 1u);
  EXPECT_EQ(ElementCount(Dims{2, 0}), 0u);
  EXPECT_FALSE(ElementCount(Dims{-1}));
  EXPECT_FALSE(ElementCount(Dims{1LL << 62, 1LL << 62}));
}

TEST(SplitStrings, RefusesMalformedData) {
  std::vector<std::byte> data;
  AppendString(data, "ab");
  AppendString(data, "");
  EXPECT_TRUE(SplitStrings(data, 2));
  EXPECT_FALSE(SplitStrings(data, 1));
  EXPECT_FALSE(SplitStrings(data, 3));
  data.pop_back();
  EXPECT_FALSE(SplitStrings(data, 2));
}

TEST(Half, EveryF16ComesBack) {
  for (std::uint32_t bits = 0; bits <= 0xffff; ++bits) {
    const float value = FloatOfF16(static_cast<std::uint16_t>(bits));
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(FloatOfF16(BitsOfF16(value))));
    } else {
      ASSERT_EQ(BitsOfF16(value), bits);
    }
  }
}

TEST(Half, RoundsToNearestEven) {
  EXPECT_EQ(BitsOfF16(1.0f + 0x1p-11f), 0x3c00);
  EXPECT_EQ(BitsOfF16(1.0f + 0x3p-11f), 0x3c02);
  EXPECT_EQ(BitsOfF16(65504.0f), 0x7bff);
  EXPECT_EQ(BitsOfF16(65519.996f), 0x7bff);
  EXPECT_EQ(BitsOfF16(65520.0f), 0x7c00);
  EXPECT_EQ(BitsOfF16(0x1p-25f), 0x0000);
  EXPECT_EQ(BitsOfF16(0x1.8p-25f), 0x0001);
  EXPECT_EQ(BitsOfF16(-0.0f), 0x8000);
  EXPECT_EQ(BitsOfBf16(1.0f + 0x1p-8f), 0x3f80);
  EXPECT_EQ(BitsOfBf16(1.0f + 0x3p-8f), 0x3f82);
  EXPECT_EQ(FloatOfBf16(0x3f80), 1.0f);
  EXPECT_TRUE(std::isnan(FloatOfBf16(BitsOfBf16(std::numeric_limits<float>::quiet_NaN()))));
}

}  // namespace
}  // namespace wasinn::cli
