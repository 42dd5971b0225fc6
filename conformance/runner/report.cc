#include "report.h"

#include <algorithm>

namespace wasinn::conformance {

std::vector<GroupFacts> FactsOf(const Suite& suite) {
  std::vector<GroupFacts> groups;
  for (const auto& group : suite.groups) {
    GroupFacts facts{group.name, group.title, group.about, {}};
    for (const auto& one : group.cases) {
      facts.cases.push_back({one.name, one.checks, one.source, one.rule, one.why});
    }
    groups.push_back(std::move(facts));
  }
  return groups;
}

int Counts::at(Kind kind) const {
  const auto found = of.find(kind);
  return found == of.end() ? 0 : found->second;
}

bool Healed(const CaseResult& result) {
  return !result.known.empty() && !result.deviates() && result.kind != Kind::kSkip;
}

Counts CountsOf(const HostReport& host, const std::string& group) {
  Counts counts;
  for (const auto& result : host.results) {
    if (!group.empty() && result.group != group) continue;
    ++counts.of[result.kind];
    if (result.unexplained()) {
      ++counts.unexplained;
    } else if (result.deviates()) {
      ++counts.known;
    }
    if (Healed(result)) ++counts.healed;
  }
  return counts;
}

int Unexplained(const Report& report) {
  int count = 0;
  for (const auto& host : report.hosts) count += CountsOf(host, "").unexplained;
  return count;
}

const CaseFacts& FactsOf(const Report& report, const CaseResult& result) {
  static const CaseFacts kNone;
  for (const auto& group : report.groups) {
    if (group.name != result.group) continue;
    const auto found = std::ranges::find(group.cases, result.name, &CaseFacts::name);
    if (found != group.cases.end()) return *found;
  }
  return kNone;
}

std::string DurationText(std::int64_t ms) {
  if (ms < 1000) return fmt::format("{} ms", ms);
  if (ms < 60'000) return fmt::format("{:.1f} s", static_cast<double>(ms) / 1000);
  return fmt::format("{} min {} s", ms / 60'000, ms % 60'000 / 1000);
}

void Merge(Report& report, Report more) {
  for (auto& group : more.groups) {
    const auto known = std::ranges::find(report.groups, group.name, &GroupFacts::name);
    if (known == report.groups.end()) {
      report.groups.push_back(std::move(group));
      continue;
    }
    for (auto& one : group.cases) {
      if (std::ranges::find(known->cases, one.name, &CaseFacts::name) == known->cases.end()) {
        known->cases.push_back(std::move(one));
      }
    }
  }
  for (auto& host : more.hosts) {
    if (std::ranges::find(report.hosts, host.name, &HostReport::name) != report.hosts.end()) {
      host.name += " " + host.date;
    }
    report.hosts.push_back(std::move(host));
  }
  report.stopped = report.stopped || more.stopped;
}

}  // namespace wasinn::conformance
