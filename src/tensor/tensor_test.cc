#include "tensor/tensor.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace wasinn {
namespace {

std::vector<uint8_t> Strings(const std::vector<std::string>& values) {
  std::vector<uint8_t> bytes;
  for (const std::string& value : values) {
    for (int shift = 0; shift < 32; shift += 8) {
      bytes.push_back(static_cast<uint8_t>(value.size() >> shift));
    }
    bytes.insert(bytes.end(), value.begin(), value.end());
  }
  return bytes;
}

std::string Why(DType dtype, const std::vector<int64_t>& dims, std::span<const uint8_t> bytes) {
  const auto checked = CheckByteSize("input 'x'", dtype, *Shape::OfTensor(dims), bytes);
  if (checked) return "";
  EXPECT_EQ(checked.error().code, Code::kInvalidArgument);
  return checked.error().message;
}

TEST(TensorTest, ByteSizeOfEveryType) {
  for (const DType dtype : kAllDTypes) {
    if (dtype == DType::kString) continue;
    const std::vector<uint8_t> bytes(6 * DTypeSize(dtype));
    EXPECT_EQ(Why(dtype, {2, 3}, bytes), "");
    EXPECT_NE(Why(dtype, {2, 4}, bytes), "");
    EXPECT_EQ(Why(dtype, {0, 3}, {}), "");
    EXPECT_EQ(Why(dtype, {}, std::span(bytes).first(DTypeSize(dtype))), "");
  }
  EXPECT_EQ(Why(DType::kF32, {2, 3}, std::vector<uint8_t>(23)),
            "input 'x': expected 24 bytes for f32 [2,3], given 23");
}

TEST(TensorTest, ByteSizeNeverWraps) {
  EXPECT_EQ(
      Why(DType::kF64, {1ll << 62}, {}),
      "input 'x': expected more than 64 bits of bytes for f64 [4611686018427387904], given 0");
  EXPECT_EQ(Why(DType::kU8, {1ll << 32, 1ll << 32}, {}),
            "input 'x': dims [4294967296,4294967296] have more elements than fit in 64 bits");
}

TEST(TensorTest, StringsAreCounted) {
  const auto two = Strings({"a", "\xC3\xA9"});
  EXPECT_EQ(CountStrings(two), 2u);
  EXPECT_EQ(CountStrings({}), 0u);
  EXPECT_EQ(Why(DType::kString, {2}, two), "");
  EXPECT_EQ(Why(DType::kString, {3}, two), "input 'x': expected 3 strings for dims [3], given 2");
  for (size_t cut = 1; cut < two.size(); ++cut) {
    const bool whole = cut == 5;  // the first string alone
    EXPECT_EQ(CountStrings(std::span(two).first(cut)).has_value(), whole) << cut;
  }
  EXPECT_NE(Why(DType::kString, {1}, std::vector<uint8_t>{255, 255, 255, 255, 1})
                .find("given 5 bytes whose lengths do not add up"),
            std::string::npos);
}

TEST(TensorTest, CopiesAndShares) {
  BufferPool* pool = BufferPool::Create(1 << 20);
  {
    std::vector<uint8_t> bytes = {1, 2, 3};
    const int64_t dims[] = {3};
    const auto tensor = Tensor::Copy(*pool, DType::kU8, *Shape::OfTensor(dims), bytes);
    ASSERT_TRUE(tensor);
    bytes[0] = 9;
    const Tensor shared = *tensor;
    const wasinn_tensor_view view = shared.view();
    EXPECT_EQ(view.dtype, WASINN_DTYPE_U8);
    EXPECT_EQ(view.rank, 1u);
    EXPECT_EQ(view.dims[0], 3);
    EXPECT_EQ(view.size, 3u);
    EXPECT_EQ(static_cast<const uint8_t*>(view.data)[0], 1);
    EXPECT_EQ(view.data, tensor->data.data());
    EXPECT_TRUE(Tensor::Copy(*pool, DType::kU8, Shape(), {}));
    EXPECT_FALSE(Tensor::Copy(*pool, DType::kU8, Shape(), std::vector<uint8_t>(2 << 20)));
  }
  pool->Close();
}

}  // namespace
}  // namespace wasinn
