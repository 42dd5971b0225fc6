// Numbered objects whose numbers are used again.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace wasinn {

// Not thread-safe. Numbers are always smaller than the largest number of objects that were held at
// one time.
template <typename T>
class Slots {
 public:
  uint32_t Add(T value) {
    if (free_.empty()) {
      // So that Remove need not allocate: it is called where nothing may be thrown.
      if (free_.capacity() <= items_.size()) free_.reserve(2 * items_.size() + 16);
      items_.emplace_back(std::move(value));
      return static_cast<uint32_t>(items_.size() - 1);
    }
    const uint32_t number = free_.back();
    free_.pop_back();
    items_[number] = std::move(value);
    return number;
  }

  T* Find(uint32_t number) {
    return number < items_.size() && items_[number] ? &*items_[number] : nullptr;
  }
  const T* Find(uint32_t number) const {
    return number < items_.size() && items_[number] ? &*items_[number] : nullptr;
  }

  void Remove(uint32_t number) noexcept {
    if (Find(number) == nullptr) return;
    items_[number].reset();
    free_.push_back(number);
  }

  size_t size() const { return items_.size() - free_.size(); }

 private:
  std::vector<std::optional<T>> items_;
  std::vector<uint32_t> free_;
};

}  // namespace wasinn
