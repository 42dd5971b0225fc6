// SIGINT and SIGTERM as a wish to stop.
#pragma once

#include <atomic>

namespace wasinn::conformance {

// While it lives, the first SIGINT or SIGTERM sets `stop`; a second one ends the process as usual.
// One at a time in a process.
class StopOnSignal {
 public:
  StopOnSignal();
  ~StopOnSignal();
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

  static const std::atomic<bool>& stop();
};

}  // namespace wasinn::conformance
