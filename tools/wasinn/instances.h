// `wasinn run --instances`: several instances of one guest in one process.
#pragma once

#include <wasinn/wasinn.hpp>

#include <expected>
#include <string>
#include <vector>

namespace wasinn::cli {

struct InstancesEnd {
  std::vector<Result<RunResult>> ends;
  int signal = 0;  // SIGINT or SIGTERM, 0 for none
};

// Runs as many instances of the program as there are sessions, each in a thread of its own. They
// have no stdin; their output is labelled with their number from 0. If the process cannot have that
// many threads, the error says why, and no instance continues.
std::expected<InstancesEnd, std::string> RunInstances(const Program& program,
                                                      std::vector<Session>& sessions,
                                                      const RunOptions& options);

}  // namespace wasinn::cli
