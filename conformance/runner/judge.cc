#include "judge.h"

#include <algorithm>

#include "text.h"

namespace wasinn::conformance {
namespace {

constexpr std::size_t kMaxValue = 2000;
constexpr std::size_t kMaxOfCut = 1 << 20;
constexpr std::size_t kMaxMessage = 300;

// The `lines` lines of `text` from the first one that contains `part`; "" if there is none.
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

// The last line that explains what happened.
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

// Handles a run that did not end by itself; false if it did.
bool JudgeEnd(const Job& job, const ProcessEnd& end, const std::string& out, CaseResult& result) {
  const auto ends = [&](Kind kind, std::string message) {
    result.kind = kind;
    std::ranges::replace(message, '\n', ' ');
    result.message = Shorten(message, kMaxMessage);
    return true;
  };
  if (!end.failure.empty()) {
    return ends(Kind::kSetup, fmt::format("the host's program does not start: {}", end.failure));
  }
  if (end.stopped) return ends(Kind::kSkip, "stopped by a signal");
  for (const auto& text : job.host->panic) {
    // The second line is the panic's message.
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

Check CheckOf(const Expectation& expectation, const Printed& guest, bool exact) {
  Check check;
  check.key = expectation.key;
  check.expected = expectation.expected;
  if (!exact) check.accepted = expectation.accepted;
  check.label = guest.label;
  check.verdict = Verdict::kMissed;
  const auto* value = guest.Find(expectation.key);
  if (value == nullptr) return check;
  check.printed = true;
  check.given = *value;
  if (Meets(*value, expectation.expected)) {
    check.verdict = Verdict::kMet;
  } else if (!exact && Takes(expectation, *value)) {
    check.verdict = Verdict::kAccepted;
  }
  return check;
}

std::string Told(const Check& check) {
  return fmt::format("{}{}: expected {}, given {}",
                     check.label.empty() ? "" : fmt::format("[{}] ", check.label), check.key,
                     check.expected, check.printed ? check.given : "nothing");
}

bool IsAsked(const Case& one, const std::string& key) {
  return key == "done" || key == "setup" ||
         std::ranges::find(one.expect, key, &Expectation::key) != one.expect.end();
}

// One guest's values; adds its checks and lowers the result's kind.
void JudgeGuest(const Case& one, bool exact, const Printed& guest, bool ended_badly,
                CaseResult& result) {
  const auto lower = [&](Kind kind, const std::string& message) {
    // The end of the run is more important than the values that are missing because of it.
    if (ended_badly) return;
    // The message is the first one of the worst kind.
    const bool worse = FactsOf(kind).deviates && !FactsOf(result.kind).deviates;
    if (!worse && result.kind != Kind::kPass) return;
    result.kind = kind;
    result.message = Shorten(message, kMaxMessage);
  };
  const auto of = guest.label.empty() ? std::string() : fmt::format("[{}] ", guest.label);
  if (const auto* setup = guest.Find("setup"); setup != nullptr) {
    lower(Kind::kSetup, fmt::format("{}could not set up: {}", of, *setup));
  } else if (!guest.done) {
    lower(Kind::kFail, of + "ended without done");
  }
  for (const auto& [key, mistake] : guest.mistakes) {
    // Other lines that look like a key may be a host's log.
    if (IsAsked(one, key)) lower(Kind::kFail, of + mistake);
  }
  const auto judge = [&](const Expectation& expectation) {
    Check check = CheckOf(expectation, guest, exact);
    if (check.verdict == Verdict::kMissed) lower(Kind::kFail, Told(check));
    if (check.verdict == Verdict::kAccepted && !one.recorded) {
      lower(Kind::kAcceptable, fmt::format("{}: {} is acceptable, too", check.key, check.given));
    }
    result.checks.push_back(std::move(check));
  };
  for (const auto& expectation : one.expect) judge(expectation);
  if (exact) {
    for (const auto& [key, answer] : one.wasinn) judge({key, answer});
  }
  for (const auto& [key, value] : guest.values) {
    const auto judged = [&](const Check& check) {
      return check.key == key && check.label == guest.label;
    };
    if (std::ranges::any_of(result.checks, judged)) continue;
    result.checks.push_back({key, {}, {}, value, true, Verdict::kRecorded, guest.label});
  }
  if (one.recorded) lower(Kind::kRecorded, {});
}

// With many copies, the report keeps only the first one and those with wrong values.
void DropAlike(CaseResult& result) {
  if (result.checks.empty()) return;
  const std::string first = result.checks.front().label;
  std::erase_if(result.checks, [&](const Check& check) {
    return check.label != first && check.verdict != Verdict::kMissed;
  });
}

void JudgeGuests(const Case& one, bool exact, const std::vector<Printed>& guests, bool ended_badly,
                 CaseResult& result) {
  for (const auto& guest : guests) JudgeGuest(one, exact, guest, ended_badly, result);
  DropAlike(result);
}

}  // namespace

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
    std::string folder;
    for (const auto& [name, target] : job.links) {
      folder += fmt::format("ln -s {} {} && ", ShellQuote(target), ShellQuote(name));
    }
    if (!folder.empty()) folder = "cd \"$(mktemp -d)\" && " + folder;
    result.command = folder + variables + ShellLine(job.command);
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
  // The beginning of a text that was cut is enough.
  const std::string_view read =
      std::string_view(out).substr(0, end.flooded ? kMaxOfCut : out.size());
  Output output = ParseOutput(read, job.one->copies > 1);
  result.kind = Kind::kPass;
  result.message.clear();
  const bool ended_badly = JudgeEnd(job, end, out, result);
  JudgeGuests(*job.one, job.exact, output.guests, ended_badly, result);
  if (!ended_badly && job.one->copies > 1 && output.guests.size() != job.one->copies) {
    result.kind = Kind::kFail;
    result.message =
        fmt::format("expected {} copies, given {}", job.one->copies, output.guests.size());
  }
  for (auto& check : result.checks) check.given = Shorten(check.given, kMaxValue);
  result.other = Excerpt(output.other, 2 * kMaxValue);
  result.err = Excerpt(result.err, 2 * kMaxValue);
  return result;
}

void JudgeValues(const Case& one, bool exact, const std::vector<Printed>& guests,
                 CaseResult& result) {
  result.kind = Kind::kPass;
  result.message.clear();
  result.checks.clear();
  JudgeGuests(one, exact, guests, false, result);
}

}  // namespace wasinn::conformance
