// Turns SIGINT, SIGTERM and, on request, SIGHUP into a request to stop.
#pragma once

#include <signal.h>

#include <atomic>

namespace wasinn::cli {

// While it exists, the first SIGINT or SIGTERM is only recorded, and a second one of either kind
// ends the process at once, as usual. A process may have one at a time. Without a free descriptor,
// signals keep their usual effect from the start.
class StopSignal {
 public:
  // With `hangup`, SIGHUP is handled, too, unless it is ignored as under nohup: for programs whose
  // children would outlive the terminal.
  explicit StopSignal(bool hangup = false);
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  // The signal that arrived since the last StopSignal began, or 0.
  static int received();
  static const std::atomic<bool>& came();
  // A descriptor that is readable after a signal, even one that came before the wait; negative
  // without a free descriptor.
  static int fd();

 private:
  struct sigaction old_int_ = {};
  struct sigaction old_term_ = {};
  struct sigaction old_hangup_ = {};
  bool hangup_ = false;
};

}  // namespace wasinn::cli
