// The report as a Markdown table.
#include <algorithm>

#include "report.h"
#include "text.h"

namespace wasinn::conformance {
namespace {

// Text for a cell or a line: without markup and bars.
std::string Plain(std::string_view text) {
  std::string plain;
  for (const char c : EscapeMarkup(text)) {
    if (c == '|' || c == '\\' || c == '`' || c == '*' || c == '_') plain += '\\';
    plain += c == '\n' ? ' ' : c;
  }
  return plain;
}

std::string Cell(const Counts& counts) {
  if (counts.ran() == 0) return "–";
  std::string text = fmt::format("{}/{}", counts.good(), counts.judged());
  if (counts.recorded() > 0) text += fmt::format(" ○{}", counts.recorded());
  return text;
}

std::string Row(std::string_view name, const std::vector<std::string>& cells) {
  return fmt::format("| {} | {} |\n", name, fmt::join(cells, " | "));
}

std::string Matrix(const Report& report) {
  std::vector<std::string> names;
  std::vector<std::string> lines;
  std::vector<std::string> sums;
  for (const auto& host : report.hosts) {
    names.push_back(Plain(host.title));
    lines.emplace_back("---:");
    sums.push_back(fmt::format("**{}**", Cell(CountsOf(host, ""))));
  }
  std::string text = Row("Group", names) + Row("---", lines);
  for (const auto& group : report.groups) {
    std::vector<std::string> cells;
    for (const auto& host : report.hosts) cells.push_back(Cell(CountsOf(host, group.name)));
    text += Row(Plain(group.title), cells);
  }
  return text + Row("**All**", sums);
}

std::string HostFacts(const Report& report) {
  std::string text = "| Host | Version | Run on | Not run |\n|---|---|---|---:|\n";
  for (const auto& host : report.hosts) {
    text += Row(Plain(host.title), {Plain(host.version), host.date.substr(0, 10),
                                    std::to_string(CountsOf(host, "").skipped())});
  }
  for (const auto& host : report.hosts) {
    if (const auto history = HistoryText(host); !history.empty()) {
      text += fmt::format("\n{}: {}\n", Plain(host.title), history);
    }
  }
  return text;
}

// One line for a reason, with the results that it explains.
std::string Deviations(const HostReport& host) {
  std::vector<std::pair<std::string, std::vector<std::string>>> reasons;
  for (const auto& result : host.results) {
    if (!result.deviates()) continue;
    const std::string reason = result.known.empty() ? "Not explained." : result.known;
    auto found = std::ranges::find(reasons, reason, [](const auto& one) { return one.first; });
    if (found == reasons.end()) {
      reasons.emplace_back(reason, std::vector<std::string>());
      found = reasons.end() - 1;
    }
    found->second.push_back(fmt::format("{} ({}{})", Plain(result.id), FactsOf(result.kind).text,
                                        result.outdated ? ", as at its run" : ""));
  }
  std::string text;
  for (const auto& [reason, results] : reasons) {
    text += fmt::format("- {} {}\n", Plain(reason), fmt::join(results, ", "));
  }
  return text;
}

}  // namespace

std::string WriteMarkdown(const Report& report) {
  std::string text = fmt::format(
      "# Conformance of hosts with wasi-nn\n\n{}.\n\nA cell: good results of those that were "
      "judged; "
      "○ counts those that are only recorded; – nothing was run. A case runs once for each dialect "
      "and "
      "framework that the host claims.\n\n{}\n## The hosts\n\n{}",
      SourcesText(report), Matrix(report), HostFacts(report));
  for (const auto& host : report.hosts) {
    const auto deviations = Deviations(host);
    text += fmt::format("\n## Deviations: {}\n\n{}", Plain(host.title),
                        deviations.empty() ? "None.\n" : deviations);
  }
  return text;
}

}  // namespace wasinn::conformance
