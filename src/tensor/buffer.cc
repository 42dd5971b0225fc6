#include "tensor/buffer.h"

#include <new>

#include "tensor/buffer_pool.h"

namespace wasinn {
namespace {

// Calls foreign code from code that must not throw.
void Release(void (*release)(void*), void* owner) noexcept {
  try {
    if (release != nullptr) release(owner);
  } catch (...) {
    // The exception is dropped: the callback was called.
  }
}

}  // namespace

void Buffer::Unref() {
  if (refs_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  Ledger* const ledger = std::exchange(ledger_, nullptr);
  const size_t size = size_;
  if (pool_ != nullptr) {
    pool_->TakeBack(this);
  } else {
    Release(release_, owner_);
    delete this;
  }
  // This comes last: bytes that are not charged must be free.
  if (ledger != nullptr) ledger->GiveBack(Ledger::Account::kBytes, size);
}

Result<> BufferRef::ChargeTo(Ledger* ledger) {
  if (size() == 0 || ledger == nullptr || buffer_->ledger_ != nullptr) return {};
  WASINN_CHECK(ledger->Take(Ledger::Account::kBytes, buffer_->size_));
  buffer_->ledger_ = ledger;
  return {};
}

BufferRef BufferRef::Lend(const void* data, size_t size, void (*release)(void*), void* owner) {
  auto* buffer = new (std::nothrow) Buffer;
  if (buffer == nullptr) {
    Release(release, owner);
    throw std::bad_alloc();
  }
  buffer->data_ = static_cast<uint8_t*>(const_cast<void*>(data));
  buffer->size_ = size;
  buffer->release_ = release;
  buffer->owner_ = owner;
  return BufferRef::Adopt(buffer);
}

}  // namespace wasinn
