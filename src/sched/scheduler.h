// What one engine's computes and loads share: worker threads, the timer, counters.
#pragma once

#include <atomic>
#include <cstdint>

#include "backend/sink.h"
#include "base/log.h"
#include "sched/fair_queue.h"
#include "sched/pool.h"
#include "sched/timer.h"

namespace wasinn {

// Any thread. Must outlive every Execution; its destructor waits for jobs that are running.
class Scheduler {
 public:
  Scheduler(uint32_t threads, const Logger* log, RunTable* runs)
      : log_(log), runs_(runs), queue_(threads, "wasinn-worker"), loads_(kLoads, "wasinn-load") {}

  // Computes whose usual time is below this run on the calling thread: handing them to a worker
  // would cost more than 1 % of them, and a guest blocked this long does not hurt its host.
  static constexpr uint64_t kInlineNs = 2'000'000;

  // Loads at a time. Mostly they wait, for a disk or for a backend that takes one at a time, and
  // one that hangs must not keep the others.
  static constexpr uint32_t kLoads = 16;

  const Logger& log() const { return *log_; }
  RunTable& runs() { return *runs_; }
  // Where computes wait for a worker.
  FairQueue& queue() { return queue_; }
  // The workers themselves, for what is short and belongs to no guest.
  Pool& computes() { return queue_.pool(); }
  Pool& loads() { return loads_; }
  Timer& timer() { return timer_; }

  std::atomic<uint64_t> inline_runs{0};
  std::atomic<uint64_t> worker_runs{0};
  // Executions that exist; the engine waits for zero before it closes backends.
  std::atomic<uint64_t> live_executions{0};

 private:
  const Logger* log_;
  RunTable* runs_;
  Timer timer_;
  FairQueue queue_;
  Pool loads_;
};

}  // namespace wasinn
