#include "cancel_on_signal.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <iterator>
#include <utility>

namespace wasinn::cli {

CancelOnSignal::CancelOnSignal(std::vector<Session*> sessions)
    : sessions_(std::move(sessions)), end_fd_(eventfd(0, EFD_CLOEXEC)) {
  if (end_fd_ < 0) return;
  signal_.emplace();
  thread_ = std::thread([this] { Wait(); });
}

CancelOnSignal::~CancelOnSignal() {
  if (!thread_.joinable()) return;
  eventfd_write(end_fd_, 1);
  thread_.join();
  close(end_fd_);
}

void CancelOnSignal::Wait() {
  pollfd waits[] = {{end_fd_, POLLIN, 0}, {StopSignal::fd(), POLLIN, 0}};
  while (poll(waits, std::size(waits), -1) <= 0) {
  }
  if (received() == 0) return;
  for (Session* session : sessions_) session->Cancel();
}

}  // namespace wasinn::cli
