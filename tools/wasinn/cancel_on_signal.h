// SIGINT and SIGTERM as a clean stop.
#pragma once

#include <wasinn/wasinn.hpp>

#include <atomic>
#include <thread>
#include <vector>

namespace wasinn::cli {

// While it lives, the first SIGINT or SIGTERM cancels the sessions; a second one kills the process
// as usual. One at a time in a process. The sessions must outlive it.
class CancelOnSignal {
 public:
  explicit CancelOnSignal(std::vector<Session*> sessions);
  ~CancelOnSignal();
  CancelOnSignal(const CancelOnSignal&) = delete;
  CancelOnSignal& operator=(const CancelOnSignal&) = delete;

  // The signal that came, 0 for none.
  int received() const { return received_.load(); }

 private:
  void Wait();

  const std::vector<Session*> sessions_;
  int pipe_[2] = {-1, -1};
  std::atomic<int> received_ = 0;
  std::thread thread_;
};

}  // namespace wasinn::cli
