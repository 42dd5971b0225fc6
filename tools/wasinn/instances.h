// `wasinn run --instances`: several instances of one guest in one process.
#pragma once

#include <wasinn/wasinn.hpp>

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "exit_code.h"

namespace wasinn::cli {

// Passes an instance's output on in whole lines with "[i] " before each. A line longer than
// 64 KiB is passed on in pieces. Any thread, one call at a time; writers that share a `mutex` do
// not cut into each other's lines.
class LabelledLines {
 public:
  using Sink = std::function<void(std::string_view)>;
  LabelledLines(std::uint32_t number, std::mutex& mutex, Sink sink);
  // Passes an unfinished last line on.
  ~LabelledLines();
  LabelledLines(const LabelledLines&) = delete;
  LabelledLines& operator=(const LabelledLines&) = delete;

  void Write(std::string_view data);

 private:
  void PassOn(std::string_view line);

  const std::string label_;
  std::mutex& mutex_;
  const Sink sink_;
  std::string rest_;
};

struct InstancesEnd {
  std::vector<Result<RunResult>> ends;
  int signal = 0;  // SIGINT or SIGTERM, 0 for none
};

// Runs as many instances of the program as there are sessions, each in a thread of its own. They
// have no stdin; their output is labelled with their number from 0.
InstancesEnd RunInstances(const Program& program, std::vector<Session>& sessions,
                          const RunOptions& options);

}  // namespace wasinn::cli
