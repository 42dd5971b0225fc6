#include "output.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdio>

namespace wasinn::cli {
namespace {

constexpr std::chrono::milliseconds kTurn(50);

// How much a pipe takes at once when it says that it has room.
constexpr std::size_t kPiece = PIPE_BUF;

// Writes all of `text`; false when `given_up` said yes.
bool WriteAll(int fd, std::string_view text, const std::function<bool()>& given_up) {
  while (!text.empty()) {
    pollfd ready = {fd, POLLOUT, 0};
    if (poll(&ready, 1, static_cast<int>(kTurn.count())) <= 0) {
      if (given_up()) return false;
      continue;
    }
    const auto written = write(fd, text.data(), std::min(text.size(), kPiece));
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR && errno != EAGAIN) {
      return true;  // closed or full: there is nowhere to tell it
    }
  }
  return true;
}

}  // namespace

void PrintError(std::string_view text) {
  static std::atomic<bool> unread = false;
  constexpr int kTurns = 20;
  std::fflush(stderr);
  unread = !WriteAll(STDERR_FILENO, text,
                     [turns = unread ? 0 : kTurns]() mutable { return turns-- <= 0; });
}

void SharedStream::Write(std::string_view text, const std::function<bool()>& given_up) {
  std::unique_lock lock(mutex_, std::defer_lock);
  while (!lock.try_lock_for(kTurn)) {
    if (given_up()) return;
  }
  WriteAll(fd_, text, given_up);
}

}  // namespace wasinn::cli
