// Mutex and condition variable with clang's thread-safety annotations, so that "guarded by" is
// checked at compile time. They add no behaviour.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define WASINN_TSA(x) __attribute__((x))
#else
#define WASINN_TSA(x)
#endif
#define GUARDED_BY(x) WASINN_TSA(guarded_by(x))
#define REQUIRES(...) WASINN_TSA(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) WASINN_TSA(locks_excluded(__VA_ARGS__))
#define NO_THREAD_SAFETY_ANALYSIS WASINN_TSA(no_thread_safety_analysis)

namespace wasinn {

class WASINN_TSA(capability("mutex")) Mutex {
 public:
  void Lock() WASINN_TSA(acquire_capability()) { mutex_.lock(); }
  void Unlock() WASINN_TSA(release_capability()) { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

class WASINN_TSA(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) WASINN_TSA(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.Lock();
  }
  ~MutexLock() WASINN_TSA(release_capability()) { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

class CondVar {
 public:
  void Wait(Mutex& mutex) REQUIRES(mutex) {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    cond_.wait(lock);
    lock.release();
  }
  // False if the time was reached first.
  bool WaitUntil(Mutex& mutex, std::chrono::steady_clock::time_point time) REQUIRES(mutex) {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    const bool woken = cond_.wait_until(lock, time) == std::cv_status::no_timeout;
    lock.release();
    return woken;
  }
  void NotifyOne() { cond_.notify_one(); }
  void NotifyAll() { cond_.notify_all(); }

 private:
  std::condition_variable cond_;
};

}  // namespace wasinn
