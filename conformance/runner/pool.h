// Runs jobs side by side.
#pragma once

#include <atomic>
#include <functional>
#include <vector>

#include "judge.h"

namespace wasinn::conformance {

// Cores that this process may use: the machine's, its affinity's and its control group's least.
unsigned UsableCores();

// The results in the order of the jobs. `on_end` is called for each, one at a time, from any
// thread. When `stop` becomes true, what runs is killed and the rest is skipped.
std::vector<CaseResult> RunJobs(const std::vector<Job>& jobs, unsigned threads,
                                const std::atomic<bool>& stop,
                                const std::function<void(const CaseResult&)>& on_end);

}  // namespace wasinn::conformance
