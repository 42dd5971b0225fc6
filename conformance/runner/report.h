// What a run found, and the forms in which it is told.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "judge.h"
#include "suite.h"

namespace wasinn::conformance {

// A case as reports tell it.
struct CaseFacts {
  std::string name;
  std::string checks;
  std::string source;
  std::string rule;
  std::string why;
};

struct GroupFacts {
  std::string name;
  std::string title;
  std::string about;
  std::vector<CaseFacts> cases;
};

// One column of the report.
struct HostReport {
  std::string name;
  std::string title;
  std::string version;
  std::string program;
  std::string missing;  // why nothing was run, "" when something was
  std::string date;     // when it was run, as 2026-01-31T12:00:00Z
  std::int64_t duration_ms = 0;
  std::vector<CaseResult> results;
};

struct Report {
  std::vector<GroupFacts> groups;
  std::vector<HostReport> hosts;
  bool stopped = false;  // by a signal, before all was run
};

std::vector<GroupFacts> FactsOf(const Suite& suite);

struct Counts {
  std::map<Kind, int> of;
  int known = 0;  // deviations that are known
  int unexplained = 0;
  int healed = 0;  // listed as a known deviation, but good

  int at(Kind kind) const;
  int good() const { return at(Kind::kPass) + at(Kind::kAcceptable); }
  int skipped() const { return at(Kind::kSkip); }
  int ran() const { return good() + known + unexplained; }
};
// Of one host, in one group or ("") in all.
Counts CountsOf(const HostReport& host, const std::string& group);
// Unexplained deviations of all hosts.
int Unexplained(const Report& report);

// A result listed as a known deviation that is good now.
bool Healed(const CaseResult& result);

// The case that a result belongs to; an empty one when the report has no such case.
const CaseFacts& FactsOf(const Report& report, const CaseResult& result);

// 1234 as "1.2 s", 90000 as "1 min 30 s".
std::string DurationText(std::int64_t ms);

// For the screen: short, `colours` with escape codes. Ends with a line break.
std::string WriteText(const Report& report, bool colours);
std::string WriteJson(const Report& report);
// JUnit's XML: a test suite for each host and group; known deviations count as skipped.
std::string WriteJunit(const Report& report);
// One page without outside resources.
std::string WriteHtml(const Report& report);

// What WriteJson wrote; `path` is for messages.
Result<Report> ReadJson(std::string_view text, const std::string& path);

// Adds the columns of `more` and the cases that `report` lacks. A host that both have keeps both
// columns, the later one under its name and date.
void Merge(Report& report, Report more);

}  // namespace wasinn::conformance
