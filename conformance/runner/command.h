// The command behind `wasinn-conformance` and `wasinn conformance`.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <vector>

#include "plan.h"

namespace CLI {
class App;
}

namespace wasinn::conformance {

// The exit codes of the command; kExitCodeHelp and docs/conformance.md list them.
enum ExitCode : int {
  kAllGood = 0,
  kDeviations = 1,
  kUsage = 2,
  kHostMissing = 3,
  kBroken = 125,
  kStopped = 130,
};

inline constexpr char kExitCodeHelp[] =
    "Exit codes:\n"
    "  0    no deviation without a known reason\n"
    "  1    at least one\n"
    "  2    the command line is wrong\n"
    "  3    a requested host is not on this machine\n"
    "  125  the suite, a host file or a report cannot be used\n"
    "  130  stopped by SIGINT, SIGTERM or SIGHUP; the results so far are reported\n";

struct Flags {
  std::string suite;
  std::vector<std::string> hosts;
  std::vector<std::string> programs;  // NAME=PATH
  Filter filter;
  std::vector<std::string> reports;
  std::vector<std::string> merge;
  std::uint32_t jobs = 0;
  std::uint32_t time_limit = 30;
  bool list = false;
  bool exact = false;
  bool brief = false;
  bool rejudge = false;
};

// The program that runs the command.
struct Place {
  std::string program;       // its file
  std::string default_host;  // the host that runs if none is named
  // A program that this file is itself, found under that name ("wasinn"); "" for none.
  std::string self_name;
  // Whether this program is built without a framework that its host file claims; empty: unknown.
  std::function<bool(const std::string&)> lacks;
};

struct Problem {
  int exit_code = kBroken;
  std::string message;
  std::string hint;
};

// The flags are filled when the app parses; they must outlive it.
void AddFlags(CLI::App& app, Flags& flags);

// Returns the exit code, or why nothing could run. Prints the report on stdout and progress on
// stderr.
std::expected<int, Problem> RunCommand(const Flags& flags, const Place& place);

}  // namespace wasinn::conformance
