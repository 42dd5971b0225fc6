#include "judge.h"

#include <algorithm>
#include <mutex>
#include <regex>

#include "protocol.h"
#include "text.h"

namespace wasinn::conformance {
namespace {

// Longer values are compared and searched in this part only: the library's regular expressions
// recurse over the text.
constexpr std::size_t kMostSearched = 4096;
constexpr std::size_t kMostValue = 2000;
constexpr std::size_t kMostMessage = 300;

// The `lines` lines of `text` from the one in which `part` is found, "" when it is not.
std::string LinesWith(const std::string& text, const std::string& part, int lines = 1) {
  const auto at = text.find(part);
  if (at == std::string::npos) return {};
  const auto before = text.rfind('\n', at);
  const auto begin = before == std::string::npos ? 0 : before + 1;
  auto end = begin;
  for (int i = 0; i < lines && end < text.size(); ++i) {
    end = std::min(text.find('\n', end + (i > 0 ? 1 : 0)), text.size());
  }
  return text.substr(begin, end - begin);
}

// The last line that tells what happened.
std::string LastLine(std::string_view text) {
  while (!text.empty()) {
    while (text.ends_with('\n')) text.remove_suffix(1);
    const auto at = text.rfind('\n');
    std::string_view line = text.substr(at == std::string_view::npos ? 0 : at + 1);
    text.remove_suffix(line.size());
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    if (!line.empty() && !line.starts_with("hint:") && !line.starts_with("note:")) {
      return std::string(line);
    }
  }
  return {};
}

std::string WithLastLine(std::string message, const std::string& err) {
  const std::string last = LastLine(err);
  return last.empty() ? message : fmt::format("{}: {}", message, last);
}

// A run that did not come to its own end; false when it did.
bool JudgeEnd(const Job& job, const ProcessEnd& end, const std::string& out, CaseResult& result) {
  const auto ends = [&](Kind kind, std::string message) {
    result.kind = kind;
    std::ranges::replace(message, '\n', ' ');
    result.message = Shorten(message, kMostMessage);
    return true;
  };
  if (!end.failure.empty()) {
    return ends(Kind::kSetup, fmt::format("the host's program does not start: {}", end.failure));
  }
  if (end.stopped) return ends(Kind::kSkip, "stopped by a signal");
  for (const auto& text : job.host->panic) {
    // The second line is what the panic says.
    auto line = LinesWith(result.err, text, 2);
    if (line.empty()) line = LinesWith(out, text, 2);
    if (!line.empty()) return ends(Kind::kPanic, line);
  }
  if (end.timed_out) {
    return ends(Kind::kHang, fmt::format("no end after {} s; killed", job.time_limit.count()));
  }
  if (end.signal != 0) {
    return ends(Kind::kCrash,
                WithLastLine(fmt::format("killed by {}", SignalName(end.signal)), result.err));
  }
  if (end.flooded) return ends(Kind::kFail, "printed more than is read; killed");
  if (end.exit_code == 0) return false;
  if (const auto& trap = job.host->trap; trap) {
    const bool by_code =
        trap->exit.empty() || std::ranges::find(trap->exit, end.exit_code) != trap->exit.end();
    auto line = LinesWith(result.err, trap->text);
    if (line.empty()) line = LinesWith(out, trap->text);
    if (by_code && (trap->text.empty() || !line.empty())) {
      return ends(Kind::kTrap, line.empty() ? WithLastLine("the guest trapped", result.err) : line);
    }
  }
  return ends(Kind::kExit, WithLastLine(fmt::format("exit code {}", end.exit_code), result.err));
}

Check CheckOf(const Expectation& expectation, const Printed& guest) {
  Check check;
  check.key = expectation.key;
  check.expected = expectation.expected;
  check.accepted = expectation.accepted;
  check.label = guest.label;
  const auto* value = guest.Find(expectation.key);
  if (value != nullptr) {
    check.printed = true;
    check.given = *value;
  }
  if (value != nullptr && Meets(*value, expectation.expected)) {
    check.verdict = Verdict::kMet;
  } else if (value != nullptr && std::ranges::any_of(expectation.accepted, [&](const auto& text) {
               return Meets(*value, text);
             })) {
    check.verdict = Verdict::kAccepted;
  } else {
    check.verdict = Verdict::kMissed;
  }
  return check;
}

std::string Told(const Check& check) {
  return fmt::format("{}{}: expected {}, given {}",
                     check.label.empty() ? "" : fmt::format("[{}] ", check.label), check.key,
                     check.expected, check.printed ? check.given : "nothing");
}

// One guest's values; adds its checks and lowers the result's kind.
void JudgeGuest(const Job& job, const Printed& guest, bool ended_badly, CaseResult& result) {
  const auto lower = [&](Kind kind, const std::string& message) {
    // How the run ended says more than the values that are missing for it.
    if (ended_badly) return;
    // The first of the worst is told.
    const bool worse = FactsOf(kind).deviates && !FactsOf(result.kind).deviates;
    if (!worse && result.kind != Kind::kPass) return;
    result.kind = kind;
    result.message = Shorten(message, kMostMessage);
  };
  const auto of = guest.label.empty() ? std::string() : fmt::format("[{}] ", guest.label);
  if (const auto* setup = guest.Find("setup"); setup != nullptr) {
    lower(Kind::kSetup, fmt::format("{}could not set up: {}", of, *setup));
  } else if (!guest.done) {
    lower(Kind::kFail, of + "ended without done");
  } else if (!guest.mistake.empty()) {
    lower(Kind::kFail, of + guest.mistake);
  }
  for (const auto& expectation : job.one->expect) {
    Check check = CheckOf(expectation, guest);
    if (check.verdict == Verdict::kMissed) lower(Kind::kFail, Told(check));
    if (check.verdict == Verdict::kAccepted) {
      lower(Kind::kAcceptable, fmt::format("{}: {} is acceptable, too", check.key, check.given));
    }
    result.checks.push_back(std::move(check));
  }
  for (const auto& [key, value] : guest.values) {
    if (std::ranges::find(job.one->expect, key, &Expectation::key) != job.one->expect.end()) {
      continue;
    }
    result.checks.push_back({key, {}, {}, value, true, Verdict::kRecorded, guest.label});
  }
}

// Of many copies, the first one and those that miss something are enough to read.
void DropAlike(CaseResult& result) {
  if (result.checks.empty()) return;
  const std::string first = result.checks.front().label;
  std::erase_if(result.checks, [&](const Check& check) {
    return check.label != first && check.verdict != Verdict::kMissed;
  });
}

}  // namespace

bool Meets(const std::string& value, const std::string& expected) {
  if (!expected.starts_with('~')) return value == expected;
  try {
    const std::regex pattern = [&] {
      // While it compiles a pattern, libstdc++ fills a table of the locale, without a lock.
      static std::mutex mutex;
      const std::lock_guard lock(mutex);
      return std::regex(expected.substr(1), std::regex::ECMAScript);
    }();
    return std::regex_search(value.substr(0, kMostSearched), pattern);
  } catch (const std::regex_error&) {
    // The suite's patterns were checked; what is left is a search that takes too long.
    return false;
  }
}

CaseResult StartResult(const Job& job) {
  CaseResult result;
  result.id = job.id;
  result.group = job.one->group;
  result.name = job.one->name;
  result.dialect = job.dialect;
  result.framework = job.framework;
  result.kind = job.skip.empty() ? Kind::kSetup : Kind::kSkip;
  result.message = job.skip.empty() ? job.flaw : job.skip;
  result.known = job.known;
  if (!job.command.empty()) {
    std::string variables;
    for (const auto& [name, value] : job.host->env) {
      variables += fmt::format("{}={} ", name, ShellQuote(value));
    }
    result.command = variables + ShellLine(job.command);
  }
  return result;
}

CaseResult Judge(const Job& job, const ProcessEnd& end) {
  CaseResult result = StartResult(job);
  const std::string out = CleanText(end.out);
  result.err = CleanText(end.err);
  result.exit_code = end.exit_code;
  result.signal = end.signal;
  result.duration_ms = end.duration.count();
  Output output = ParseOutput(out, job.one->copies > 1);
  result.kind = Kind::kPass;
  result.message.clear();
  const bool ended_badly = JudgeEnd(job, end, out, result);
  for (const auto& guest : output.guests) JudgeGuest(job, guest, ended_badly, result);
  if (!ended_badly && job.one->copies > 1 && output.guests.size() != job.one->copies) {
    result.kind = Kind::kFail;
    result.message =
        fmt::format("expected {} copies, given {}", job.one->copies, output.guests.size());
  }
  DropAlike(result);
  for (auto& check : result.checks) check.given = Shorten(check.given, kMostValue);
  result.other = Excerpt(output.other, 2 * kMostValue);
  result.err = Excerpt(result.err, 2 * kMostValue);
  return result;
}

}  // namespace wasinn::conformance
