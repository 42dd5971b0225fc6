// Worker threads for computes and loads.
#pragma once

#include <functional>
#include <list>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace wasinn {

// Runs jobs in the order in which they came. Threads start when they are first needed, up to
// `threads`. If the system refuses one, the existing threads go on, and the next call tries again.
// An exception that a job throws is dropped. Any thread may post. The destructor waits for all
// jobs.
class Pool {
 public:
  using Job = std::move_only_function<void()>;

  Pool(uint32_t threads, const char* name);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Throws if there is no memory for the job, or if there is no thread and none can be started; the
  // job then does not run.
  void Post(Job job);
  // A job that was allocated in advance, for code that must not throw. It waits if there is no
  // thread.
  using Prepared = std::list<Job>;
  static Prepared Prepare() { return Prepared(1); }
  void Post(Prepared job) noexcept;

  // A cancelled job that does not return must not take a thread from the others: one more thread
  // may run until StuckEnded; then one ends.
  void StuckBegan() noexcept;
  void StuckEnded() noexcept;
  // Starts a thread that the system refused before. To be called from time to time.
  void Retry() noexcept;

 private:
  // The maximum number of threads that are added for backends that hang.
  static constexpr uint32_t kMaxStuck = 256;

  static void Run(Job& job) noexcept;
  void Work();
  void SpawnIfNeededLocked() noexcept REQUIRES(mutex_);
  uint32_t MaxRunningLocked() const REQUIRES(mutex_);

  const uint32_t threads_;
  const char* const name_;
  Mutex mutex_;
  CondVar posted_;
  std::list<Job> jobs_ GUARDED_BY(mutex_);
  std::vector<std::thread> workers_ GUARDED_BY(mutex_);
  std::vector<std::thread> ended_ GUARDED_BY(mutex_);  // ended workers that are still to be joined
  uint32_t running_ GUARDED_BY(mutex_) = 0;            // workers that have not ended
  uint32_t idle_ GUARDED_BY(mutex_) = 0;
  uint32_t stuck_ GUARDED_BY(mutex_) = 0;
  bool closing_ GUARDED_BY(mutex_) = false;
};

}  // namespace wasinn
