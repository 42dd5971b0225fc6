// Who computes next.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <set>

#include "base/mutex.h"
#include "sched/pool.h"

namespace wasinn {

// Shares the workers of a pool between flows, each of which is the computes of one guest. The flow
// with the highest priority goes first; of those with the same priority the one whose jobs have
// taken the least time, counted since it had nothing to do. So a guest with many computes delays
// another one's by those that run already, and by no more. Jobs of one flow keep their order. Any
// thread. Must outlive the jobs; the pool ends first.
class FairQueue {
 public:
  using Job = std::move_only_function<void()>;
  class Flow;

  FairQueue(uint32_t threads, const char* name) : pool_(threads, name) {}
  FairQueue(const FairQueue&) = delete;
  FairQueue& operator=(const FairQueue&) = delete;

  // `max_running`: how many jobs of the flow run at once; 0 for no limit.
  std::shared_ptr<Flow> NewFlow(uint64_t priority = 0, uint64_t max_running = 0);
  // Throws as Pool::Post does; then the job is not run.
  void Post(const std::shared_ptr<Flow>& flow, Job job);
  // The workers.
  Pool& pool() { return pool_; }
  // Jobs that no worker has begun.
  uint64_t waiting() const { return waiting_.load(std::memory_order_relaxed); }

 private:
  struct GoesFirst {
    bool operator()(const Flow* one, const Flow* other) const;
  };
  // Flows that have a job to begin, best first.
  using Ready = std::set<Flow*, GoesFirst>;
  // A job that waits; it keeps its flow.
  struct Item {
    Job job;
    std::shared_ptr<Flow> flow;
    uint64_t expected_ns = 0;  // what it counts as while it runs
  };

  // A worker calls this once for each job that was posted; it runs the job whose turn it is.
  void RunNext();
  // The item whose turn it is, in a list of its own; none when there is none.
  std::list<Item> TakeLocked() noexcept REQUIRES(mutex_);
  // Take the flow out of `ready_` before its jobs or times change, and put it back afterwards.
  void LeaveLocked(Flow& flow) noexcept REQUIRES(mutex_);
  void EnterLocked(Flow& flow) noexcept REQUIRES(mutex_);

  Mutex mutex_;
  Ready ready_ GUARDED_BY(mutex_);
  uint64_t next_flow_ GUARDED_BY(mutex_) = 0;
  std::atomic<uint64_t> waiting_{0};         // changes under the lock
  uint64_t skipped_ GUARDED_BY(mutex_) = 0;  // turns that found only flows at their maximum
  uint64_t now_ns_ GUARDED_BY(mutex_) = 0;   // the time used of the flow that went last
  Pool pool_;                                // ends first, for its workers use the rest
};

}  // namespace wasinn
