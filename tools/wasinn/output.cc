#include "output.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstddef>
#include <cstring>

namespace wasinn::cli {
namespace {

constexpr std::chrono::milliseconds kTurn(50);
constexpr int kTurnsOfError = 20;
// The number of bytes that a pipe with room always accepts at once.
constexpr std::size_t kPiece = PIPE_BUF;

// By descriptor.
std::atomic<int> failures[STDERR_FILENO + 1];

void Note(int fd, int number) {
  int none = 0;
  if (number != 0) failures[fd].compare_exchange_strong(none, number);
}

// While it exists, a write to a pipe without a reader raises no SIGPIPE in this thread.
class NoPipeSignal {
 public:
  NoPipeSignal() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    // A SIGPIPE that is already pending has another origin.
    if (sigismember(&pending, SIGPIPE) == 0) {
      blocks_ = pthread_sigmask(SIG_BLOCK, &pipe_, &before_) == 0;
    }
  }
  ~NoPipeSignal() {
    if (!blocks_) return;
    const timespec at_once = {};
    sigtimedwait(&pipe_, nullptr, &at_once);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoPipeSignal(const NoPipeSignal&) = delete;
  NoPipeSignal& operator=(const NoPipeSignal&) = delete;

 private:
  sigset_t pipe_;
  sigset_t before_;
  bool blocks_ = false;
};

// Writes all of `text` and records a failure; false if `given_up` returned true.
bool WriteAll(int fd, std::string_view text, const std::function<bool()>& given_up) {
  while (!text.empty()) {
    pollfd room = {fd, POLLOUT, 0};
    if (poll(&room, 1, static_cast<int>(kTurn.count())) <= 0) {
      if (given_up()) return false;
      continue;
    }
    const auto written = write(fd, text.data(), std::min(text.size(), kPiece));
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR && errno != EAGAIN) {
      Note(fd, errno);
      return true;
    }
  }
  return true;
}

bool WriteQuietly(std::string_view text, const std::function<bool()>& given_up) {
  const NoPipeSignal no_signal;
  return WriteAll(STDERR_FILENO, text, given_up);
}

}  // namespace

void HoldStandardStreams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
    // This is the lowest free descriptor, so open uses it.
    if (open("/dev/null", O_RDONLY) < 0) open("/", O_RDONLY);
  }
}

void WriteOut(std::string_view text) {
  WriteAll(STDOUT_FILENO, text, [] { return false; });
}

void WriteError(std::string_view text) {
  static std::atomic<bool> unread = false;
  const bool written =
      WriteQuietly(text, [turns = unread ? 0 : kTurnsOfError]() mutable { return turns-- <= 0; });
  unread = !written;
}

void NoteOutFailure(int number) { Note(STDOUT_FILENO, number); }
int OutFailure() { return failures[STDOUT_FILENO]; }
int ErrorFailure() { return failures[STDERR_FILENO]; }

void SharedStream::Write(std::string_view text, const std::function<bool()>& given_up) {
  std::unique_lock lock(mutex_, std::defer_lock);
  while (!lock.try_lock_for(kTurn)) {
    if (given_up()) return;
  }
  if (fd_ == STDERR_FILENO) {
    WriteQuietly(text, given_up);
  } else {
    WriteAll(fd_, text, given_up);
  }
}

int EndOfOutput(const char* program, int code, int lost) {
  if (OutFailure() == 0) return code;
  PrintError("{}: error: cannot write to standard output: {}\n", program,
             std::strerror(OutFailure()));
  return code == 0 ? lost : code;
}

}  // namespace wasinn::cli
