#include "tensor/buffer_pool.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <new>
#include <utility>

#include "base/os.h"
#include "base/text.h"

namespace wasinn {
namespace {

constexpr size_t kAlign = 64;
// The header precedes the bytes and must not change their alignment.
constexpr size_t kHeader = (sizeof(Buffer) + kAlign - 1) / kAlign * kAlign;
constexpr uint64_t kSmallest = 256;
// Blocks of this size and larger are mapped pages: freeing them really returns them to the system.
constexpr uint64_t kMapped = 256 << 10;
constexpr uint64_t kLargest = 1ull << 46;

struct SizeClass {
  uint32_t index;
  uint64_t block;  // bytes, header included
};

// Classes are 256 * 2^k * (1, 1.25, 1.5, 1.75).
SizeClass ClassOf(uint64_t size) {
  const uint64_t need = std::max(size + kHeader, kSmallest);
  const auto power = static_cast<uint32_t>(std::bit_width(need) - 1);
  const uint64_t base = uint64_t{1} << power;
  const uint64_t step = base / 4;
  const uint64_t quarter = (need - base + step - 1) / step;  // 0..4
  const uint64_t block = base + quarter * step;
  const auto index = static_cast<uint32_t>((power - 8) * 4 + quarter);
  return {index, block};
}

uint64_t BlockSize(uint32_t index) {
  const uint64_t base = uint64_t{1} << (index / 4 + 8);
  return base + (index % 4) * (base / 4);
}

void* AllocateBlock(uint64_t size) {
  return size >= kMapped ? os::MapPages(size) : std::aligned_alloc(kAlign, size);
}

}  // namespace

void BufferPool::FreeBlock(Buffer* buffer) {
  const uint64_t size = BlockSize(buffer->size_class_);
  buffer->~Buffer();
  if (size >= kMapped) {
    os::UnmapPages(buffer, size);
  } else {
    std::free(buffer);
  }
}

void BufferPool::FreeBlocks(Buffer* list) {
  while (list != nullptr) {
    auto* next = static_cast<Buffer*>(list->owner_);
    FreeBlock(list);
    list = next;
  }
}

BufferPool* BufferPool::Create(uint64_t limit) { return new BufferPool(limit); }

void BufferPool::Close() {
  bool last = false;
  Buffer* idle = nullptr;
  {
    MutexLock lock(mutex_);
    idle = TrimLocked(std::chrono::steady_clock::time_point::max());
    closed_ = true;
    last = live_ == 0;
  }
  FreeBlocks(idle);
  if (last) delete this;
}

Result<BufferRef> BufferPool::Allocate(uint64_t size) {
  const auto refuse = [&](uint64_t in_use) {
    return Fail(Code::kTooLarge,
                "buffer limit: expected at most {} bytes for all tensors together, given {} more "
                "on top of {}",
                limit_, size, in_use);
  };
  if (size > kLargest) return refuse(0);
  const SizeClass size_class = ClassOf(size);
  Buffer* buffer = nullptr;
  Buffer* idle = nullptr;
  {
    MutexLock lock(mutex_);
    if (size_class.block > limit_ || in_use_ > limit_ - size_class.block) return refuse(in_use_);
    in_use_ += size_class.block;
    ++live_;
    if (auto& blocks = idle_[size_class.index]; !blocks.empty()) {
      buffer = blocks.back().buffer;
      blocks.pop_back();
      idle_bytes_ -= size_class.block;
    } else if (idle_bytes_ > limit_ - in_use_) {
      // Idle blocks of other sizes would push the process above its limit.
      idle = TrimLocked(std::chrono::steady_clock::time_point::max());
    }
  }
  FreeBlocks(idle);
  if (buffer == nullptr) {
    void* block = AllocateBlock(size_class.block);
    if (block == nullptr) {
      MutexLock lock(mutex_);
      in_use_ -= size_class.block;
      --live_;
      return Fail(Code::kTooLarge, "the system refused {} for a tensor",
                  FormatSize(size_class.block));
    }
    buffer = new (block) Buffer;
    buffer->pool_ = this;
    buffer->size_class_ = size_class.index;
    buffer->data_ = static_cast<uint8_t*>(block) + kHeader;
  }
  buffer->refs_.store(1, std::memory_order_relaxed);
  buffer->size_ = size;
  return BufferRef::Adopt(buffer);
}

void BufferPool::Free(void* data) {
  if (data == nullptr) return;
  reinterpret_cast<Buffer*>(static_cast<uint8_t*>(data) - kHeader)->Unref();
}

void BufferPool::TakeBack(Buffer* buffer) noexcept {
  const uint32_t index = buffer->size_class_;
  const uint64_t block = BlockSize(index);
  bool last = false;
  bool keep = false;
  {
    MutexLock lock(mutex_);
    in_use_ -= block;
    --live_;
    keep = !closed_ && idle_bytes_ + block <= kMaxIdle;
    if (keep) {
      try {
        idle_[index].push_back({buffer, os::CoarseNow()});
        idle_bytes_ += block;
      } catch (const std::bad_alloc&) {
        keep = false;
      }
    }
    last = closed_ && live_ == 0;
  }
  if (!keep) FreeBlock(buffer);
  if (last) delete this;
}

void BufferPool::Trim(std::chrono::steady_clock::duration age) {
  Buffer* idle = nullptr;
  {
    MutexLock lock(mutex_);
    idle = TrimLocked(std::chrono::steady_clock::now() - age);
  }
  // Returning many pages takes long, and no other thread should wait for it.
  FreeBlocks(idle);
}

Buffer* BufferPool::TrimLocked(std::chrono::steady_clock::time_point before) {
  Buffer* list = nullptr;
  for (uint32_t index = 0; index < kClasses; ++index) {
    auto& blocks = idle_[index];
    // Blocks are reused from the back, so the oldest ones are at the front.
    const auto young =
        std::ranges::find_if(blocks, [&](const IdleBlock& block) { return block.since > before; });
    for (auto it = blocks.begin(); it != young; ++it) {
      it->buffer->owner_ = std::exchange(list, it->buffer);
      idle_bytes_ -= BlockSize(index);
    }
    blocks.erase(blocks.begin(), young);
    if (blocks.empty() && blocks.capacity() > 64) blocks.shrink_to_fit();
  }
  return list;
}

BufferPool::Stats BufferPool::GetStats() {
  MutexLock lock(mutex_);
  return {in_use_, idle_bytes_, limit_};
}

}  // namespace wasinn
