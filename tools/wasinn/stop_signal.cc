#include "stop_signal.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace wasinn::cli {
namespace {

std::atomic<int> first = 0;
std::atomic<bool> any = false;
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free,
              "a signal handler writes them");

// Created once: a handler may still run in another thread when a StopSignal ends.
int note_pipe[2] = {-1, -1};

// Async-signal-safe.
void OnBoth(void (*handler)(int), struct sigaction* old_int, struct sigaction* old_term) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  // If two signals arrive at once, the second waits until the first has reset the handler.
  sigemptyset(&action.sa_mask);
  sigaddset(&action.sa_mask, SIGINT);
  sigaddset(&action.sa_mask, SIGTERM);
  sigaction(SIGINT, &action, old_int);
  sigaction(SIGTERM, &action, old_term);
}

extern "C" void NoteSignal(int number) {
  const int saved = errno;
  OnBoth(SIG_DFL, nullptr, nullptr);
  first = number;
  any = true;
  [[maybe_unused]] const auto written = write(note_pipe[1], "", 1);
  errno = saved;
}

}  // namespace

StopSignal::StopSignal(bool hangup) {
  if (note_pipe[0] < 0 && pipe2(note_pipe, O_CLOEXEC | O_NONBLOCK) != 0) return;
  char old[16];
  while (read(note_pipe[0], old, sizeof old) > 0) {
  }
  first = 0;
  any = false;
  OnBoth(NoteSignal, &old_int_, &old_term_);
  if (!hangup || sigaction(SIGHUP, nullptr, &old_hangup_) != 0 ||
      old_hangup_.sa_handler == SIG_IGN) {
    return;
  }
  struct sigaction action = {};
  action.sa_handler = NoteSignal;
  // A second one ends the process as usual.
  action.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);
  sigemptyset(&action.sa_mask);
  hangup_ = sigaction(SIGHUP, &action, nullptr) == 0;
}

StopSignal::~StopSignal() {
  if (note_pipe[0] < 0) return;
  sigaction(SIGINT, &old_int_, nullptr);
  sigaction(SIGTERM, &old_term_, nullptr);
  if (hangup_) sigaction(SIGHUP, &old_hangup_, nullptr);
}

int StopSignal::received() { return first; }
const std::atomic<bool>& StopSignal::came() { return any; }
int StopSignal::fd() { return note_pipe[0]; }

}  // namespace wasinn::cli
