// The cases and models of a suite folder.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "result.h"
#include "toml.h"

namespace wasinn::conformance {

enum class FrameworkUse { kEach, kOne, kNone };

// What a guest must print under a key. A text that begins with ~ is a regular expression to be
// found in the value.
struct Expectation {
  std::string key;
  std::string expected;
  std::vector<std::string> accepted = {};
};

struct Case {
  std::string group;
  std::string name;
  std::vector<std::string> dialects;
  std::string guest;
  std::vector<std::string> args;
  std::vector<std::string> needs;
  std::vector<std::string> models;
  std::vector<std::string> files;
  FrameworkUse frameworks = FrameworkUse::kNone;
  TextPairs policy;
  std::uint32_t copies = 0;      // 0: one guest, without asking for copies
  std::uint32_t time_limit = 0;  // seconds; 0: the run's
  std::string checks;
  std::string source;
  std::string rule;
  std::string why;
  // A case whose question no rule answers: what is given is recorded, and only that the host lives
  // on is judged.
  bool recorded = false;
  std::vector<Expectation> expect;
  std::vector<std::string> record;
  TextPairs wasinn;  // recorded on other hosts; what wasinn answers, for its own gate
  TextPairs wrong;   // what a host that breaks the rule prints instead; the case then fails
};

// Whether no answer in the field can miss the expectation: each errno of WITX, or each code of WIT,
// meets it; or for a text, each text.
bool TakesEveryAnswer(const Expectation& expectation);

// Whether a value is as expected: equal, or found by the regular expression after ~.
bool Meets(const std::string& value, const std::string& expected);
// Whether a value is as expected, or one of those that are accepted.
bool Takes(const Expectation& expectation, const std::string& value);

struct Group {
  std::string name;
  std::string title;
  std::string about;
  std::vector<Case> cases;
};

// A framework of the manifest: its encoding, and each model's files below its folder.
struct Framework {
  std::string encoding;
  std::map<std::string, std::vector<std::string>> models;
};

struct Suite {
  std::string dir;  // absolute
  std::vector<Group> groups;
  std::map<std::string, Framework> frameworks;
};

// One case file; `path` is for messages.
Result<Group> ParseGroup(std::string_view text, const std::string& path);

// All of a suite folder. Files of one group are put together under the first one's title. A model
// that a case names and no framework has is an error.
Result<Suite> LoadSuite(const std::string& dir);

}  // namespace wasinn::conformance
