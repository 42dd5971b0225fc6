// The report for the terminal.
#include <algorithm>

#include "report.h"
#include "table.h"
#include "terminal.h"

namespace wasinn::conformance {
namespace {

// "34 ✓  2 ✗  1 known  5 skipped", without counts of 0.
std::string CellText(const Counts& counts) {
  std::vector<std::string> parts;
  const auto add = [&](int count, std::string_view what) {
    if (count > 0) parts.push_back(fmt::format("{} {}", count, what));
  };
  add(counts.good(), "✓");
  add(counts.recorded(), "○");
  add(counts.unexplained, "✗");
  add(counts.known, "known");
  add(counts.skipped(), "skipped");
  return parts.empty() ? "–" : fmt::format("{}", fmt::join(parts, "  "));
}

std::string MatrixText(const Report& report, const cli::Style& style) {
  std::vector<std::string> headings = {"GROUP"};
  for (const auto& host : report.hosts) headings.push_back(host.name);
  cli::Table table(headings);
  for (const auto& group : report.groups) {
    std::vector<std::string> row = {group.name};
    bool any = false;
    for (const auto& host : report.hosts) {
      const Counts counts = CountsOf(host, group.name);
      any = any || !counts.of.empty();
      row.push_back(CellText(counts));
    }
    if (any) table.AddRow(std::move(row));
  }
  std::vector<std::string> sum = {"all"};
  for (const auto& host : report.hosts) {
    sum.push_back(host.missing.empty() ? CellText(CountsOf(host, "")) : "not found");
  }
  table.AddRow(std::move(sum));
  return table.Render(style);
}

std::string DeviationText(const Report& report, const CaseResult& result, const cli::Style& style) {
  const CaseFacts& facts = FactsOf(report, result);
  std::string text = fmt::format(
      "\n{}{}{} {}{}\n", style.red, FactsOf(result.kind).sign, style.reset, result.id,
      result.kind == Kind::kFail ? "" : fmt::format("  [{}]", FactsOf(result.kind).text));
  if (!facts.checks.empty()) text += fmt::format("  {}\n", facts.checks);
  bool told = false;
  for (const auto& check : result.checks) {
    if (check.verdict != Verdict::kMissed || result.kind != Kind::kFail) continue;
    std::string expected = check.expected;
    for (const auto& other : check.accepted) expected += " or " + other;
    text += fmt::format("    {}{}: expected {}, given {}\n",
                        check.label.empty() ? "" : "[" + check.label + "] ", check.key, expected,
                        check.printed ? check.given : "nothing");
    told = true;
  }
  if (!told) text += fmt::format("    {}\n", result.message);
  if (!facts.rule.empty()) text += fmt::format("  rule   {} ({})\n", facts.rule, facts.source);
  if (!result.command.empty()) text += fmt::format("  again  {}\n", result.command);
  return text;
}

// The report on the terminal stays short; the other forms have all ids.
constexpr std::size_t kMaxIds = 3;

std::vector<std::string> First(const std::vector<std::string>& ids) {
  return {ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(std::min(kMaxIds, ids.size()))};
}

std::string KnownText(const HostReport& host) {
  // One line for a reason, with the results that it explains.
  std::vector<std::pair<std::string, std::vector<const CaseResult*>>> reasons;
  for (const auto& result : host.results) {
    if (result.known.empty() || result.kind == Kind::kSkip) continue;
    auto found =
        std::ranges::find(reasons, result.known, [](const auto& one) { return one.first; });
    if (found == reasons.end()) {
      reasons.emplace_back(result.known, std::vector<const CaseResult*>());
      found = reasons.end() - 1;
    }
    found->second.push_back(&result);
  }
  if (reasons.empty()) return {};
  std::string text = fmt::format("\nknown deviations of {}\n", host.name);
  for (const auto& [reason, results] : reasons) {
    text += fmt::format("  {}\n", reason);
    std::vector<std::string> healed;
    std::vector<std::string> ids;
    std::map<std::string_view, int> kinds;
    for (const auto* result : results) {
      (Healed(*result) ? healed : ids).push_back(result->id);
      if (!Healed(*result)) ++kinds[FactsOf(result->kind).text];
    }
    std::vector<std::string> parts;
    for (const auto& [kind, count] : kinds) parts.push_back(fmt::format("{} {}", count, kind));
    if (!ids.empty()) {
      text += fmt::format("    {}: {}", fmt::join(parts, ", "), fmt::join(First(ids), " "));
      text += ids.size() > kMaxIds ? fmt::format(" and {} more\n", ids.size() - kMaxIds) : "\n";
    }
    if (!healed.empty()) {
      text += fmt::format("    good now, take off the list: {}\n", fmt::join(healed, " "));
    }
  }
  return text;
}

std::string SkipText(const HostReport& host) {
  std::map<std::string, int> reasons;
  for (const auto& result : host.results) {
    if (result.kind == Kind::kSkip) ++reasons[result.message];
  }
  if (reasons.empty()) return {};
  std::string text = fmt::format("\nskipped on {}\n", host.name);
  for (const auto& [reason, count] : reasons) text += fmt::format("  {:4}  {}\n", count, reason);
  return text;
}

}  // namespace

std::string WriteText(const Report& report, bool colours) {
  const cli::Style style = colours ? cli::Style::For(stdout) : cli::Style();
  std::string text = MatrixText(report, style);
  text += "\n";
  text += SourcesText(report) + "\n";
  for (const auto& host : report.hosts) {
    text += host.missing.empty() ? fmt::format("{}: {} ({}), {}\n", host.name, host.title,
                                               host.version, DurationText(host.duration_ms))
                                 : fmt::format("{}: {}\n", host.name, host.missing);
  }
  for (const auto& host : report.hosts) {
    const int count = CountsOf(host, "").unexplained;
    if (count > 0) {
      text += fmt::format("\n{}{} on {}{}\n", style.bold,
                          count == 1 ? "1 deviation" : fmt::format("{} deviations", count),
                          host.name, style.reset);
    }
    for (const auto& result : host.results) {
      if (result.unexplained()) text += DeviationText(report, result, style);
    }
  }
  for (const auto& host : report.hosts) text += KnownText(host);
  for (const auto& host : report.hosts) {
    if (host.missing.empty()) text += SkipText(host);
  }
  if (report.stopped) text += "\nstopped by a signal: what was not run is skipped\n";
  return text;
}

}  // namespace wasinn::conformance
