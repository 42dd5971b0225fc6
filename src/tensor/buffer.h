// Reference-counted bytes: pooled, 64-byte aligned buffers for tensors, and lent buffers that
// belong to a framework.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "base/error.h"
#include "base/ledger.h"

namespace wasinn {

class BufferPool;

// The target of a BufferRef. Any number of threads may share it; its bytes are filled before it is
// shared. Pooled buffers have this header in front of their bytes.
class Buffer {
 public:
  uint8_t* data() { return data_; }
  const uint8_t* data() const { return data_; }
  size_t size() const { return size_; }
  std::span<const uint8_t> bytes() const { return {data_, size_}; }

  void Ref() { refs_.fetch_add(1, std::memory_order_relaxed); }
  void Unref();

 private:
  friend class BufferPool;
  friend class BufferRef;
  std::atomic<uint32_t> refs_{1};
  uint32_t size_class_ = 0;
  BufferPool* pool_ = nullptr;  // nullptr: lent
  uint8_t* data_ = nullptr;
  size_t size_ = 0;
  void (*release_)(void* owner) = nullptr;  // lent buffers
  void* owner_ = nullptr;
  Ledger* ledger_ = nullptr;  // size_ is charged to it, which keeps it alive; may be nullptr
};

// Owns one reference. Cheap to copy; a null reference has no bytes.
class BufferRef {
 public:
  BufferRef() = default;
  // Takes over the initial reference of `buffer`.
  static BufferRef Adopt(Buffer* buffer) {
    BufferRef ref;
    ref.buffer_ = buffer;
    return ref;
  }
  // Wraps foreign memory; `release(owner)`, unless it is NULL, is called once when the last
  // reference ends, from any thread.
  static BufferRef Lend(const void* data, size_t size, void (*release)(void*), void* owner);

  // Charges the bytes to the ledger until the last reference ends, unless they are charged already.
  // To be called before the buffer is shared.
  Result<> ChargeTo(Ledger* ledger);

  BufferRef(const BufferRef& other) : buffer_(other.buffer_) {
    if (buffer_ != nullptr) buffer_->Ref();
  }
  BufferRef(BufferRef&& other) noexcept : buffer_(std::exchange(other.buffer_, nullptr)) {}
  BufferRef& operator=(BufferRef other) noexcept {
    std::swap(buffer_, other.buffer_);
    return *this;
  }
  ~BufferRef() {
    if (buffer_ != nullptr) buffer_->Unref();
  }

  // Whether the bytes come from a pool and this is the only reference, so that they may be
  // overwritten.
  bool Exclusive() const {
    return buffer_ != nullptr && buffer_->pool_ != nullptr &&
           buffer_->refs_.load(std::memory_order_acquire) == 1;
  }
  // Whether the last reference frees the bytes, so that they live as long as the buffer.
  bool Owned() const {
    return buffer_ != nullptr && (buffer_->pool_ != nullptr || buffer_->release_ != nullptr);
  }
  bool Overlaps(const BufferRef& other) const {
    return size() != 0 && other.size() != 0 && data() < other.data() + other.size() &&
           other.data() < data() + size();
  }
  explicit operator bool() const { return buffer_ != nullptr; }
  uint8_t* data() const { return buffer_ == nullptr ? nullptr : buffer_->data(); }
  size_t size() const { return buffer_ == nullptr ? 0 : buffer_->size(); }
  std::span<const uint8_t> bytes() const { return {data(), size()}; }
  // Turns the reference into a pointer that a C release callback can free with Unref.
  Buffer* Leak() { return std::exchange(buffer_, nullptr); }

 private:
  Buffer* buffer_ = nullptr;
};

}  // namespace wasinn
