// Turns SIGINT and SIGTERM into a clean stop.
#pragma once

#include <wasinn/wasinn.hpp>

#include <optional>
#include <thread>
#include <vector>

#include "stop_signal.h"

namespace wasinn::cli {

// While it exists, the first SIGINT or SIGTERM cancels the sessions, and a second one ends the
// process. A process may have one at a time. The sessions must outlive it. Without a free
// descriptor, signals keep their usual effect.
class CancelOnSignal {
 public:
  explicit CancelOnSignal(std::vector<Session*> sessions);
  ~CancelOnSignal();
  CancelOnSignal(const CancelOnSignal&) = delete;
  CancelOnSignal& operator=(const CancelOnSignal&) = delete;

  // The signal that arrived, or 0.
  int received() const { return StopSignal::received(); }

 private:
  void Wait();

  const std::vector<Session*> sessions_;
  int end_fd_ = -1;  // becomes readable at the end
  std::optional<StopSignal> signal_;
  std::thread thread_;
};

}  // namespace wasinn::cli
