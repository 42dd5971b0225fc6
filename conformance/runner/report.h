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
  bool recorded = false;
  TextPairs wrong;  // the answers of a host that breaks the rule
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
  int recorded() const { return at(Kind::kRecorded); }
  int skipped() const { return at(Kind::kSkip); }
  int judged() const { return good() + known + unexplained; }
  int ran() const { return judged() + recorded(); }
};
// Of one host, in one group or ("") in all.
Counts CountsOf(const HostReport& host, const std::string& group);
// Unexplained deviations of all hosts.
int Unexplained(const Report& report);

// A result listed as a known deviation that is good now.
bool Healed(const CaseResult& result);

// How many cases were run, and by whose rules: "3 cases: 2 by the specification, 1 by rules of our
// own".
std::string SourcesText(const Report& report);

// What an answer that was judged again was before, or that it could not be; "" for neither.
std::string HistoryText(const CaseResult& result);
// The same of all results of a host.
std::string HistoryText(const HostReport& host);

// The case that a result belongs to; an empty one when the report has no such case.
const CaseFacts& FactsOf(const Report& report, const CaseResult& result);

// 1234 as "1.2 s", 90000 as "1 min 30 s".
std::string DurationText(std::int64_t ms);

// For the screen: short, `colours` with escape codes. Ends with a line break.
std::string WriteText(const Report& report, bool colours);
// `brief` leaves out what Rejudge takes from the suite, and what the programs printed.
std::string WriteJson(const Report& report, bool brief);
// A table of groups and hosts, and the deviations of each host with their reasons.
std::string WriteMarkdown(const Report& report);
// JUnit's XML: a test suite for each host and group; known deviations count as skipped.
std::string WriteJunit(const Report& report);
// One page without outside resources; `brief`: good results are only named.
std::string WriteHtml(const Report& report, bool brief);

// What WriteJson wrote; `path` is for messages.
Result<Report> ReadJson(std::string_view text, const std::string& path);

// Adds the columns of `more` and the cases that `report` lacks. A host that both have keeps both
// columns, the later one under its name and date.
void Merge(Report& report, Report more);

}  // namespace wasinn::conformance
