#include "interrupt.h"

#include <signal.h>

namespace wasinn::conformance {
namespace {

std::atomic<bool> stopped = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler writes it");

extern "C" void Stop(int) { stopped = true; }

void Install(void (*handler)(int), int flags) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

StopOnSignal::StopOnSignal() {
  stopped = false;
  Install(Stop, SA_RESETHAND | SA_RESTART);
}

StopOnSignal::~StopOnSignal() { Install(SIG_DFL, 0); }

const std::atomic<bool>& StopOnSignal::stop() { return stopped; }

}  // namespace wasinn::conformance
