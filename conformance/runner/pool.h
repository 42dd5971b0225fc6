// Runs jobs in parallel.
#pragma once

#include <atomic>
#include <functional>
#include <vector>

#include "judge.h"

namespace wasinn::conformance {

// The cores that this process may use: the minimum of the machine's, its affinity's and its
// cgroup's.
unsigned UsableCores();

// The results in the order of the jobs. `on_end` is called for each, one at a time, from any
// thread. When `stop` becomes true, running jobs are killed and the rest is skipped.
std::vector<CaseResult> RunJobs(const std::vector<Job>& jobs, unsigned threads,
                                const std::atomic<bool>& stop,
                                const std::function<void(const CaseResult&)>& on_end);

}  // namespace wasinn::conformance
