#include "rejudge.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "host.h"

namespace wasinn::conformance {
namespace {

const Case* FindCase(const Suite& suite, const CaseResult& result) {
  const auto group = std::ranges::find(suite.groups, result.group, &Group::name);
  if (group == suite.groups.end()) return nullptr;
  const auto one = std::ranges::find(group->cases, result.name, &Case::name);
  return one == group->cases.end() ? nullptr : &*one;
}

// Whether the guest ended by itself, so that the rules apply to its values.
bool EndedByItself(const CaseResult& result) {
  switch (result.kind) {
    case Kind::kPass:
    case Kind::kAcceptable:
    case Kind::kRecorded:
    case Kind::kSetup:
      return !result.checks.empty();
    case Kind::kFail:
      // Otherwise it printed too much, too little or twice, and the message does not concern a
      // value.
      return std::ranges::any_of(
          result.checks, [](const Check& check) { return check.verdict == Verdict::kMissed; });
    default:
      return false;
  }
}

// The values of each copy, without keys that were not printed according to the report.
std::vector<Printed> AnswersOf(const CaseResult& result) {
  std::vector<Printed> guests;
  for (const auto& check : result.checks) {
    auto guest = std::ranges::find(guests, check.label, &Printed::label);
    if (guest == guests.end()) {
      guests.emplace_back().label = check.label;
      guest = guests.end() - 1;
      guest->done = true;
    }
    if (check.printed) guest->values.emplace_back(check.key, check.given);
  }
  return guests;
}

// Whether the run has all values that the rules judge.
bool WasAsked(const Case& one, const CaseResult& result) {
  const auto has = [&](std::string_view key) {
    return std::ranges::find(result.checks, key, &Check::key) != result.checks.end();
  };
  return has("setup") || std::ranges::all_of(one.expect, [&](const Expectation& expectation) {
           return has(expectation.key);
         });
}

void RejudgeResult(const Case* one, bool exact, CaseResult& result) {
  if (result.kind == Kind::kSkip) return;
  if (one == nullptr) {
    result.outdated = true;
    return;
  }
  if (!EndedByItself(result)) {
    // A newer runner may be able to read output that the runner of that time could not.
    result.outdated = result.kind == Kind::kFail;
    return;
  }
  if (!WasAsked(*one, result)) {
    result.outdated = true;
    return;
  }
  const Kind before = result.kind;
  JudgeValues(*one, exact, AnswersOf(result), result);
  if (result.kind != before) result.was = FactsOf(before).text;
}

}  // namespace

Result<> Rejudge(const Suite& suite, bool exact, Report& report) {
  for (auto& host : report.hosts) {
    const std::string path = fmt::format("{}/hosts/{}.toml", suite.dir, host.name);
    std::error_code error;
    std::optional<Host> facts;
    if (std::filesystem::is_regular_file(path, error)) {
      auto loaded = LoadHost(path);
      if (!loaded) return std::unexpected(loaded.error());
      facts = std::move(*loaded);
    }
    for (auto& result : host.results) {
      RejudgeResult(FindCase(suite, result), exact, result);
      if (facts) result.known = KnownReason(*facts, result.id);
    }
  }
  report.groups = FactsOf(suite);
  return {};
}

}  // namespace wasinn::conformance
