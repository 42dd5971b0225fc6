// Dimensions of a tensor or of a port.
#pragma once

#include <wasinn/types.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/error.h"

namespace wasinn {

// Up to WASINN_MAX_RANK dims, kept in place. In a tensor every dim is >= 0; in a port -1 is "any".
class Shape {
 public:
  Shape() = default;
  // The dims of a tensor: TOO_LARGE above WASINN_MAX_RANK, INVALID_ARGUMENT for a negative dim.
  static Result<Shape> OfTensor(std::span<const int64_t> dims);
  // The dims of a port: -1 allowed.
  static Result<Shape> OfPort(std::span<const int64_t> dims);

  size_t rank() const { return rank_; }
  int64_t operator[](size_t i) const { return dims_[i]; }
  int64_t& operator[](size_t i) { return dims_[i]; }
  const int64_t* data() const { return dims_.data(); }
  std::span<const int64_t> dims() const { return {dims_.data(), rank_}; }
  bool operator==(const Shape& other) const;

  // Product of the dims, 1 for rank 0; nullopt if it overflows or a dim is negative.
  std::optional<uint64_t> Elements() const;
  // "[1,3,?]"
  std::string ToString() const;

 private:
  static Result<Shape> Of(std::span<const int64_t> dims, int64_t min);
  uint8_t rank_ = 0;
  std::array<int64_t, WASINN_MAX_RANK> dims_;
};

}  // namespace wasinn
