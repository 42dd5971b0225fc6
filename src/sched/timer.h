// Deadlines.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <thread>

#include "base/mutex.h"

namespace wasinn {

// Calls functions at given times on its own thread, which starts with the first function. The
// functions must be short; an exception that one throws is dropped. Any thread.
class Timer {
 public:
  using Clock = std::chrono::steady_clock;
  using Id = uint64_t;  // 0 is none

  Timer() = default;
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Throws if there is no memory or no thread for it.
  Id At(Clock::time_point time, std::move_only_function<void()> function);
  // Calls the function repeatedly; the period begins when the function has returned.
  Id Every(Clock::duration period, std::move_only_function<void()> function);
  // After this has returned the function is not called any more, and if it was being called it has
  // ended (unless this is called from the function itself). 0 is ignored.
  void Cancel(Id id);

 private:
  struct Item {
    Id id;
    Clock::duration period;  // 0: once
    std::move_only_function<void()> function;
  };
  Id Add(Clock::time_point time, Item item);
  void Work();

  Mutex mutex_;
  CondVar changed_;
  std::multimap<Clock::time_point, Item> items_ GUARDED_BY(mutex_);
  std::map<Id, Clock::time_point> times_ GUARDED_BY(mutex_);
  Id next_ GUARDED_BY(mutex_) = 1;
  Id calling_ GUARDED_BY(mutex_) = 0;
  bool closing_ GUARDED_BY(mutex_) = false;
  std::thread thread_ GUARDED_BY(mutex_);
  std::thread::id thread_id_ GUARDED_BY(mutex_);
};

}  // namespace wasinn
