#include "session/stopper.h"

#include <utility>

namespace wasinn {

Stopper::Entry& Stopper::Entry::operator=(Entry&& other) noexcept {
  if (this == &other) return *this;
  Leave();
  stopper_ = std::exchange(other.stopper_, nullptr);
  item_ = other.item_;
  return *this;
}

void Stopper::Entry::Leave() noexcept {
  if (stopper_ == nullptr) return;
  std::list<Item> left;  // freed after the lock
  MutexLock lock(stopper_->mutex_);
  left.splice(left.begin(), stopper_->items_, item_);
  stopper_ = nullptr;
}

Stopper::Entry Stopper::Add(const std::shared_ptr<Cancellable>& what) {
  std::list<Item> added;
  added.push_back({what, false});
  Entry entry;
  entry.stopper_ = this;
  entry.item_ = added.begin();
  {
    MutexLock lock(mutex_);
    items_.splice(items_.begin(), added);
    if (!stopped()) return entry;
  }
  what->Cancel(error());
  return entry;
}

void Stopper::SetInline(std::shared_ptr<Execution> execution) noexcept {
  MutexLock lock(mutex_);
  inline_.swap(execution);
}

void Stopper::Stop(Error why) noexcept {
  {
    MutexLock lock(mutex_);
    if (stopped()) return;
    error_ = std::move(why);
    code_.store(error_.code, std::memory_order_release);
  }
  on_stop_.Fire();
  CancelAll(error());
}

void Stopper::CancelAll(const Error& why) noexcept {
  std::shared_ptr<Execution> running;
  {
    MutexLock lock(mutex_);
    running = inline_;
    for (Item& item : items_) item.cancelled = false;
  }
  if (running != nullptr) running->Cancel(CopyOf(why));
  // One by one, for a list of them would take memory.
  while (true) {
    std::shared_ptr<Cancellable> next;
    {
      MutexLock lock(mutex_);
      if (items_.empty() || items_.front().cancelled) return;
      items_.front().cancelled = true;
      next = items_.front().what;
      items_.splice(items_.end(), items_, items_.begin());
    }
    next->Cancel(CopyOf(why));
  }
}

Error Stopper::error() const noexcept {
  MutexLock lock(mutex_);
  return CopyOf(error_);
}

void Stopper::OnStop(void (*stop)(void* self), void* self) {
  const wasinn_waker waker{stop, self};
  on_stop_.Set(stop == nullptr ? nullptr : &waker);
  // The stop may have come before; else it finds the waker.
  if (stop != nullptr && stopped()) on_stop_.Fire();
}

}  // namespace wasinn
