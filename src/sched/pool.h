// Worker threads for computes and loads.
#pragma once

#include <functional>
#include <list>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace wasinn {

// Runs jobs in the order in which they came. Threads start when first needed, up to `threads`;
// where the system refuses one, those that there are go on, and the next call tries again. What a
// job throws ends with it. Any thread may post. The destructor waits for all jobs.
class Pool {
 public:
  using Job = std::move_only_function<void()>;

  Pool(uint32_t threads, const char* name);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Throws when there is no memory for it, or no thread at all and none to be had: then the job is
  // not run.
  void Post(Job job);
  // A job that was made before, for where nothing may be thrown. Without a thread it waits for one.
  using Prepared = std::list<Job>;
  static Prepared Prepare() { return Prepared(1); }
  void Post(Prepared job) noexcept;

  // A job that was told to stop and does not return must not keep its thread from the others: one
  // more thread may run until StuckEnded; then one ends.
  void StuckBegan() noexcept;
  void StuckEnded() noexcept;
  // Starts a thread that could not be had before. From time to time.
  void Retry() noexcept;

 private:
  // However many backends hang, no more threads than this are added for them.
  static constexpr uint32_t kMostStuck = 256;

  static void Run(Job& job) noexcept;
  void Work();
  void SpawnIfNeededLocked() noexcept REQUIRES(mutex_);
  uint32_t MostLocked() const REQUIRES(mutex_);

  const uint32_t threads_;
  const char* const name_;
  Mutex mutex_;
  CondVar posted_;
  std::list<Job> jobs_ GUARDED_BY(mutex_);
  std::vector<std::thread> workers_ GUARDED_BY(mutex_);
  std::vector<std::thread> ended_ GUARDED_BY(mutex_);  // one too many; to be joined
  uint32_t running_ GUARDED_BY(mutex_) = 0;            // workers that have not ended
  uint32_t idle_ GUARDED_BY(mutex_) = 0;
  uint32_t stuck_ GUARDED_BY(mutex_) = 0;
  bool closing_ GUARDED_BY(mutex_) = false;
};

}  // namespace wasinn
