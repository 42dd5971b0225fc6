#include "report.h"

#include <algorithm>
#include <set>

namespace wasinn::conformance {

std::vector<GroupFacts> FactsOf(const Suite& suite) {
  std::vector<GroupFacts> groups;
  for (const auto& group : suite.groups) {
    GroupFacts facts{group.name, group.title, group.about, {}};
    for (const auto& one : group.cases) {
      facts.cases.push_back(
          {one.name, one.checks, one.source, one.rule, one.why, one.recorded, one.wrong});
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

std::string SourcesText(const Report& report) {
  std::set<std::pair<std::string_view, std::string_view>> ran;
  for (const auto& host : report.hosts) {
    for (const auto& result : host.results) {
      if (result.kind != Kind::kSkip) ran.emplace(result.group, result.name);
    }
  }
  std::map<std::string_view, int> count;
  int all = 0;
  int recorded = 0;
  for (const auto& group : report.groups) {
    for (const auto& one : group.cases) {
      if (!ran.contains({group.name, one.name})) continue;
      ++all;
      ++count[one.source];
      recorded += one.recorded ? 1 : 0;
    }
  }
  std::vector<std::string> parts;
  const std::pair<std::string_view, std::string_view> sources[] = {
      {"specification", "the specification"},
      {"wasmedge", "WasmEdge"},
      {"wamr", "WAMR"},
      {"ours", "rules of our own"}};
  for (const auto& [source, text] : sources) {
    if (count[source] > 0) parts.push_back(fmt::format("{} by {}", count[source], text));
  }
  std::string text =
      fmt::format("{} {}: {}", all, all == 1 ? "case" : "cases",
                  parts.empty() ? "none" : fmt::format("{}", fmt::join(parts, ", ")));
  if (recorded > 0) text += fmt::format("; {} recorded, not judged", recorded);
  return text;
}

std::string HistoryText(const CaseResult& result) {
  if (result.outdated) return "judged by the suite of its run, which asked otherwise";
  if (result.was.empty()) return {};
  return fmt::format("judged again by the rules of this suite; at its run it was: {}", result.was);
}

std::string HistoryText(const HostReport& host) {
  const auto changed = std::ranges::count_if(
      host.results, [](const CaseResult& result) { return !result.was.empty(); });
  const auto outdated = std::ranges::count_if(host.results, &CaseResult::outdated);
  if (changed == 0 && outdated == 0) return {};
  return fmt::format(
      "Run with the suite of {}; its answers are judged by the rules of this suite ({} results "
      "changed), or, where that one asked otherwise, as at the run ({} results).",
      host.date.substr(0, 10), changed, outdated);
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
