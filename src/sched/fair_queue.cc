#include "sched/fair_queue.h"

#include <algorithm>
#include <chrono>
#include <tuple>

namespace wasinn {

// Its members belong to the queue's lock, except for those that never change.
class FairQueue::Flow {
 public:
  Flow(uint64_t flow_number, uint64_t flow_priority, uint64_t flow_max_running)
      : number(flow_number), priority(flow_priority), max_running(flow_max_running) {
    // So that nothing need be allocated later.
    Ready alone;
    alone.insert(this);
    node = alone.extract(alone.begin());
  }

  const uint64_t number;
  const uint64_t priority;
  const uint64_t max_running;
  std::list<Item> jobs;
  uint64_t running = 0;
  uint64_t used_ns = 0;     // by its jobs; those that run count as they usually take
  uint64_t typical_ns = 0;  // of one job
  Ready::node_type node;    // while the flow is not in `ready_`
};

bool FairQueue::GoesFirst::operator()(const Flow* one, const Flow* other) const {
  return std::tuple(other->priority, one->used_ns, one->number) <
         std::tuple(one->priority, other->used_ns, other->number);
}

std::shared_ptr<FairQueue::Flow> FairQueue::NewFlow(uint64_t priority, uint64_t max_running) {
  MutexLock lock(mutex_);
  return std::make_shared<Flow>(next_flow_++, priority, max_running);
}

void FairQueue::LeaveLocked(Flow& flow) noexcept {
  if (flow.node.empty()) flow.node = ready_.extract(&flow);
}

void FairQueue::EnterLocked(Flow& flow) noexcept {
  if (flow.jobs.empty()) return;
  if (flow.max_running != 0 && flow.running >= flow.max_running) return;
  ready_.insert(std::move(flow.node));
}

void FairQueue::Post(const std::shared_ptr<Flow>& flow, Job job) {
  std::list<Item> posted;
  posted.push_back({std::move(job), flow, 0});
  const Item* const item = &posted.front();
  const auto place = posted.begin();
  {
    MutexLock lock(mutex_);
    LeaveLocked(*flow);
    // Time without work is not saved up.
    if (flow->jobs.empty() && flow->running == 0) {
      flow->used_ns = std::max(flow->used_ns, now_ns_);
    }
    flow->jobs.splice(flow->jobs.end(), posted);
    ++waiting_;
    EnterLocked(*flow);
  }
  try {
    pool_.Post([this] { RunNext(); });
    return;
  } catch (...) {
    MutexLock lock(mutex_);
    if (std::ranges::any_of(flow->jobs, [&](const Item& one) { return &one == item; })) {
      LeaveLocked(*flow);
      posted.splice(posted.end(), flow->jobs, place);
      --waiting_;
      EnterLocked(*flow);
      throw;
    }
  }
  // A worker has run this job in the turn of another one, which still waits.
  RunNext();
}

std::list<FairQueue::Item> FairQueue::TakeLocked() noexcept {
  std::list<Item> taken;
  if (ready_.empty()) return taken;
  Flow& flow = **ready_.begin();
  LeaveLocked(flow);
  taken.splice(taken.end(), flow.jobs, flow.jobs.begin());
  --waiting_;
  ++flow.running;
  now_ns_ = std::max(now_ns_, flow.used_ns);
  taken.front().expected_ns = flow.typical_ns;
  flow.used_ns += flow.typical_ns;
  EnterLocked(flow);
  return taken;
}

void FairQueue::RunNext() {
  std::list<Item> taken;
  {
    MutexLock lock(mutex_);
    taken = TakeLocked();
    // A flow at its maximum has this turn once one of its jobs has ended.
    if (taken.empty() && waiting_ != 0) ++skipped_;
  }
  while (!taken.empty()) {
    Flow& flow = *taken.front().flow;
    const auto begin = std::chrono::steady_clock::now();
    try {
      taken.front().job();
    } catch (...) {
      // Swallowed: whoever waits for a job is told by the job itself.
    }
    taken.front().job = nullptr;
    const auto took = std::chrono::steady_clock::now() - begin;
    const auto ns =
        static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(took).count());
    std::list<Item> next;
    {
      MutexLock lock(mutex_);
      LeaveLocked(flow);
      --flow.running;
      flow.used_ns += ns;
      flow.used_ns -= std::min(flow.used_ns, taken.front().expected_ns);
      flow.typical_ns = flow.typical_ns == 0 ? ns : (3 * flow.typical_ns + ns) / 4;
      EnterLocked(flow);
      if (skipped_ != 0 && !ready_.empty()) {
        --skipped_;
        next = TakeLocked();
      }
    }
    // The last reference to a flow may end here, after the lock.
    taken = std::move(next);
  }
}

}  // namespace wasinn
