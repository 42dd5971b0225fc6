// Recycles tensor memory, so that a large tensor costs one copy and not thousands of page faults.
#pragma once

#include <array>
#include <chrono>
#include <vector>

#include "base/mutex.h"
#include "tensor/buffer.h"

namespace wasinn {

// Any thread. Sizes are rounded up to classes (four between two powers of two, so at most a
// quarter is lost); freed blocks are kept in their class and returned to the system when they were
// idle for a while (Trim) or when a new block would exceed the limit.
//
// Create makes the pool and Close ends it; buffers may outlive Close, and the last one then frees
// the pool.
class BufferPool {
 public:
  struct Stats {
    uint64_t in_use = 0;  // bytes of blocks that are in use
    uint64_t idle = 0;    // bytes of blocks that are kept for reuse
    uint64_t limit = 0;
  };

  // `limit`: the maximum bytes in use of all buffers together.
  static BufferPool* Create(uint64_t limit);
  void Close();

  // 64-byte aligned, not zeroed, size 0 allowed. TOO_LARGE above the limit.
  Result<BufferRef> Allocate(uint64_t size);

  // Drops the reference that was leaked (BufferRef::Leak) for the buffer whose bytes start at
  // `data`; NULL is ignored.
  static void Free(void* data);

  // Returns blocks to the system that have been idle for at least `age`.
  void Trim(std::chrono::steady_clock::duration age);
  Stats GetStats();

 private:
  friend class Buffer;
  static constexpr size_t kClasses = 4 * 48;
  // Idle bytes above which a freed block goes back to the system at once.
  static constexpr uint64_t kMaxIdle = 512ull << 20;

  struct IdleBlock {
    Buffer* buffer;
    std::chrono::steady_clock::time_point since;
  };

  static void FreeBlock(Buffer* buffer);
  static void FreeBlocks(Buffer* list);

  explicit BufferPool(uint64_t limit) : limit_(limit) {}
  ~BufferPool() = default;
  void TakeBack(Buffer* buffer) noexcept;
  // Removes idle blocks as a list that is linked by their owner_, for FreeBlocks after the lock is
  // released.
  Buffer* TrimLocked(std::chrono::steady_clock::time_point before) REQUIRES(mutex_);

  const uint64_t limit_;
  Mutex mutex_;
  std::array<std::vector<IdleBlock>, kClasses> idle_ GUARDED_BY(mutex_);
  uint64_t in_use_ GUARDED_BY(mutex_) = 0;
  uint64_t idle_bytes_ GUARDED_BY(mutex_) = 0;
  uint64_t live_ GUARDED_BY(mutex_) = 0;  // buffers in use
  bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace wasinn
