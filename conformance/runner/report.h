// The results of a run, and the forms of the report.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "judge.h"
#include "suite.h"

namespace wasinn::conformance {

// The description of a case in reports.
struct CaseFacts {
  std::string name;
  std::string checks;
  std::string source;
  std::string rule;
  std::string why;
  bool recorded = false;
  TextPairs wrong;  // the values of a host that breaks the rule
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
  std::string missing;  // why nothing was run, or ""
  std::string date;     // the time of the run, e.g. 2026-01-31T12:00:00Z
  std::int64_t duration_ms = 0;
  std::vector<CaseResult> results;
};

struct Report {
  std::vector<GroupFacts> groups;
  std::vector<HostReport> hosts;
  bool stopped = false;  // whether a signal ended it before all runs were done
};

std::vector<GroupFacts> FactsOf(const Suite& suite);

struct Counts {
  std::map<Kind, int> of;
  int known = 0;  // known deviations
  int unexplained = 0;
  int healed = 0;  // listed as known deviations, but passed

  int at(Kind kind) const;
  int good() const { return at(Kind::kPass) + at(Kind::kAcceptable); }
  int recorded() const { return at(Kind::kRecorded); }
  int skipped() const { return at(Kind::kSkip); }
  int judged() const { return good() + known + unexplained; }
  int ran() const { return judged() + recorded(); }
};
// The counts of one host, in one group or ("") in all groups.
Counts CountsOf(const HostReport& host, const std::string& group);
// The number of unexplained deviations of all hosts.
int Unexplained(const Report& report);

// Whether a result is listed as a known deviation but passes now.
bool Healed(const CaseResult& result);

// The number of cases by the source of their rules: "3 cases: 2 by the specification, 1 by rules of
// our own".
std::string SourcesText(const Report& report);

// The note for a result whose kind changed when it was judged again, or that could not be judged
// again; otherwise "".
std::string HistoryText(const CaseResult& result);
// The note for all results of a host.
std::string HistoryText(const HostReport& host);

// The case of a result; an empty one if the report has no such case.
const CaseFacts& FactsOf(const Report& report, const CaseResult& result);

// 1234 as "1.2 s", 90000 as "1 min 30 s".
std::string DurationText(std::int64_t ms);

// For the terminal: short, with escape codes if `colours`. Ends with a line break.
std::string WriteText(const Report& report, bool colours);
// `brief` leaves out the details that Rejudge takes from the suite, and the programs' output.
std::string WriteJson(const Report& report, bool brief);
// A table of groups and hosts, and the deviations of each host with their reasons.
std::string WriteMarkdown(const Report& report);
// JUnit's XML: a test suite for each host and group; known deviations count as skipped.
std::string WriteJunit(const Report& report);
// One page without external resources; `brief`: passed cases are only named.
std::string WriteHtml(const Report& report, bool brief);

// Reads the output of WriteJson; `path` is for messages.
Result<Report> ReadJson(std::string_view text, const std::string& path);

// Adds the columns of `more` and the cases that `report` lacks. If both have a host, both columns
// are kept, the later one under its name and date.
void Merge(Report& report, Report more);

}  // namespace wasinn::conformance
