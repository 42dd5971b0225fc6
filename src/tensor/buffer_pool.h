// Recycles tensor memory, so that a large tensor costs a copy and not a storm of page faults.
#pragma once

#include <array>
#include <chrono>
#include <vector>

#include "base/mutex.h"
#include "tensor/buffer.h"

namespace wasinn {

// Any thread. Sizes are rounded up to classes (four between two powers of two, so at most a
// quarter is lost); freed blocks wait in their class and are given back to the system when they
// were idle for a while (Trim) or when a new block would pass the limit.
//
// The pool is made with Create and ends with Close; buffers may outlive Close, the last one then
// frees the pool.
class BufferPool {
 public:
  struct Stats {
    uint64_t in_use = 0;  // bytes of blocks that someone holds
    uint64_t idle = 0;    // bytes of blocks that wait
    uint64_t limit = 0;
  };

  // `limit`: bytes in use that all buffers may have together.
  static BufferPool* Create(uint64_t limit);
  void Close();

  // 64-byte aligned, not zeroed, size 0 allowed. TOO_LARGE past the limit.
  Result<BufferRef> Allocate(uint64_t size);

  // Drops the reference that was leaked (BufferRef::Leak) for the buffer whose bytes start at
  // `data`; NULL is ignored.
  static void Free(void* data);

  // Gives back blocks that have been idle for at least `age`.
  void Trim(std::chrono::steady_clock::duration age);
  Stats GetStats();

 private:
  friend class Buffer;
  static constexpr size_t kClasses = 4 * 48;
  // Idle bytes above which a freed block goes back to the system at once.
  static constexpr uint64_t kMostIdle = 512ull << 20;

  struct IdleBlock {
    Buffer* buffer;
    std::chrono::steady_clock::time_point since;
  };

  static void FreeBlock(Buffer* buffer);
  static void FreeBlocks(Buffer* list);

  explicit BufferPool(uint64_t limit) : limit_(limit) {}
  ~BufferPool() = default;
  void TakeBack(Buffer* buffer) noexcept;
  // Takes idle blocks out, as a list through their owner_, for FreeBlocks once the lock is open.
  Buffer* TrimLocked(std::chrono::steady_clock::time_point before) REQUIRES(mutex_);

  const uint64_t limit_;
  Mutex mutex_;
  std::array<std::vector<IdleBlock>, kClasses> idle_ GUARDED_BY(mutex_);
  uint64_t in_use_ GUARDED_BY(mutex_) = 0;
  uint64_t idle_bytes_ GUARDED_BY(mutex_) = 0;
  uint64_t live_ GUARDED_BY(mutex_) = 0;  // buffers that someone holds
  bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace wasinn
