// What a run of a case means.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plan.h"
#include "process.h"
#include "protocol.h"
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
  std::string message;    // why it is not a pass; the reason of a skip
  std::string known;      // the reason of a known deviation, "" for none
  std::string was;        // what it was at its run, when it was judged again otherwise
  bool outdated = false;  // the suite of its run asked otherwise; it could not be judged again
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

// The kind, message and checks of a run that came to its end. `exact`: as Job::exact.
void JudgeValues(const Case& one, bool exact, const std::vector<Printed>& guests,
                 CaseResult& result);

}  // namespace wasinn::conformance
