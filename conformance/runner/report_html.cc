// The report as one page. All text from outside this file goes through Esc.
#include <algorithm>
#include <random>

#include "page_parts.h"
#include "report.h"
#include "text.h"

namespace wasinn::conformance {
namespace {

std::string Esc(std::string_view text) { return EscapeMarkup(text); }

std::string Plural(int count, std::string_view one, std::string_view more) {
  return fmt::format("{} {}", count, count == 1 ? one : more);
}

// The class that sets a colour; the sign next to it has the same meaning.
std::string_view ToneOf(const CaseResult& result) {
  if (result.unexplained()) return "bad";
  if (result.deviates() || Healed(result)) return "known";
  return result.kind == Kind::kSkip || result.kind == Kind::kRecorded ? "skip" : "good";
}

std::string_view ToneOf(const Counts& counts) {
  if (counts.unexplained > 0) return "bad";
  if (counts.known > 0 || counts.healed > 0) return "known";
  return counts.good() > 0 ? "good" : "skip";
}

std::string_view SignOf(std::string_view tone) {
  return tone == "bad" ? "✗" : tone == "known" ? "!" : tone == "good" ? "✓" : "–";
}

// The id without its group.
std::string ShortId(const CaseResult& result) {
  return result.id.substr(std::min(result.id.size(), result.group.size() + 1));
}

std::string AnchorOf(const HostReport& host, const std::string& group) {
  return fmt::format("{}--{}", Slug(host.name), Slug(group));
}

std::string Chip(std::string_view tone, std::string_view text) {
  return fmt::format("<span class=\"chip {}\">{} {}</span>", tone, SignOf(tone), Esc(text));
}

std::string Chips(const Counts& counts) {
  std::string html;
  if (counts.unexplained > 0) {
    html += Chip("bad", Plural(counts.unexplained, "deviation", "deviations"));
  }
  if (counts.known > 0) html += Chip("known", fmt::format("{} known", counts.known));
  if (counts.healed > 0) html += Chip("known", fmt::format("{} known, but good", counts.healed));
  if (counts.good() > 0) html += Chip("good", fmt::format("{} good", counts.good()));
  if (counts.recorded() > 0) html += Chip("skip", fmt::format("{} recorded", counts.recorded()));
  if (counts.skipped() > 0) html += Chip("skip", fmt::format("{} skipped", counts.skipped()));
  return html;
}

std::string Cell(const HostReport& host, const GroupFacts& group) {
  const Counts counts = CountsOf(host, group.name);
  if (counts.of.empty()) {
    return fmt::format(
        "<td data-host=\"{}\"><span class=\"cell skip\">– <small>{}</small></span></td>",
        Esc(host.name), host.missing.empty() ? "not run" : "host not found");
  }
  const auto tone = ToneOf(counts);
  std::string more;
  const auto add = [&](int count, std::string_view what) {
    if (count == 0) return;
    more += fmt::format("{}{} {}", more.empty() ? "" : " · ", count, what);
  };
  add(counts.unexplained, counts.unexplained == 1 ? "deviates" : "deviate");
  add(counts.known, "known");
  add(counts.recorded(), "recorded");
  add(counts.skipped(), "skipped");
  const std::string number =
      counts.ran() == 0 ? "none run" : fmt::format("{}/{}", counts.good(), counts.judged());
  return fmt::format("<td data-host=\"{}\"><a class=\"cell {}\" href=\"#{}\">{} {}{}</a></td>",
                     Esc(host.name), tone, AnchorOf(host, group.name), SignOf(tone), number,
                     more.empty() ? "" : fmt::format("<small>{}</small>", more));
}

std::string Matrix(const Report& report) {
  std::string html =
      "<h2 id=\"matrix\">Groups and hosts</h2>\n<div class=\"scroll\"><table class=\"matrix\">"
      "<thead><tr><th scope=\"col\">Group</th>";
  for (const auto& host : report.hosts) {
    html += fmt::format("<th scope=\"col\">{}</th>", Esc(host.name));
  }
  html += "</tr></thead>\n<tbody>";
  for (const auto& group : report.groups) {
    const bool any = std::ranges::any_of(
        report.hosts, [&](const auto& host) { return !CountsOf(host, group.name).of.empty(); });
    if (!any) continue;
    html += fmt::format("\n<tr><th scope=\"row\"><a href=\"#{}\">{}</a></th>", Slug(group.name),
                        Esc(group.title));
    for (const auto& host : report.hosts) html += Cell(host, group);
    html += "</tr>";
  }
  return html +
         "</tbody></table></div>\n<p class=\"small dim\">A cell says how many results are good of "
         "those that ran, and leads to them. ✓ all good · ✗ at least one deviation without a known "
         "reason · ! only known deviations · – nothing ran.</p>\n";
}

std::string HostCard(const HostReport& host) {
  const Counts counts = CountsOf(host, "");
  std::string html =
      fmt::format("<div class=\"card\"><h3>{}</h3><p>{}</p>", Esc(host.name), Esc(host.title));
  if (!host.missing.empty()) {
    return html + fmt::format("<p>{} {}</p></div>\n", Chip("skip", "not run"), Esc(host.missing));
  }
  html += fmt::format("<p class=\"small dim\">{}</p>", Esc(host.version));
  const int all = std::max(1, counts.ran() + counts.skipped());
  const auto part = [&](std::string_view tone, int count) {
    if (count == 0) return std::string();
    return fmt::format("<i class=\"b-{}\" style=\"width:{:.2f}%\"></i>", tone, 100.0 * count / all);
  };
  html += fmt::format("<div class=\"bar\" aria-hidden=\"true\">{}{}{}</div><p>{}</p>",
                      part("good", counts.good()), part("known", counts.known),
                      part("bad", counts.unexplained), Chips(counts));
  html += fmt::format("<p class=\"small dim\">{}<br>{}, {}</p>", Esc(host.program), Esc(host.date),
                      DurationText(host.duration_ms));
  if (const auto history = HistoryText(host); !history.empty()) {
    html += fmt::format("<p class=\"small dim\">{}</p>", Esc(history));
  }
  return html + "</div>\n";
}

std::string Values(const CaseResult& result) {
  if (result.checks.empty()) return "<span class=\"dim\">the guest printed no value</span>";
  std::string html =
      "<table class=\"values\"><thead><tr><th>value</th><th>expected</th><th>given</th><th></th>"
      "</tr></thead><tbody>";
  for (const auto& check : result.checks) {
    std::string expected = check.expected;
    for (const auto& other : check.accepted) expected += "\nor " + other;
    std::string_view tone = "skip";
    std::string_view word = "recorded";
    if (check.verdict == Verdict::kMet) tone = "good", word = "as expected";
    if (check.verdict == Verdict::kAccepted) tone = "good", word = "acceptable";
    if (check.verdict == Verdict::kMissed) tone = "bad", word = "not as expected";
    html += fmt::format(
        "<tr><td class=\"mono\">{}{}</td><td class=\"mono\" data-name=\"expected\">{}</td>"
        "<td class=\"mono\" data-name=\"given\">{}</td><td class=\"{}\">{} {}</td></tr>",
        check.label.empty() ? "" : "[" + Esc(check.label) + "] ", Esc(check.key),
        check.verdict == Verdict::kRecorded ? "–" : Esc(expected),
        check.printed ? Esc(check.given) : "<i>nothing</i>", tone, SignOf(tone), word);
  }
  return html + "</tbody></table>";
}

std::string Wrong(const CaseFacts& facts) {
  std::string html;
  for (const auto& [key, answer] : facts.wrong) {
    html += fmt::format("{}<code>{}={}</code>", html.empty() ? "" : ", ", Esc(key), Esc(answer));
  }
  return html;
}

std::string CaseHtml(const Report& report, const CaseResult& result) {
  const CaseFacts& facts = FactsOf(report, result);
  const auto tone = ToneOf(result);
  std::string id = result.id;
  std::ranges::transform(id, id.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  std::string html = fmt::format(
      "<details class=\"case\" data-kind=\"{}\" data-id=\"{}\"><summary><span "
      "class=\"{}\">{}</span> "
      "<span class=\"mono\">{}</span>",
      tone, Esc(id), tone, SignOf(tone), Esc(ShortId(result)));
  if (result.kind != Kind::kPass) {
    html +=
        fmt::format(" <span class=\"chip {}\">{}</span> <span class=\"small dim why\">{}</span>",
                    tone, FactsOf(result.kind).text,
                    Esc(Shorten(result.known.empty() ? result.message : result.known, 160)));
  }
  if (Healed(result)) html += " <span class=\"chip known\">listed as a deviation, but good</span>";
  html += "</summary><div class=\"body\"><dl>";
  const auto row = [&](std::string_view name, const std::string& content) {
    html += fmt::format("<dt>{}</dt><dd>{}</dd>", name, content);
  };
  row("Checked", Esc(facts.checks));
  row("Rule",
      fmt::format("{} <span class=\"dim\">({})</span>", Esc(facts.rule), Esc(facts.source)));
  row("Why it matters", Esc(facts.why));
  if (!facts.wrong.empty()) row("Who fails", "a host that gives " + Wrong(facts));
  std::string outcome = fmt::format("<b class=\"{}\">{} {}</b> – {}", tone, SignOf(tone),
                                    FactsOf(result.kind).text, FactsOf(result.kind).meaning);
  if (!result.message.empty()) outcome += fmt::format("<br>{}", Esc(result.message));
  if (const auto history = HistoryText(result); !history.empty()) {
    outcome += fmt::format("<br>{}", Esc(history));
  }
  row("Outcome", outcome);
  if (Healed(result)) {
    row("Known", fmt::format("listed as a deviation, but good now: {}", Esc(result.known)));
  } else if (!result.known.empty()) {
    row("Known", Esc(result.known));
  }
  row("Values", Values(result));
  if (!result.other.empty()) row("Other output", fmt::format("<pre>{}</pre>", Esc(result.other)));
  if (!result.err.empty()) row("On stderr", fmt::format("<pre>{}</pre>", Esc(result.err)));
  if (result.command.empty()) return html + "</dl></div></details>\n";
  row("Ended", fmt::format("{}, after {}",
                           result.signal != 0     ? SignalName(result.signal)
                           : result.exit_code < 0 ? "killed"
                                                  : fmt::format("exit code {}", result.exit_code),
                           DurationText(result.duration_ms)));
  row("Again", fmt::format("<pre class=\"command\">{}</pre>", Esc(result.command)));
  return html + "</dl></div></details>\n";
}

std::string Skips(const std::vector<const CaseResult*>& skipped) {
  std::map<std::string, std::vector<std::string>> reasons;
  for (const auto* result : skipped) {
    reasons[result->message].push_back(ShortId(*result));
  }
  std::string html;
  for (const auto& [reason, ids] : reasons) {
    html += fmt::format(
        "<details class=\"skips\"><summary><span class=\"skip\">–</span> {} <span class=\"chip "
        "skip\">skip</span> <span class=\"small dim\">{}</span></summary><div class=\"body "
        "mono\">{}"
        "</div></details>\n",
        Plural(static_cast<int>(ids.size()), "case", "cases"), Esc(reason),
        Esc(fmt::format("{}", fmt::join(ids, ", "))));
  }
  return html;
}

// The names of passed cases, in one line.
std::string Named(const std::vector<const CaseResult*>& good) {
  if (good.empty()) return {};
  std::vector<std::string> ids;
  for (const auto* result : good) ids.push_back(ShortId(*result));
  return fmt::format(
      "<details class=\"skips\"><summary><span class=\"good\">✓</span> {} good or "
      "recorded</summary>"
      "<div class=\"body mono\">{}</div></details>\n",
      ids.size(), Esc(fmt::format("{}", fmt::join(ids, ", "))));
}

std::string GroupHtml(const Report& report, const GroupFacts& group, bool brief) {
  std::string hosts;
  for (const auto& host : report.hosts) {
    const Counts counts = CountsOf(host, group.name);
    if (counts.of.empty()) continue;
    // The most important parts come first.
    std::vector<const CaseResult*> unexplained;
    std::vector<const CaseResult*> known;
    std::vector<const CaseResult*> good;
    std::vector<const CaseResult*> skipped;
    for (const auto& result : host.results) {
      if (result.group != group.name) continue;
      auto& list = result.kind == Kind::kSkip            ? skipped
                   : result.unexplained()                ? unexplained
                   : result.deviates() || Healed(result) ? known
                                                         : good;
      list.push_back(&result);
    }
    hosts += fmt::format(
        "<details class=\"host\" id=\"{}\"><summary><b>{}</b> {}</summary>"
        "<div class=\"body\">\n",
        AnchorOf(host, group.name), Esc(host.name), Chips(counts));
    for (const auto* list : {&unexplained, &known, &good}) {
      if (brief && list == &good) continue;
      for (const auto* result : *list) hosts += CaseHtml(report, *result);
    }
    if (brief) hosts += Named(good);
    hosts += Skips(skipped) + "</div></details>\n";
  }
  if (hosts.empty()) return {};
  return fmt::format("<section id=\"{}\"><h2>{}</h2>\n<p class=\"dim\">{}</p>\n{}</section>\n",
                     Slug(group.name), Esc(group.title), Esc(group.about), hosts);
}

std::string Headline(const Report& report) {
  Counts all;
  int hosts = 0;
  for (const auto& host : report.hosts) {
    if (!host.missing.empty()) continue;
    ++hosts;
    const Counts counts = CountsOf(host, "");
    for (const auto& [kind, count] : counts.of) all.of[kind] += count;
    all.known += counts.known;
    all.unexplained += counts.unexplained;
  }
  const auto tone = ToneOf(all);
  std::string text = fmt::format("{} of {} results good on {}", all.good(), all.judged(),
                                 Plural(hosts, "host", "hosts"));
  if (all.unexplained > 0) {
    text += fmt::format(", {}", Plural(all.unexplained, "deviation", "deviations"));
  }
  if (all.known > 0) text += fmt::format(", {} known", all.known);
  if (report.stopped) text += "; stopped before its end";
  return fmt::format("<p class=\"verdict {}\">{} {}</p>\n<p class=\"small dim\">{}.</p>\n", tone,
                     SignOf(tone), text, Esc(SourcesText(report)));
}

// Only the script of this page may run, whatever a host printed.
std::string Nonce() {
  std::random_device random;
  std::string nonce;
  for (int i = 0; i < 4; ++i) nonce += fmt::format("{:08x}", random());
  return nonce;
}

}  // namespace

std::string WriteHtml(const Report& report, bool brief) {
  const std::string nonce = Nonce();
  std::string html = fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'; script-src 'nonce-{}'; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>wasi-nn conformance</title>\n<style>{}</style>\n</head>\n<body>\n<header>\n"
      "<h1>wasi-nn conformance</h1>\n<p class=\"dim\">The same guests, the same models, each "
      "host's "
      "answers beside what the specification says.</p>\n{}</header>\n<main>\n",
      nonce, kPageStyle, Headline(report));
  html += Matrix(report);
  html += "<h2>Hosts</h2>\n<div class=\"hosts\">\n";
  for (const auto& host : report.hosts) html += HostCard(host);
  html +=
      "</div>\n<div class=\"tools\"><input id=\"filter\" type=\"search\" placeholder=\"Part of a "
      "name, dialect or framework\" aria-label=\"Filter the results\"><select id=\"kind\" "
      "aria-label=\"Kind of result\"><option value=\"all\">all results</option>"
      "<option value=\"bad\">✗ deviations</option><option value=\"known\">! known deviations"
      "</option><option value=\"good\">✓ good</option></select><button id=\"open\" type=\"button\">"
      "Open or close all</button><span id=\"count\" class=\"small dim\" role=\"status\"></span>"
      "</div>\n";
  for (const auto& group : report.groups) html += GroupHtml(report, group, brief);
  html +=
      "<footer class=\"small dim\"><p>A command under “Again” runs that one case by itself; a "
      "click "
      "on it selects all of it.</p></footer>\n</main>\n";
  html += fmt::format("<script nonce=\"{}\">{}</script>\n</body>\n</html>\n", nonce, kPageScript);
  return html;
}

}  // namespace wasinn::conformance
