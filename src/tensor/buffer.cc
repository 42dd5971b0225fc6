#include "tensor/buffer.h"

#include "tensor/buffer_pool.h"

namespace wasinn {

void Buffer::Unref() {
  if (refs_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  if (pool_ != nullptr) {
    pool_->TakeBack(this);
    return;
  }
  if (release_ != nullptr) release_(owner_);
  delete this;
}

BufferRef BufferRef::Lend(const void* data, size_t size, void (*release)(void*), void* owner) {
  auto* buffer = new Buffer;
  buffer->data_ = static_cast<uint8_t*>(const_cast<void*>(data));
  buffer->size_ = size;
  buffer->release_ = release;
  buffer->owner_ = owner;
  return BufferRef::Adopt(buffer);
}

}  // namespace wasinn
