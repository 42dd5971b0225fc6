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

// The expected value of a key. A text that begins with ~ is a regular expression that must match a
// part of the value.
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
  std::uint32_t copies = 0;      // 0: one guest without copies
  std::uint32_t time_limit = 0;  // seconds; 0: the default of the run
  std::string checks;
  std::string source;
  std::string rule;
  std::string why;
  // A case that no rule covers: its values are recorded, and only the survival of the host is
  // judged.
  bool recorded = false;
  std::vector<Expectation> expect;
  std::vector<std::string> record;
  TextPairs wasinn;  // wasinn's own values, checked with --exact; recorded on other hosts
  TextPairs wrong;   // the values of a host that breaks the rule, with which the case must fail
};

// Whether no possible value can miss the expectation: each errno of WITX, each code of WIT, or each
// text meets it.
bool TakesEveryAnswer(const Expectation& expectation);

// Whether a value is as expected: equal, or matched by the regular expression after ~.
bool Meets(const std::string& value, const std::string& expected);
// Whether a value is the expected one or an accepted one.
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

// A whole suite folder. Files of one group are merged under the title of the first one. It is an
// error if a case names a model that no framework has.
Result<Suite> LoadSuite(const std::string& dir);

}  // namespace wasinn::conformance
