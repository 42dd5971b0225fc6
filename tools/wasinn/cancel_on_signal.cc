#include "cancel_on_signal.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace wasinn::cli {
namespace {

// The pipe's end for the handler, which may not do more than write(2).
volatile sig_atomic_t handler_fd = -1;

extern "C" void WriteSignal(int number) {
  const int saved = errno;
  const char byte = static_cast<char>(number);
  [[maybe_unused]] const auto written = write(handler_fd, &byte, 1);
  errno = saved;
}

void Install(void (*handler)(int), int flags) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

CancelOnSignal::CancelOnSignal(std::vector<Session*> sessions) : sessions_(std::move(sessions)) {
  // Without a pipe (too many open files) signals keep their usual effect.
  if (pipe2(pipe_, O_CLOEXEC) != 0) return;
  handler_fd = pipe_[1];
  thread_ = std::thread([this] { Wait(); });
  Install(WriteSignal, SA_RESETHAND | SA_RESTART);
}

CancelOnSignal::~CancelOnSignal() {
  if (!thread_.joinable()) return;
  Install(SIG_DFL, 0);
  close(pipe_[1]);
  thread_.join();
  close(pipe_[0]);
}

void CancelOnSignal::Wait() {
  char byte = 0;
  for (;;) {
    const auto count = read(pipe_[0], &byte, 1);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    received_ = byte;
    for (Session* session : sessions_) session->Cancel();
  }
}

}  // namespace wasinn::cli
