// SIGINT, SIGTERM and, where asked for, SIGHUP as a wish to stop.
#pragma once

#include <signal.h>

#include <atomic>

namespace wasinn::cli {

// While it lives, the first SIGINT or SIGTERM is only noted, and any second one, of the two
// whichever, ends the process at once, as usual. One at a time in a process. Without a free
// descriptor signals keep their usual effect from the start.
class StopSignal {
 public:
  // With `hangup` SIGHUP is one of them, too, unless it is ignored as under nohup: for who has
  // children that would outlive the terminal.
  explicit StopSignal(bool hangup = false);
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  // The signal that came since the last StopSignal began, 0 for none.
  static int received();
  static const std::atomic<bool>& came();
  // A descriptor that can be read once a signal came, also one from before the wait; negative
  // without one.
  static int fd();

 private:
  struct sigaction old_int_ = {};
  struct sigaction old_term_ = {};
  struct sigaction old_hangup_ = {};
  bool hangup_ = false;
};

}  // namespace wasinn::cli
