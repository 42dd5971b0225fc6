// What ends a session, and all that has to end with it.
#pragma once

#include <atomic>
#include <list>
#include <memory>

#include "base/error.h"
#include "base/mutex.h"
#include "base/waker.h"
#include "sched/execution.h"

namespace wasinn {

// Knows the calls and runs of a session that are under way, so that a stop from any thread cancels
// them. Any thread.
class Stopper {
 public:
  // Something that a stop cancels for as long as this lives. Ends before the stopper.
  class Entry {
   public:
    Entry() = default;
    Entry(Entry&& other) noexcept { *this = std::move(other); }
    Entry& operator=(Entry&& other) noexcept;
    ~Entry() { Leave(); }

   private:
    friend class Stopper;
    struct Item {
      std::shared_ptr<Cancellable> what;
      bool cancelled = false;
    };
    void Leave() noexcept;

    Stopper* stopper_ = nullptr;
    std::list<Item>::iterator item_;
  };

  // Cancels it at once when the session was stopped already. Throws when there is no memory.
  Entry Add(const std::shared_ptr<Cancellable>& what);
  // The one compute that runs on the guest's own thread; nullptr: none. Whether the session was
  // stopped before, the compute has to look itself.
  void SetInline(std::shared_ptr<Execution> execution) noexcept;

  // Stops the session for good, and cancels all; the first reason stays.
  void Stop(Error why) noexcept;
  // Cancels all that there is now, without a stop.
  void CancelAll(const Error& why) noexcept;
  bool stopped() const { return code() != Code::kOk; }
  Code code() const { return code_.load(std::memory_order_acquire); }
  const std::atomic<Code>& atomic_code() const { return code_; }
  // Why it was stopped.
  Error error() const noexcept;
  // See wasinn_session_on_stop.
  void OnStop(void (*stop)(void* self), void* self);

 private:
  using Item = Entry::Item;

  std::atomic<Code> code_{Code::kOk};
  mutable Mutex mutex_;
  Error error_ GUARDED_BY(mutex_);
  std::shared_ptr<Execution> inline_ GUARDED_BY(mutex_);
  std::list<Item> items_ GUARDED_BY(mutex_);  // those that were cancelled come last
  WakerSlot on_stop_;
};

}  // namespace wasinn
