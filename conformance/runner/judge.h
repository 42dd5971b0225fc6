// What a run of a case means.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plan.h"
#include "process.h"
#include "words.h"

namespace wasinn::conformance {

enum class Verdict { kMet, kAccepted, kMissed, kRecorded };

// One key: what was expected and what was given.
struct Check {
  std::string key;
  std::string expected;  // "" for a recorded key
  std::vector<std::string> accepted;
  std::string given;
  bool printed = false;  // else `given` says nothing
  Verdict verdict = Verdict::kRecorded;
  std::string label;  // the copy, "" for a lone guest
};

// How one case ended on one host.
struct CaseResult {
  std::string id;
  std::string group;
  std::string name;
  std::string dialect;
  std::string framework;
  Kind kind = Kind::kSkip;
  std::string message;  // why it is not a pass; the reason of a skip
  std::string known;    // the reason of a known deviation, "" for none
  std::vector<Check> checks;
  std::string other;    // what else stood on stdout
  std::string err;      // the first and last lines of stderr
  std::string command;  // to repeat it, for a shell
  int exit_code = -1;
  int signal = 0;
  std::int64_t duration_ms = 0;

  bool deviates() const { return FactsOf(kind).deviates; }
  bool unexplained() const { return deviates() && known.empty(); }
};

// A result with what is known before the run; with the kind of a job that is not run.
CaseResult StartResult(const Job& job);

// The result of a job that was run.
CaseResult Judge(const Job& job, const ProcessEnd& end);

// Whether a value is as expected: equal, or found by the regular expression after ~.
bool Meets(const std::string& value, const std::string& expected);

}  // namespace wasinn::conformance
