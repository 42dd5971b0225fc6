#include "report.h"

#include <gtest/gtest.h>

namespace wasinn::conformance {
namespace {

constexpr char kEvil[] = "</pre><script>alert(1)</script><img src=x onerror='x'>\"&";

Report MakeReport() {
  Report report;
  report.groups = {{"g",
                    "The group",
                    "About it.",
                    {{"c", "Checks it.", "ours", "The rule", "Why.", false, {{"errno", "7"}}}}}};
  HostReport host;
  host.name = "h";
  host.title = "The host";
  host.version = "h 1.0";
  host.program = "/bin/h";
  host.date = "2026-01-31T12:00:00Z";
  const auto add = [&](const std::string& dialect, Kind kind, const std::string& known) {
    CaseResult result;
    result.id = "g/c@" + dialect;
    result.group = "g";
    result.name = "c";
    result.dialect = dialect;
    result.kind = kind;
    result.known = known;
    result.message = kind == Kind::kPass ? "" : "told";
    result.command = "run it";
    result.exit_code = 0;
    result.checks = {{"errno", "0", {"1"}, "5", true, Verdict::kMissed, ""}};
    host.results.push_back(result);
  };
  add("witx", Kind::kPass, "");
  add("wamr", Kind::kFail, "");
  add("wasmedge", Kind::kTrap, "the reason");
  add("prompt", Kind::kPass, "an old reason");
  add("properties", Kind::kSkip, "");
  report.hosts.push_back(host);
  return report;
}

TEST(Report, Counts) {
  const Report report = MakeReport();
  const Counts counts = CountsOf(report.hosts[0], "g");
  EXPECT_EQ(counts.good(), 2);
  EXPECT_EQ(counts.unexplained, 1);
  EXPECT_EQ(counts.known, 1);
  EXPECT_EQ(counts.healed, 1);
  EXPECT_EQ(counts.skipped(), 1);
  EXPECT_EQ(counts.ran(), 4);
  EXPECT_EQ(Unexplained(report), 1);
  EXPECT_EQ(CountsOf(report.hosts[0], "other").ran(), 0);
}

TEST(Report, TextTellsDeviationsInFullAndTheRestShortly) {
  EXPECT_EQ(WriteText(MakeReport(), false),
            "GROUP  h\n"
            "g      2 ✓  1 ✗  1 known  1 skipped\n"
            "all    2 ✓  1 ✗  1 known  1 skipped\n"
            "\n"
            "1 case: 1 by rules of our own\n"
            "h: The host (h 1.0), 0 ms\n"
            "\n"
            "1 deviation on h\n"
            "\n"
            "✗ g/c@wamr\n"
            "  Checks it.\n"
            "    errno: expected 0 or 1, given 5\n"
            "  rule   The rule (ours)\n"
            "  again  run it\n"
            "\n"
            "known deviations of h\n"
            "  the reason\n"
            "    1 trap: g/c@wasmedge\n"
            "  an old reason\n"
            "    good now, take off the list: g/c@prompt\n"
            "\n"
            "skipped on h\n"
            "     1  told\n");
}

TEST(Report, JsonComesBack) {
  Report report = MakeReport();
  report.hosts[0].results[1].err = kEvil;
  report.hosts[0].results[1].message = "broken \xff text";
  const std::string text = WriteJson(report, false);
  auto again = ReadJson(text, "r.json");
  ASSERT_TRUE(again) << again.error();
  EXPECT_EQ(again->hosts[0].results[1].err, kEvil);
  EXPECT_EQ(again->hosts[0].results[1].message, "broken � text");
  again->hosts[0].results[1].message = report.hosts[0].results[1].message;
  EXPECT_EQ(WriteJson(*again, false), text);
}

TEST(Report, BriefJsonComesBackWithoutWhatTheSuiteKnows) {
  Report report = MakeReport();
  HostReport& host = report.hosts[0];
  host.results[0].kind = Kind::kRecorded;
  host.results[1].was = "pass";
  host.results[2].outdated = true;
  host.results[3].framework = "onnx";
  host.results[3].id = "g/c@prompt+onnx";
  const auto brief = ReadJson(WriteJson(report, true), "r.json");
  ASSERT_TRUE(brief) << brief.error();
  EXPECT_TRUE(brief->groups.empty());
  for (std::size_t i = 0; i < host.results.size(); ++i) {
    const CaseResult& before = host.results[i];
    const CaseResult& after = brief->hosts[0].results[i];
    EXPECT_EQ(after.id, before.id);
    EXPECT_EQ(after.group, before.group);
    EXPECT_EQ(after.name, before.name);
    EXPECT_EQ(after.dialect, before.dialect);
    EXPECT_EQ(after.framework, before.framework);
    EXPECT_EQ(after.kind, before.kind);
    EXPECT_EQ(after.was, before.was);
    EXPECT_EQ(after.outdated, before.outdated);
    EXPECT_EQ(after.command, "");
    if (before.kind == Kind::kSkip) continue;
    EXPECT_EQ(after.exit_code, 0);
    EXPECT_EQ(after.checks.at(0).given, "5");
    EXPECT_EQ(after.checks.at(0).verdict, Verdict::kMissed);
  }
}

TEST(Report, MarkdownHasTheTableAndTheReasons) {
  Report report = MakeReport();
  report.hosts[0].results[1].was = "pass";
  const std::string text = WriteMarkdown(report);
  for (const auto* const part :
       {"| Group | The host |\n| --- | ---: |\n| The group | 2/4 |\n| **All** | **2/4** |\n",
        "| The host | h 1.0 | 2026-01-31 | 1 |\n", "(1 results changed)",
        "- Not explained. g/c@wamr (fail)\n", "- the reason g/c@wasmedge (trap)\n"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
}

TEST(Report, JsonOfSomethingElseIsRefused) {
  for (const char* text :
       {"", "[]", "{}", "{\"format\": 2}", "{\"format\": 1}",
        "{\"format\": 1, \"hosts\": [{\"results\": [{\"id\": \"x\"}]}]}",
        "{\"format\": 1, \"hosts\": [{\"results\": [{\"id\": 1, \"result\": 2}]}]}"}) {
    const auto report = ReadJson(text, "r.json");
    ASSERT_FALSE(report) << text;
    EXPECT_EQ(report.error().find("r.json: expected "), 0U);
  }
}

TEST(Report, JunitCountsKnownDeviationsAsSkipped) {
  const std::string xml = WriteJunit(MakeReport());
  EXPECT_NE(xml.find("<testsuite name=\"h.g\" timestamp=\"2026-01-31T12:00:00Z\" tests=\"5\" "
                     "failures=\"1\" errors=\"0\" skipped=\"2\">"),
            std::string::npos);
  EXPECT_NE(xml.find("<failure type=\"fail\" message=\"told\">"), std::string::npos);
  EXPECT_NE(xml.find("<skipped message=\"known deviation (trap): the reason: told\"/>"),
            std::string::npos);
}

TEST(Report, NoWriterLetsMarkupThrough) {
  Report report = MakeReport();
  HostReport& host = report.hosts[0];
  host.name = host.title = host.version = host.program = host.date = kEvil;
  report.groups[0].title = report.groups[0].about = kEvil;
  report.groups[0].cases[0] = {"c", kEvil, kEvil, kEvil, kEvil, false, {{kEvil, kEvil}}};
  for (auto& result : host.results) {
    result.id = std::string("g/") + kEvil;
    result.message = result.known = result.was = result.other = result.err = result.command = kEvil;
    result.checks = {{kEvil, kEvil, {kEvil}, kEvil, true, Verdict::kMissed, kEvil}};
  }
  for (const bool brief : {false, true}) {
    const std::string page = WriteHtml(report, brief);
    EXPECT_EQ(page.find("<script>alert"), std::string::npos);
    EXPECT_EQ(page.find("<img"), std::string::npos);
    EXPECT_EQ(page.find("onerror='"), std::string::npos);
  }
  EXPECT_EQ(WriteMarkdown(report).find("<script"), std::string::npos);
  EXPECT_EQ(WriteJunit(report).find("<script"), std::string::npos);
}

TEST(Report, MergingAddsColumnsAndCases) {
  Report report = MakeReport();
  Report more = MakeReport();
  more.groups[0].cases.push_back({"d", "", "", "", "", false, {}});
  more.groups.push_back({"k", "K", "", {}});
  more.hosts.push_back(more.hosts[0]);
  more.hosts[1].name = "other";
  Merge(report, more);
  ASSERT_EQ(report.hosts.size(), 3U);
  EXPECT_EQ(report.hosts[1].name, "h 2026-01-31T12:00:00Z");
  EXPECT_EQ(report.hosts[2].name, "other");
  EXPECT_EQ(report.groups.size(), 2U);
  EXPECT_EQ(report.groups[0].cases.size(), 2U);
}

TEST(Report, Durations) {
  EXPECT_EQ(DurationText(999), "999 ms");
  EXPECT_EQ(DurationText(1250), "1.2 s");
  EXPECT_EQ(DurationText(90'000), "1 min 30 s");
}

}  // namespace
}  // namespace wasinn::conformance
