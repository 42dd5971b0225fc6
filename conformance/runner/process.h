// Runs one program and makes sure that it ends.
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <vector>

#include "toml.h"

namespace wasinn::conformance {

struct ProcessRequest {
  std::vector<std::string> command;  // the program's path first
  TextPairs env = {};                // over ours
  std::string cwd = {};              // "": ours
  std::chrono::milliseconds time_limit{30'000};
  // More output than this on stdout ends the program; it is enough for hosts that log each of
  // 100,000 errors. The first and the last part of stderr are kept.
  std::size_t max_output = 64 << 20;
};

struct ProcessEnd {
  std::string failure;  // why it could not be started, or ""
  int exit_code = -1;
  int signal = 0;  // the signal that ended it, unless the runner sent it
  bool timed_out = false;
  bool flooded = false;
  bool stopped = false;
  std::string out;
  std::string err;
  std::chrono::milliseconds duration{0};
};

// The program gets an empty stdin and a process group of its own, which is killed as a whole at its
// end: at the time limit, when it prints too much, when `stop` becomes true, or when the program
// has ended and left others behind. Any thread.
ProcessEnd RunProcess(const ProcessRequest& request, const std::atomic<bool>& stop);

// "SIGSEGV"; "signal 99" for a number without a name here.
std::string SignalName(int signal);

}  // namespace wasinn::conformance
