// A call that has not ended yet.
#pragma once

#include <wasinn/adapter.h>

#include <memory>
#include <optional>

#include "base/mutex.h"

namespace wasinn {

// Calls foreign code from code that must not throw.
inline void Wake(const wasinn_waker& waker) noexcept {
  try {
    waker.wake(waker.self);
  } catch (...) {  // dropped: it was called
  }
}

// Connects the thread that works with the guest's thread: the first completes the call, the other
// one is woken or waits. Shared by both. Any thread.
class Pending {
 public:
  // Sets the waker. Returns false if the call has already ended: then the waker is never called.
  bool Arm(const wasinn_waker& waker) {
    MutexLock lock(mutex_);
    if (done_) return false;
    waker_ = waker;
    return true;
  }

  // Wakes the guest's side; only the first call counts.
  void Complete() noexcept {
    MutexLock lock(mutex_);
    if (done_) return;
    done_ = true;
    // Under the lock, so that Abandon returns only after the waker has.
    if (waker_) Wake(*waker_);
    waker_.reset();
    changed_.NotifyAll();
  }

  void Wait() {
    MutexLock lock(mutex_);
    while (!done_) changed_.Wait(mutex_);
  }

  // The waker is not called any more once this has returned.
  void Abandon() {
    MutexLock lock(mutex_);
    waker_.reset();
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool done_ GUARDED_BY(mutex_) = false;
  std::optional<wasinn_waker> waker_ GUARDED_BY(mutex_);
};

}  // namespace wasinn
