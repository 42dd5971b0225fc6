// Calls into foreign code that waits for news.
#pragma once

#include <wasinn/wasinn.h>

#include <optional>
#include <thread>

#include "base/mutex.h"

namespace wasinn {

// One caller's waker: set by the caller, fired by whoever has the news. Foreign code is called
// with no lock held, so it may call back into this. Any thread. Its owner keeps it alive until Fire
// has returned in every thread.
class WakerSlot {
 public:
  // Replaces the waker; nullptr: nobody is woken. After this has returned the one before is not
  // running and is not called any more, except where this is called from inside it.
  void Set(const wasinn_waker* waker);
  // Calls the waker, which is used up by that. Nothing is thrown.
  void Fire() noexcept;

 private:
  Mutex mutex_;
  CondVar changed_;
  std::optional<wasinn_waker> waker_ GUARDED_BY(mutex_);
  bool calling_ GUARDED_BY(mutex_) = false;
  bool again_ GUARDED_BY(mutex_) = false;  // it was fired while it was being called
  std::thread::id thread_ GUARDED_BY(mutex_);
};

}  // namespace wasinn
