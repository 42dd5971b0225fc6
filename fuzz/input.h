// Reads structured values off a fuzzer's bytes, front to back; an exhausted input gives zeros.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

namespace wasinn::fuzz {

class Input {
 public:
  Input(const uint8_t* data, size_t size) : bytes_(data, size) {}

  bool empty() const { return bytes_.empty(); }
  uint8_t Byte() {
    const auto taken = Take(1);
    return taken.empty() ? 0 : taken[0];
  }
  template <typename T>
  T Number() {
    T value = 0;
    for (size_t i = 0; i < sizeof(T); ++i) value |= static_cast<T>(T{Byte()} << (8 * i));
    return value;
  }
  // At most `max` bytes.
  std::span<const uint8_t> Take(size_t max) {
    const auto taken = bytes_.first(std::min(max, bytes_.size()));
    bytes_ = bytes_.subspan(taken.size());
    return taken;
  }
  std::span<const uint8_t> Rest() { return Take(bytes_.size()); }

 private:
  std::span<const uint8_t> bytes_;
};

inline std::string_view Text(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// A finding: what must hold did not.
inline void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace wasinn::fuzz
