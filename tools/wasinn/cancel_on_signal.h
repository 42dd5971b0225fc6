// SIGINT and SIGTERM as a clean stop.
#pragma once

#include <wasinn/wasinn.hpp>

#include <optional>
#include <thread>
#include <vector>

#include "stop_signal.h"

namespace wasinn::cli {

// While it lives, the first SIGINT or SIGTERM cancels the sessions, and any second one ends the
// process. One at a time in a process. The sessions must outlive it. Without a free descriptor
// signals keep their usual effect.
class CancelOnSignal {
 public:
  explicit CancelOnSignal(std::vector<Session*> sessions);
  ~CancelOnSignal();
  CancelOnSignal(const CancelOnSignal&) = delete;
  CancelOnSignal& operator=(const CancelOnSignal&) = delete;

  // The signal that came, 0 for none.
  int received() const { return StopSignal::received(); }

 private:
  void Wait();

  const std::vector<Session*> sessions_;
  int end_fd_ = -1;  // can be read at the end
  std::optional<StopSignal> signal_;
  std::thread thread_;
};

}  // namespace wasinn::cli
