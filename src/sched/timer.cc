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
  return Add(time, {0, Clock::duration(0), std::move(function)});
}

Timer::Id Timer::Every(Clock::duration period, std::move_only_function<void()> function) {
  return Add(Clock::now() + period, {0, period, std::move(function)});
}

Timer::Id Timer::Add(Clock::time_point time, Item item) {
  MutexLock lock(mutex_);
  // A function that sets the next time may be called while the destructor waits for it.
  if (!thread_.joinable() && !closing_) {
    thread_ = std::thread([this] { Work(); });
    thread_id_ = thread_.get_id();
  }
  const Id id = item.id = next_++;
  const auto known = times_.emplace(id, time).first;
  try {
    const auto it = items_.emplace(time, std::move(item));
    if (it == items_.begin()) changed_.NotifyAll();
  } catch (...) {
    times_.erase(known);
    throw;
  }
  return id;
}

void Timer::Cancel(Id id) {
  if (id == 0) return;
  decltype(items_)::node_type dropped;  // destroyed after the lock
  MutexLock lock(mutex_);
  if (const auto time = times_.find(id); time != times_.end()) {
    auto [it, end] = items_.equal_range(time->second);
    while (it != end && it->second.id != id) ++it;
    if (it != end) dropped = items_.extract(it);
    times_.erase(time);
  }
  if (thread_id_ == std::this_thread::get_id()) return;
  while (calling_ == id) changed_.Wait(mutex_);
}

void Timer::Work() {
  os::NameThread("wasinn-timer");
  decltype(items_)::node_type item;
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
      item = items_.extract(it);
      calling_ = item.mapped().id;
      if (item.mapped().period == Clock::duration(0)) times_.erase(calling_);
    }
    try {
      item.mapped().function();
    } catch (...) {
      // The exception is dropped: the function itself reports to whoever waits for it.
    }
    if (item.mapped().period == Clock::duration(0)) item = {};
    {
      MutexLock lock(mutex_);
      // A function that repeats is scheduled again, unless it was cancelled in the meantime.
      if (const auto known = times_.find(calling_); known != times_.end()) {
        known->second = item.key() = Clock::now() + item.mapped().period;
        items_.insert(std::move(item));
      }
      calling_ = 0;
    }
    item = {};
    changed_.NotifyAll();
  }
}

}  // namespace wasinn
