// The report as JUnit's XML, which continuous integration shows.
#include "report.h"
#include "text.h"

namespace wasinn::conformance {
namespace {

std::string CaseXml(const Report& report, const CaseResult& result) {
  std::string xml = fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\"",
                                EscapeMarkup(result.group), EscapeMarkup(result.id),
                                static_cast<double>(result.duration_ms) / 1000);
  const auto skipped = [&](const std::string& reason) {
    return fmt::format("{}>\n      <skipped message=\"{}\"/>\n    </testcase>\n", xml,
                       EscapeMarkup(reason));
  };
  if (result.kind == Kind::kSkip) return skipped(result.message);
  if (result.deviates() && !result.known.empty()) {
    return skipped(fmt::format("known deviation ({}): {}: {}", FactsOf(result.kind).text,
                               result.known, result.message));
  }
  if (!result.deviates()) return xml + "/>\n";
  const CaseFacts& facts = FactsOf(report, result);
  return fmt::format(
      "{}>\n      <failure type=\"{}\" message=\"{}\">{}\nrule: {} ({})\nagain: {}\n{}</failure>\n"
      "    </testcase>\n",
      xml, FactsOf(result.kind).text, EscapeMarkup(result.message), EscapeMarkup(facts.checks),
      EscapeMarkup(facts.rule), EscapeMarkup(facts.source), EscapeMarkup(result.command),
      EscapeMarkup(result.err));
}

}  // namespace

std::string WriteJunit(const Report& report) {
  std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (const auto& host : report.hosts) {
    for (const auto& group : report.groups) {
      const Counts counts = CountsOf(host, group.name);
      if (counts.of.empty()) continue;
      xml += fmt::format(
          "  <testsuite name=\"{}.{}\" timestamp=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" "
          "skipped=\"{}\">\n",
          EscapeMarkup(host.name), EscapeMarkup(group.name), EscapeMarkup(host.date),
          counts.ran() + counts.skipped(), counts.unexplained, counts.skipped() + counts.known);
      for (const auto& result : host.results) {
        if (result.group == group.name) xml += CaseXml(report, result);
      }
      xml += "  </testsuite>\n";
    }
  }
  return xml + "</testsuites>\n";
}

}  // namespace wasinn::conformance
