#include "tensor/tensor.h"

#include <cstring>

#include "base/checked.h"

namespace wasinn {

Result<Tensor> Tensor::Copy(BufferPool& pool, DType dtype, const Shape& shape,
                            std::span<const uint8_t> bytes) {
  WASINN_TRY(buffer, pool.Allocate(bytes.size()));
  if (!bytes.empty()) std::memcpy(buffer.data(), bytes.data(), bytes.size());
  return Tensor{dtype, shape, std::move(buffer)};
}

std::optional<uint64_t> CountStrings(std::span<const uint8_t> bytes) {
  uint64_t count = 0;
  while (!bytes.empty()) {
    if (bytes.size() < 4) return std::nullopt;
    const uint32_t length =
        bytes[0] | uint32_t{bytes[1]} << 8 | uint32_t{bytes[2]} << 16 | uint32_t{bytes[3]} << 24;
    if (bytes.size() - 4 < length) return std::nullopt;
    bytes = bytes.subspan(4 + size_t{length});
    ++count;
  }
  return count;
}

Tensor TextTensor(const std::shared_ptr<const std::string>& text) {
  using Shared = std::shared_ptr<const std::string>;
  const int64_t dims[] = {static_cast<int64_t>(text->size())};
  return {DType::kU8, *Shape::OfTensor(dims),
          BufferRef::Lend(
              text->data(), text->size(), [](void* owner) { delete static_cast<Shared*>(owner); },
              new Shared(text))};
}

Result<> CheckByteSize(std::string_view what, DType dtype, const Shape& shape,
                       std::span<const uint8_t> bytes) {
  const auto elements = shape.Elements();
  if (!elements) {
    return Fail(Code::kInvalidArgument, "{}: dims {} have more elements than fit in 64 bits", what,
                shape.ToString());
  }
  if (dtype == DType::kString) {
    const auto strings = CountStrings(bytes);
    if (!strings) {
      return Fail(Code::kInvalidArgument,
                  "{}: expected strings as a 4-byte little-endian length and then that many bytes "
                  "each, given {} bytes whose lengths do not add up",
                  what, bytes.size());
    }
    if (*strings != *elements) {
      return Fail(Code::kInvalidArgument, "{}: expected {} strings for dims {}, given {}", what,
                  *elements, shape.ToString(), *strings);
    }
    return {};
  }
  const auto expected = CheckedMul(*elements, DTypeSize(dtype));
  if (!expected || *expected != bytes.size()) {
    return Fail(Code::kInvalidArgument, "{}: expected {} bytes for {} {}, given {}", what,
                expected ? std::to_string(*expected) : "more than 64 bits of", DTypeName(dtype),
                shape.ToString(), bytes.size());
  }
  return {};
}

}  // namespace wasinn
