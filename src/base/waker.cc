#include "base/waker.h"

#include <utility>

namespace wasinn {

void WakerSlot::Set(const wasinn_waker* waker) {
  MutexLock lock(mutex_);
  waker_ = waker == nullptr ? std::nullopt : std::optional(*waker);
  while (calling_ && thread_ != std::this_thread::get_id()) changed_.Wait(mutex_);
}

void WakerSlot::Fire() noexcept {
  std::optional<wasinn_waker> waker;
  {
    MutexLock lock(mutex_);
    if (calling_) {
      again_ = true;
      return;
    }
    waker = std::exchange(waker_, std::nullopt);
    if (!waker) return;
    calling_ = true;
    thread_ = std::this_thread::get_id();
  }
  while (waker) {
    try {
      waker->wake(waker->self);
    } catch (...) {
      // Swallowed: it has been called.
    }
    MutexLock lock(mutex_);
    waker = std::exchange(again_, false) ? std::exchange(waker_, std::nullopt) : std::nullopt;
    if (!waker) calling_ = false;
    changed_.NotifyAll();
  }
}

}  // namespace wasinn
