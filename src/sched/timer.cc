#include "sched/timer.h"

#include <utility>

#include "base/os.h"

namespace wasinn {

Timer::~Timer() {
  std::thread thread;
  {
    MutexLock lock(mutex_);
    closing_ = true;
    thread = std::move(thread_);
  }
  changed_.NotifyAll();
  if (thread.joinable()) thread.join();
}

Timer::Id Timer::At(Clock::time_point time, std::move_only_function<void()> function) {
  MutexLock lock(mutex_);
  const Id id = next_++;
  const auto it = items_.emplace(time, Item{id, std::move(function)});
  times_.emplace(id, time);
  // A function that sets the next time may be called while the destructor waits for it.
  if (!thread_.joinable() && !closing_) {
    thread_ = std::thread([this] { Work(); });
    thread_id_ = thread_.get_id();
  }
  if (it == items_.begin()) changed_.NotifyAll();
  return id;
}

void Timer::Cancel(Id id) {
  if (id == 0) return;
  std::move_only_function<void()> dropped;  // destroyed after the lock
  MutexLock lock(mutex_);
  if (const auto time = times_.find(id); time != times_.end()) {
    auto [it, end] = items_.equal_range(time->second);
    while (it != end && it->second.id != id) ++it;
    if (it != end) {
      dropped = std::move(it->second.function);
      items_.erase(it);
    }
    times_.erase(time);
    return;
  }
  if (thread_id_ == std::this_thread::get_id()) return;
  while (calling_ == id) changed_.Wait(mutex_);
}

void Timer::Work() {
  os::NameThread("wasinn-timer");
  std::move_only_function<void()> function;
  while (true) {
    {
      MutexLock lock(mutex_);
      if (closing_) return;
      if (items_.empty()) {
        changed_.Wait(mutex_);
        continue;
      }
      const auto it = items_.begin();
      if (it->first > Clock::now()) {
        const Clock::time_point time = it->first;
        changed_.WaitUntil(mutex_, time);
        continue;
      }
      calling_ = it->second.id;
      function = std::move(it->second.function);
      times_.erase(calling_);
      items_.erase(it);
    }
    function();
    function = nullptr;
    {
      MutexLock lock(mutex_);
      calling_ = 0;
    }
    changed_.NotifyAll();
  }
}

}  // namespace wasinn
