// Plans the runs on a host: each case in each of its dialects and frameworks, as a command.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "host.h"
#include "suite.h"

namespace wasinn::conformance {

struct Filter {
  std::vector<std::string> groups;      // exact names; empty: all
  std::vector<std::string> cases;       // patterns over the name, group/name or the whole id
  std::vector<std::string> frameworks;  // exact names; empty: all
  std::vector<std::string> dialects;
};

// One run of one case. The suite and the host must outlive it.
struct Job {
  const Host* host = nullptr;
  const Case* one = nullptr;
  std::string dialect;
  std::string framework;  // "" for none
  std::string id;         // group/name@dialect+framework
  std::string skip;       // why it does not run, or ""
  std::string flaw;       // why it cannot run although it should, or ""
  std::vector<std::string> command;
  // Links in the run's own working folder, by name; without any, it runs in the current folder.
  TextPairs links;
  std::chrono::seconds time_limit{0};
  std::string known;   // the reason of a known deviation, "" for none
  bool exact = false;  // expects wasinn's own values, no others that the rule allows
};

struct PlanOptions {
  Filter filter;
  std::string program;  // of the host
  std::chrono::seconds time_limit{30};
  bool exact = false;
  // Frameworks that this build of the host is known to lack: claimed, but skipped.
  std::vector<std::string> lacking;
};

// The reason that the host's file gives for a deviation of this result, "" for none.
std::string KnownReason(const Host& host, const std::string& id);

std::vector<Job> Plan(const Suite& suite, const Host& host, const PlanOptions& options);

// A mistake in the filter: an unknown group, framework or dialect, or a pattern that matches no
// case; "" if there is none.
std::string FilterMistake(const Suite& suite, const Filter& filter);

}  // namespace wasinn::conformance
