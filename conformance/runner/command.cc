#include "command.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <optional>

#include "files.h"
#include "output.h"
#include "pool.h"
#include "progress_line.h"
#include "rejudge.h"
#include "report.h"
#include "stop_signal.h"
#include "template.h"
#include "terminal.h"
#include "text.h"

namespace wasinn::conformance {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMaxReport = std::size_t{1} << 30;
constexpr std::size_t kMaxVersion = 200;
constexpr std::string_view kReportForms[] = {".html", ".json", ".md", ".txt", ".xml"};

std::unexpected<Problem> Stop(int exit_code, std::string message, std::string hint = {}) {
  return std::unexpected(Problem{exit_code, std::move(message), std::move(hint)});
}

std::string Now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts = {};
  gmtime_r(&now, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

std::string FolderOf(const Place& place) { return fs::path(place.program).parent_path().string(); }

// The possible places of a suite: in the archive, the build tree and an installation.
std::vector<std::string> SuitePlaces(const Place& place) {
  const fs::path own = FolderOf(place);
  return {(own / "suite").string(), (own / ".." / "conformance").lexically_normal().string(),
          (own / ".." / "share" / "wasinn" / "conformance").lexically_normal().string()};
}

std::expected<std::string, Problem> FindSuite(const Flags& flags, const Place& place) {
  if (!flags.suite.empty()) return flags.suite;
  if (const char* dir = std::getenv("WASINN_CONFORMANCE_SUITE"); dir != nullptr && *dir != '\0') {
    return dir;
  }
  const auto places = SuitePlaces(place);
  std::error_code error;
  for (const auto& dir : places) {
    if (fs::is_directory(dir + "/cases", error)) return dir;
  }
  return Stop(kBroken,
              fmt::format("expected a suite in one of {}, found none", fmt::join(places, ", ")),
              "--suite DIR tells where it is");
}

// A requested host and the path of its program.
struct Found {
  Host host;
  std::string program;  // "" if it was not found
  bool asked = false;   // requested by name, not by default
};

std::expected<TextPairs, Problem> ReadPrograms(const Flags& flags) {
  TextPairs programs;
  for (const auto& text : flags.programs) {
    const auto at = text.find('=');
    if (at == std::string::npos || at == 0 || at + 1 == text.size()) {
      return Stop(kUsage,
                  fmt::format("--host-program: expected NAME=PATH, given \"{}\"", CleanText(text)));
    }
    programs.emplace_back(text.substr(0, at), text.substr(at + 1));
  }
  return programs;
}

std::expected<std::string, Problem> HostFile(const std::string& text, const std::string& suite) {
  if (text.find('/') != std::string::npos || text.ends_with(".toml")) return text;
  std::string path = fmt::format("{}/hosts/{}.toml", suite, text);
  std::error_code error;
  if (fs::is_regular_file(path, error)) return path;
  std::vector<std::string> names;
  if (const auto files = ListFiles(suite + "/hosts", ".toml"); files) {
    for (const auto& file : *files) names.push_back(fs::path(file).stem().string());
  }
  return Stop(kUsage, fmt::format("--host: expected a file or one of {}, given \"{}\"{}",
                                  fmt::join(names, ", "), CleanText(text), Suggest(text, names)));
}

std::string ProgramOf(const Host& host, const TextPairs& programs, const Place& place) {
  for (const auto& [name, path] : programs) {
    if (name != host.name) continue;
    // The text is a path, even without a slash.
    std::error_code error;
    return FindProgram(fs::absolute(path, error).string(), "");
  }
  if (!place.self_name.empty() && host.program == place.self_name) return place.program;
  return FindProgram(host.program, FolderOf(place));
}

std::expected<std::vector<Found>, Problem> FindHosts(const Flags& flags, const Place& place,
                                                     const std::string& suite) {
  auto programs = ReadPrograms(flags);
  if (!programs) return std::unexpected(programs.error());
  auto names = flags.hosts;
  if (names.empty() && flags.merge.empty()) names = {place.default_host};
  std::vector<Found> hosts;
  for (const auto& name : names) {
    const auto path = HostFile(name, suite);
    if (!path) return std::unexpected(path.error());
    auto host = LoadHost(*path);
    if (!host) return Stop(kBroken, host.error());
    if (std::ranges::any_of(hosts, [&](const Found& one) { return one.host.name == host->name; })) {
      return Stop(kUsage, fmt::format("--host: expected each host once, given {} again",
                                      CleanText(host->name)));
    }
    Found found{std::move(*host), {}, true};
    found.program = ProgramOf(found.host, *programs, place);
    hosts.push_back(std::move(found));
  }
  for (const auto& [name, program] : *programs) {
    if (std::ranges::any_of(hosts, [&](const Found& one) { return one.host.name == name; }))
      continue;
    return Stop(kUsage, fmt::format("--host-program: expected the name of a host of this run, "
                                    "given \"{}\"",
                                    CleanText(name)));
  }
  return hosts;
}

std::string VersionOf(const Found& found) {
  if (found.host.version.empty()) return {};
  ProcessRequest request;
  request.command = Fill(found.host.version, {{"program", {found.program}}});
  request.env = found.host.env;
  const ProcessEnd end = RunProcess(request, cli::StopSignal::came());
  std::string text = CleanText(end.out.empty() ? end.err : end.out);
  while (text.ends_with('\n')) text.pop_back();
  if (!end.failure.empty() || text.empty()) return "version unknown";
  for (auto at = text.find('\n'); at != std::string::npos; at = text.find('\n')) {
    text.replace(at, 1, ", ");
  }
  return Shorten(text, kMaxVersion);
}

PlanOptions OptionsFor(const Flags& flags, const Place& place, const Found& found) {
  PlanOptions options;
  options.filter = flags.filter;
  options.program = found.program;
  options.exact = flags.exact;
  options.time_limit = std::chrono::seconds(std::max(1U, flags.time_limit));
  if (found.program != place.program || !place.lacks) return options;
  for (const auto& framework : found.host.frameworks) {
    if (place.lacks(framework)) options.lacking.push_back(framework);
  }
  return options;
}

HostReport RunHost(const Suite& suite, const Flags& flags, const Place& place, const Found& found) {
  const Host& host = found.host;
  HostReport report;
  report.name = CleanText(host.name);
  report.title = CleanText(host.title);
  report.program = CleanText(found.program);
  report.date = Now();
  auto jobs = Plan(suite, host, OptionsFor(flags, place, found));
  if (found.program.empty()) {
    report.missing =
        fmt::format("the program \"{}\" is not on this machine (--host-program {}=PATH)",
                    CleanText(host.program), report.name);
    for (auto& job : jobs) {
      job.skip = "the host's program is not on this machine";
      report.results.push_back(StartResult(job));
    }
    return report;
  }
  report.version = VersionOf(found);
  const auto start = std::chrono::steady_clock::now();
  ProgressLine progress(report.name, jobs);
  report.results =
      RunJobs(jobs, flags.jobs == 0 ? UsableCores() : flags.jobs, cli::StopSignal::came(),
              [&](const CaseResult& result) { progress.Ended(result); });
  report.duration_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                           std::chrono::steady_clock::now() - start)
                           .count();
  return report;
}

int List(const Suite& suite, const Flags& flags, const Place& place,
         const std::vector<Found>& hosts) {
  for (const auto& found : hosts) {
    for (const auto& job : Plan(suite, found.host, OptionsFor(flags, place, found))) {
      cli::Print("{}  {}{}\n", found.host.name, job.id,
                 job.skip.empty() ? "" : fmt::format("  skipped: {}", job.skip));
    }
    if (found.program.empty()) {
      cli::Print("{}  the program \"{}\" is not on this machine\n", found.host.name,
                 CleanText(found.host.program));
    }
  }
  return kAllGood;
}

std::expected<void, Problem> CheckReports(const Flags& flags) {
  for (const auto& path : flags.reports) {
    const std::string form = fs::path(path).extension().string();
    if (std::ranges::find(kReportForms, form) != std::end(kReportForms)) continue;
    return Stop(kUsage,
                fmt::format("--report: expected a file that ends in one of {}, given \"{}\"",
                            fmt::join(kReportForms, ", "), CleanText(path)));
  }
  return {};
}

std::expected<void, Problem> WriteReports(const Flags& flags, const Report& report) {
  for (const auto& path : flags.reports) {
    const std::string form = fs::path(path).extension().string();
    const std::string content = form == ".html"   ? WriteHtml(report, flags.brief)
                                : form == ".json" ? WriteJson(report, flags.brief)
                                : form == ".md"   ? WriteMarkdown(report)
                                : form == ".xml"  ? WriteJunit(report)
                                                  : WriteText(report, false);
    if (auto written = WriteFile(path, content); !written) return Stop(kBroken, written.error());
    cli::PrintError("wrote {}\n", CleanText(path));
  }
  return {};
}

std::expected<void, Problem> MergeReports(const Flags& flags, const Suite* suite, Report& report) {
  for (const auto& path : flags.merge) {
    const auto text = ReadFile(path, kMaxReport);
    if (!text) return Stop(kBroken, text.error());
    auto more = ReadJson(*text, path);
    if (!more) return Stop(kBroken, more.error());
    if (suite != nullptr) {
      if (auto judged = Rejudge(*suite, flags.exact, *more); !judged) {
        return Stop(kBroken, judged.error());
      }
    }
    Merge(report, std::move(*more));
  }
  return {};
}

}  // namespace

std::expected<int, Problem> RunCommand(const Flags& flags, const Place& place) {
  if (auto checked = CheckReports(flags); !checked) return std::unexpected(checked.error());
  Report report;
  bool missing = false;
  std::optional<Suite> suite;
  const bool runs = !flags.hosts.empty() || flags.merge.empty();
  if (runs || flags.rejudge) {
    const auto dir = FindSuite(flags, place);
    if (!dir) return std::unexpected(dir.error());
    auto loaded = LoadSuite(*dir);
    if (!loaded) return Stop(kBroken, loaded.error());
    suite = std::move(*loaded);
  }
  if (runs) {
    if (auto mistake = FilterMistake(*suite, flags.filter); !mistake.empty()) {
      return Stop(kUsage, mistake);
    }
    const auto hosts = FindHosts(flags, place, suite->dir);
    if (!hosts) return std::unexpected(hosts.error());
    if (flags.list) return List(*suite, flags, place, *hosts);
    report.groups = FactsOf(*suite);
    const cli::StopSignal stop(/*hangup=*/true);
    for (const auto& found : *hosts) {
      if (cli::StopSignal::came()) break;
      report.hosts.push_back(RunHost(*suite, flags, place, found));
      missing = missing || found.program.empty();
    }
    report.stopped = cli::StopSignal::came();
  }
  const Suite* judge_by = flags.rejudge ? &*suite : nullptr;
  if (auto merged = MergeReports(flags, judge_by, report); !merged)
    return std::unexpected(merged.error());
  cli::Print("{}", WriteText(report, true));
  if (auto written = WriteReports(flags, report); !written) {
    return std::unexpected(written.error());
  }
  if (report.stopped) return kStopped;
  if (Unexplained(report) > 0) return kDeviations;
  return missing ? kHostMissing : kAllGood;
}

}  // namespace wasinn::conformance
