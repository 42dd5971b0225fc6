#include "tensor/shape.h"

#include <algorithm>

#include "base/checked.h"

namespace wasinn {

Result<Shape> Shape::Of(std::span<const int64_t> dims, int64_t min) {
  if (dims.size() > WASINN_MAX_RANK) {
    return Fail(Code::kTooLarge, "expected at most {} dims, given {}", WASINN_MAX_RANK,
                dims.size());
  }
  Shape shape;
  shape.rank_ = static_cast<uint8_t>(dims.size());
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] < min) {
      return Fail(Code::kInvalidArgument, "dim {}: expected at least {}, given {}", i, min,
                  dims[i]);
    }
    shape.dims_[i] = dims[i];
  }
  return shape;
}

Result<Shape> Shape::OfTensor(std::span<const int64_t> dims) { return Of(dims, 0); }
Result<Shape> Shape::OfPort(std::span<const int64_t> dims) { return Of(dims, -1); }

bool Shape::operator==(const Shape& other) const {
  return std::ranges::equal(dims(), other.dims());
}

std::optional<uint64_t> Shape::Elements() const {
  uint64_t product = 1;
  bool zero = false;
  bool wraps = false;
  for (const int64_t dim : dims()) {
    if (dim < 0) return std::nullopt;
    if (dim == 0) zero = true;
    const auto next = CheckedMul(product, static_cast<uint64_t>(dim));
    // A later zero makes the product zero, however large the other dims are.
    if (!next) wraps = true;
    product = next.value_or(1);
  }
  if (zero) return 0;
  if (wraps) return std::nullopt;
  return product;
}

std::string Shape::ToString() const {
  std::string text = "[";
  for (size_t i = 0; i < rank_; ++i) {
    if (i != 0) text += ',';
    text += dims_[i] < 0 ? "?" : std::to_string(dims_[i]);
  }
  return text + "]";
}

}  // namespace wasinn
