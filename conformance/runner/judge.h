// Judges the run of a case.
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

// One key with the expected and the given value.
struct Check {
  std::string key;
  std::string expected;  // "" for a recorded key
  std::vector<std::string> accepted;
  std::string given;
  bool printed = false;  // if false, `given` has no meaning
  Verdict verdict = Verdict::kRecorded;
  std::string label;  // the copy, "" for a lone guest
};

// The result of one case on one host.
struct CaseResult {
  std::string id;
  std::string group;
  std::string name;
  std::string dialect;
  std::string framework;
  Kind kind = Kind::kSkip;
  std::string message;    // why it is not a pass; the reason of a skip
  std::string known;      // the reason of a known deviation, "" for none
  std::string was;        // the kind at the time of the run, if a new judgement differs
  bool outdated = false;  // the case has changed since the run, so it could not be judged again
  std::vector<Check> checks;
  std::string other;    // other lines on stdout
  std::string err;      // the first and last lines of stderr
  std::string command;  // a shell command that repeats the run
  int exit_code = -1;
  int signal = 0;
  std::int64_t duration_ms = 0;

  bool deviates() const { return FactsOf(kind).deviates; }
  bool unexplained() const { return deviates() && known.empty(); }
};

// A result with the facts that are known before the run, and with the kind of a job that is not
// run.
CaseResult StartResult(const Job& job);

// The result of a job that was run.
CaseResult Judge(const Job& job, const ProcessEnd& end);

// Sets the kind, message and checks of a run that ended by itself. `exact`: as Job::exact.
void JudgeValues(const Case& one, bool exact, const std::vector<Printed>& guests,
                 CaseResult& result);

}  // namespace wasinn::conformance
