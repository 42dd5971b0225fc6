#include "session/carry.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace wasinn {
namespace {

// A tensor of zeros; the bytes are lent, since only their number counts.
Tensor Zeros(DType dtype, const std::vector<int64_t>& dims, size_t bytes) {
  static const std::vector<uint8_t> zeros(4096);
  return {dtype, *Shape::OfTensor(dims), BufferRef::Lend(zeros.data(), bytes, nullptr, nullptr)};
}
Port MakePort(DType dtype, const std::vector<int64_t>& dims) {
  return {"x", dtype, false, *Shape::OfPort(dims), false};
}
Port AnyShape(DType dtype) { return {"x", dtype, true, {}, false}; }

std::string Fit(std::optional<DTypeNumbers> numbers, const Port& port, const Tensor& tensor) {
  const auto fitted = FitToPort(numbers, "input 'x'", port, tensor);
  if (!fitted) {
    EXPECT_EQ(fitted.error().code, Code::kInvalidArgument);
    return fitted.error().message;
  }
  EXPECT_EQ(fitted->data.data(), tensor.data.data());  // shared, never converted
  return fmt::format("{} {}", DTypeName(fitted->dtype), fitted->shape.ToString());
}

TEST(FitTest, TextTakesAnyDims) {
  Port port = MakePort(DType::kU8, {-1});
  port.text = true;
  EXPECT_EQ(Fit({}, port, Zeros(DType::kU8, {1}, 30)), "u8 [30]");
  EXPECT_EQ(Fit({}, port, Zeros(DType::kU8, {5, 6}, 30)), "u8 [30]");
  EXPECT_EQ(Fit({}, port, Zeros(DType::kU8, {7}, 0)), "u8 [0]");
  EXPECT_EQ(Fit({}, port, Zeros(DType::kF32, {1}, 4)),
            "input 'x': expected text (u8), given f32 [1] with 4 bytes");
}

TEST(FitTest, TypeDimsAndBytesMustFit) {
  const Port port = MakePort(DType::kF32, {-1, 3});
  EXPECT_EQ(Fit({}, port, Zeros(DType::kF32, {2, 3}, 24)), "f32 [2,3]");
  EXPECT_EQ(Fit({}, port, Zeros(DType::kF32, {0, 3}, 0)), "f32 [0,3]");
  EXPECT_EQ(Fit({}, port, Zeros(DType::kF32, {2, 4}, 32)),
            "input 'x': expected f32 [?,3], given f32 [2,4] with 32 bytes");
  EXPECT_EQ(Fit({}, port, Zeros(DType::kF32, {6}, 24)),
            "input 'x': expected f32 [?,3], given f32 [6] with 24 bytes");
  EXPECT_EQ(Fit({}, port, Zeros(DType::kI32, {2, 3}, 24)),
            "input 'x': expected f32 [?,3], given i32 [2,3] with 24 bytes");
  EXPECT_EQ(Fit({}, port, Zeros(DType::kF32, {2, 3}, 23)),
            "input 'x': expected 24 bytes for f32 [2,3], given 23");
  EXPECT_EQ(Fit({}, MakePort(DType::kF32, {}), Zeros(DType::kF32, {}, 4)), "f32 []");
  EXPECT_EQ(Fit({}, AnyShape(DType::kNone), Zeros(DType::kI16, {5}, 10)), "i16 [5]");
}

TEST(FitTest, OnlyTypesThatTheDialectCannotNameAreCarried) {
  const Tensor bytes = Zeros(DType::kU8, {24}, 24);
  EXPECT_EQ(Fit(DTypeNumbers::kWit, MakePort(DType::kF32, {6}), bytes),
            "input 'x': expected f32 [6], given u8 [24] with 24 bytes");
  EXPECT_EQ(Fit(std::nullopt, MakePort(DType::kU16, {12}), bytes),
            "input 'x': expected u16 [12], given u8 [24] with 24 bytes");
  EXPECT_EQ(Fit(DTypeNumbers::kWit, MakePort(DType::kU16, {12}), bytes), "u16 [12]");
  EXPECT_EQ(Fit(DTypeNumbers::kWitx, MakePort(DType::kBF16, {12}), bytes), "bf16 [12]");
  EXPECT_EQ(Fit(DTypeNumbers::kOldWitx, MakePort(DType::kI64, {3}), bytes), "i64 [3]");
}

TEST(FitTest, CarriedDimsCountElementsOrBytes) {
  const Port port = MakePort(DType::kU64, {-1, 3});
  EXPECT_EQ(Fit(DTypeNumbers::kWit, port, Zeros(DType::kU8, {2, 3}, 48)), "u64 [2,3]");
  EXPECT_EQ(Fit(DTypeNumbers::kWit, port, Zeros(DType::kU8, {2, 24}, 48)), "u64 [2,3]");
  EXPECT_EQ(Fit(DTypeNumbers::kWit, MakePort(DType::kU64, {2, 3}), Zeros(DType::kU8, {48}, 48)),
            "u64 [2,3]");
  EXPECT_EQ(Fit(DTypeNumbers::kWit, AnyShape(DType::kU64), Zeros(DType::kU8, {48}, 48)), "u64 [6]");
  EXPECT_EQ(Fit(DTypeNumbers::kWit, port, Zeros(DType::kU8, {47}, 47)),
            "input 'x': expected u64 [?,3] carried as u8 bytes (8 bytes an element), given dims "
            "[47] with 47 bytes");
  EXPECT_NE(Fit(DTypeNumbers::kWit, port, Zeros(DType::kU8, {3, 3}, 48)).find("expected u64 [?,3]"),
            std::string::npos);
}

Tensor StringTensor(std::string_view bytes, const std::vector<int64_t>& dims, DType dtype) {
  return {dtype, *Shape::OfTensor(dims),
          BufferRef::Lend(bytes.data(), bytes.size(), nullptr, nullptr)};
}

TEST(FitTest, StringsAreCarriedAsTheirEncodedBytes) {
  using std::string_view_literals::operator""sv;
  constexpr std::string_view kTwo = "\1\0\0\0a\2\0\0\0bc"sv;
  const Port port = MakePort(DType::kString, {2});
  EXPECT_EQ(Fit({}, port, StringTensor(kTwo, {2}, DType::kString)), "string [2]");
  EXPECT_EQ(Fit(DTypeNumbers::kWit, port, StringTensor(kTwo, {2}, DType::kU8)), "string [2]");
  EXPECT_EQ(Fit(DTypeNumbers::kWit, port, StringTensor(kTwo, {11}, DType::kU8)), "string [2]");
  EXPECT_EQ(Fit(DTypeNumbers::kWit, AnyShape(DType::kString), StringTensor(kTwo, {11}, DType::kU8)),
            "string [2]");
  EXPECT_EQ(Fit(DTypeNumbers::kWit, port, StringTensor(kTwo, {3}, DType::kU8)),
            "input 'x': expected 3 strings for dims [3], given 2");
  EXPECT_NE(Fit(DTypeNumbers::kWit, port, StringTensor(kTwo.substr(0, 10), {10}, DType::kU8))
                .find("do not add up"),
            std::string::npos);
}

std::string Out(DTypeNumbers numbers, Tensor tensor) {
  const Tensor out = FitToDialect(numbers, std::move(tensor));
  EXPECT_EQ(out.shape.Elements(), out.data.size() / DTypeSize(out.dtype));
  return fmt::format("{} {}", DTypeName(out.dtype), out.shape.ToString());
}

TEST(FitToDialectTest, NamedTypesStayAndOthersBecomeBytes) {
  EXPECT_EQ(Out(DTypeNumbers::kWit, Zeros(DType::kBF16, {2, 3}, 12)), "bf16 [2,3]");
  EXPECT_EQ(Out(DTypeNumbers::kWitx, Zeros(DType::kBF16, {2, 3}, 12)), "u8 [2,6]");
  EXPECT_EQ(Out(DTypeNumbers::kWit, Zeros(DType::kU64, {2, 3}, 48)), "u8 [2,24]");
  EXPECT_EQ(Out(DTypeNumbers::kWit, Zeros(DType::kU64, {}, 8)), "u8 [8]");
  EXPECT_EQ(Out(DTypeNumbers::kWit, Zeros(DType::kString, {0}, 0)), "u8 [0]");
  EXPECT_EQ(Out(DTypeNumbers::kWit, Zeros(DType::kU64, {0, INT64_MAX}, 0)), "u8 [0]");
}

TEST(FitToDialectTest, WhatGoesOutComesInAgain) {
  for (const DType dtype : kAllDTypes) {
    if (dtype == DType::kString) continue;
    const size_t bytes = 6 * DTypeSize(dtype);
    for (const auto numbers : {DTypeNumbers::kWitx, DTypeNumbers::kOldWitx, DTypeNumbers::kWit}) {
      const Tensor out = FitToDialect(numbers, Zeros(dtype, {2, 3}, bytes));
      EXPECT_TRUE(ToDialect(numbers, out.dtype));
      EXPECT_EQ(Fit(numbers, MakePort(dtype, {-1, 3}), out),
                fmt::format("{} [2,3]", DTypeName(dtype)));
    }
  }
}

}  // namespace
}  // namespace wasinn
