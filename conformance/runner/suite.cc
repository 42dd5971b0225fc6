#include "suite.h"

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "files.h"
#include "text.h"
#include "words.h"

namespace wasinn::conformance {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMaxManifest = 16 << 20;
// Longer values are searched in this part only: the library's regular expressions recurse over the
// text.
constexpr std::size_t kMaxSearched = 4096;

bool IsName(std::string_view text) {
  return !text.empty() &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

bool IsKey(std::string_view text) {
  return !text.empty() &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_.") == std::string_view::npos;
}

// Why a text after ~ is not a regular expression, or "".
std::string PatternMistake(const std::string& text) {
  if (!text.starts_with('~')) return {};
  try {
    static_cast<void>(std::regex(text.substr(1), std::regex::ECMAScript));
    return {};
  } catch (const std::regex_error& error) {
    return fmt::format("expected a regular expression after ~, given \"{}\": {}", text.substr(1),
                       error.what());
  }
}

void CheckWord(TableReader& table, std::string_view key, const std::string& given,
               const std::vector<std::string>& words) {
  if (std::ranges::find(words, given) != words.end()) return;
  table.Mistake(table.LineOf(key),
                fmt::format("{}: expected one of {}, given \"{}\"{}", key, fmt::join(words, ", "),
                            CleanText(given), Suggest(given, words)));
}

void CheckExpectation(TableReader& table, const Expectation& expectation) {
  const auto line = table.LineOf("expect");
  if (!IsKey(expectation.key)) {
    table.Mistake(line, fmt::format("expect: expected a key of a-z, 0-9, _ and ., given \"{}\"",
                                    CleanText(expectation.key)));
  }
  auto texts = expectation.accepted;
  texts.push_back(expectation.expected);
  for (const auto& text : texts) {
    if (auto mistake = PatternMistake(text); !mistake.empty()) {
      table.Mistake(line, fmt::format("{}: {}", expectation.key, mistake));
      return;
    }
  }
  if (TakesEveryAnswer(expectation)) {
    table.Mistake(line, fmt::format("expect.{}: expected a key that some answer misses, given one "
                                    "that takes every answer; record and wasinn hold those",
                                    expectation.key));
  }
}

// Checks that the values under `wrong` really break the rule.
void ReadWrong(TableReader& table, Case& one) {
  one.wrong = table.Pairs("wrong");
  const auto line = table.LineOf("wrong");
  if (one.wrong.empty() && !one.expect.empty()) {
    table.Mistake(line, "wrong: expected the answers of a host that breaks the rule, given none");
  }
  for (const auto& [key, answer] : one.wrong) {
    const auto found = std::ranges::find(one.expect, key, &Expectation::key);
    if (found == one.expect.end()) {
      table.Mistake(line, fmt::format("wrong.{}: expected a key of expect, given another", key));
    } else if (Takes(*found, answer)) {
      table.Mistake(line, fmt::format("wrong.{}: expected an answer that is not right, given "
                                      "\"{}\"",
                                      key, CleanText(answer)));
    }
  }
}

void ReadExpectations(TableReader& table, Case& one) {
  const std::string kind = table.TextOr("kind", "judged");
  CheckWord(table, "kind", kind, {"judged", "recorded"});
  one.recorded = kind == "recorded";
  for (auto& [key, expected] : table.Pairs("expect")) {
    one.expect.push_back({key, expected});
  }
  if (one.expect.empty() && !one.recorded) {
    table.Mistake(table.LineOf("expect"), "expect: expected at least one key, given none");
  }
  for (auto& [key, accepted] : table.Lists("accept")) {
    const auto found = std::ranges::find(one.expect, key, &Expectation::key);
    if (found == one.expect.end()) {
      table.Mistake(table.LineOf("accept"),
                    fmt::format("accept.{}: expected a key of expect, given another", key));
      continue;
    }
    found->accepted = accepted;
  }
  for (const auto& expectation : one.expect) CheckExpectation(table, expectation);
  one.record = table.Texts("record");
  one.wasinn = table.Pairs("wasinn");
  for (const auto& [key, answer] : one.wasinn) {
    const auto line = table.LineOf("wasinn");
    if (std::ranges::find(one.expect, key, &Expectation::key) != one.expect.end()) {
      table.Mistake(line, fmt::format("wasinn.{}: expected a key that is not judged, given one of "
                                      "expect",
                                      key));
    }
    if (auto mistake = PatternMistake(answer); !mistake.empty()) {
      table.Mistake(line, fmt::format("wasinn.{}: {}", key, mistake));
    }
  }
  ReadWrong(table, one);
}

Result<Case> ReadCase(const TomlValue& value, const std::string& path, const std::string& group) {
  Case one;
  one.group = group;
  TableReader table(path, value, "case: ");
  one.name = table.Text("name");
  if (!IsName(one.name)) {
    table.Mistake(table.LineOf("name"),
                  fmt::format("name: expected a-z, 0-9 and _, given \"{}\"", CleanText(one.name)));
  }
  one.dialects = table.NeedTexts("dialect");
  for (const auto& dialect : one.dialects) CheckWord(table, "dialect", dialect, DialectNames());
  one.guest = table.Text("guest");
  one.args = table.Texts("args");
  one.needs = table.Texts("needs");
  for (const auto& need : one.needs) CheckWord(table, "needs", need, FeatureNames());
  one.models = table.Texts("models");
  one.files = table.Texts("files");
  const bool has_models = !one.models.empty() || !one.files.empty();
  const std::string use = table.TextOr("frameworks", has_models ? "each" : "none");
  CheckWord(table, "frameworks", use, {"each", "one", "none"});
  one.frameworks = use == "each"  ? FrameworkUse::kEach
                   : use == "one" ? FrameworkUse::kOne
                                  : FrameworkUse::kNone;
  if (has_models && one.frameworks == FrameworkUse::kNone) {
    table.Mistake(table.LineOf("frameworks"),
                  "frameworks: expected each or one for a case with models or files, given none");
  }
  one.policy = table.Pairs("policy");
  one.copies = table.Count("copies");
  one.time_limit = table.Count("time_limit");
  one.checks = table.Text("checks");
  one.source = table.Text("source");
  CheckWord(table, "source", one.source, {"specification", "wasmedge", "wamr", "ours"});
  one.rule = table.Text("rule");
  one.why = table.Text("why");
  ReadExpectations(table, one);
  if (auto done = table.Finish(); !done) return std::unexpected(done.error());
  return one;
}

Result<std::map<std::string, Framework>> ReadManifest(const std::string& path) {
  const auto text = ReadFile(path, kMaxManifest);
  if (!text) return std::unexpected(text.error());
  const auto json = nlohmann::json::parse(*text, nullptr, false);
  const auto wrong = [&](std::string_view what) { return Fail("{}: expected {}", path, what); };
  if (!json.is_object() || !json.contains("frameworks") || !json["frameworks"].is_object()) {
    return wrong("a JSON object with \"frameworks\"");
  }
  std::map<std::string, Framework> frameworks;
  for (const auto& [name, entry] : json["frameworks"].items()) {
    Framework framework;
    if (!entry.is_object() || !entry.contains("encoding") || !entry["encoding"].is_string() ||
        !entry.contains("models") || !entry["models"].is_object()) {
      return wrong(fmt::format("\"encoding\" and \"models\" in framework {}", name));
    }
    framework.encoding = entry["encoding"].get<std::string>();
    if (!IsEncoding(framework.encoding)) {
      return wrong(fmt::format("a known encoding in framework {}, given \"{}\"", name,
                               CleanText(framework.encoding)));
    }
    for (const auto& [model, facts] : entry["models"].items()) {
      std::vector<std::string> files;
      if (facts.is_object() && facts.contains("files") && facts["files"].is_array()) {
        for (const auto& file : facts["files"]) {
          if (file.is_string()) files.push_back(file.get<std::string>());
        }
      }
      if (files.empty()) {
        return wrong(fmt::format("\"files\" of model {} in framework {}", model, name));
      }
      framework.models.emplace(model, std::move(files));
    }
    frameworks.emplace(name, std::move(framework));
  }
  return frameworks;
}

Result<> CheckModels(const Suite& suite) {
  for (const auto& group : suite.groups) {
    for (const auto& one : group.cases) {
      auto names = one.models;
      names.insert(names.end(), one.files.begin(), one.files.end());
      for (const auto& name : names) {
        const bool known = std::ranges::any_of(suite.frameworks, [&](const auto& framework) {
          return framework.second.models.contains(name);
        });
        if (!known) {
          return Fail("{}/{}: expected a model of models/manifest.json, given \"{}\"", group.name,
                      one.name, CleanText(name));
        }
      }
    }
  }
  return {};
}

}  // namespace

bool Meets(const std::string& value, const std::string& expected) {
  if (!expected.starts_with('~')) return value == expected;
  try {
    const std::regex& pattern = [&]() -> const std::regex& {
      // Compiled once, since a suite has the same few patterns a thousand times; and under a lock,
      // since libstdc++ fills a table of the locale meanwhile.
      static std::mutex mutex;
      static std::map<std::string, std::regex> patterns;
      const std::lock_guard lock(mutex);
      return patterns.try_emplace(expected, expected.substr(1), std::regex::ECMAScript)
          .first->second;
    }();
    return std::regex_search(value.substr(0, kMaxSearched), pattern);
  } catch (const std::regex_error&) {
    // The suite's patterns were checked, so the only remaining error is a search that takes too
    // long.
    return false;
  }
}

bool Takes(const Expectation& expectation, const std::string& value) {
  return Meets(value, expectation.expected) ||
         std::ranges::any_of(expectation.accepted,
                             [&](const auto& accepted) { return Meets(value, accepted); });
}

bool TakesEveryAnswer(const Expectation& expectation) {
  static const std::vector<std::string> kErrnos = {"0", "1", "2", "3", "4", "5", "6", "7", "8"};
  static const std::vector<std::string> kCodes = {
      "ok",       "invalid-argument", "invalid-encoding",
      "timeout",  "runtime-error",    "unsupported-operation",
      "security", "too-large",        "not-found",
      "unknown"};
  static const std::vector<std::string> kTexts = {"", "a text"};
  const auto takes_all = [&](const auto& answers) {
    return std::ranges::all_of(answers,
                               [&](const auto& answer) { return Takes(expectation, answer); });
  };
  if (expectation.key.ends_with("text")) return takes_all(kTexts);
  const bool is_code =
      std::ranges::any_of(kCodes, [&](const auto& code) { return Takes(expectation, code); });
  return takes_all(is_code ? kCodes : kErrnos);
}

Result<Group> ParseGroup(std::string_view text, const std::string& path) {
  const auto value = ParseToml(text, path);
  if (!value) return std::unexpected(value.error());
  Group group;
  TableReader table(path, *value, "");
  group.name = table.Text("group");
  if (!IsName(group.name)) {
    table.Mistake(table.LineOf("group"), fmt::format("group: expected a-z, 0-9 and _, given \"{}\"",
                                                     CleanText(group.name)));
  }
  group.title = table.Text("title");
  group.about = table.Text("about");
  const auto cases = table.Tables("case");
  if (auto done = table.Finish(); !done) return std::unexpected(done.error());
  std::set<std::string> names;
  for (const auto* entry : cases) {
    auto one = ReadCase(*entry, path, group.name);
    if (!one) return std::unexpected(one.error());
    if (!names.insert(one->name).second) {
      return Fail("{}:{}: expected a name of its own for each case, given \"{}\" again", path,
                  entry->line, one->name);
    }
    group.cases.push_back(std::move(*one));
  }
  return group;
}

Result<Suite> LoadSuite(const std::string& dir) {
  Suite suite;
  std::error_code error;
  suite.dir = fs::absolute(dir, error).lexically_normal().string();
  while (suite.dir.size() > 1 && suite.dir.ends_with('/')) suite.dir.pop_back();
  const auto files = ListFiles(suite.dir + "/cases", ".toml");
  if (!files) return std::unexpected(files.error());
  if (files->empty()) return Fail("{}/cases: expected case files (*.toml), given none", suite.dir);
  for (const auto& path : *files) {
    const auto text = ReadFile(path, kMaxManifest);
    if (!text) return std::unexpected(text.error());
    auto group = ParseGroup(*text, path);
    if (!group) return std::unexpected(group.error());
    const auto known = std::ranges::find(suite.groups, group->name, &Group::name);
    if (known == suite.groups.end()) {
      suite.groups.push_back(std::move(*group));
      continue;
    }
    for (auto& one : group->cases) {
      if (std::ranges::find(known->cases, one.name, &Case::name) != known->cases.end()) {
        return Fail("{}: expected a name of its own for each case of {}, given \"{}\" again", path,
                    group->name, one.name);
      }
      known->cases.push_back(std::move(one));
    }
  }
  auto frameworks = ReadManifest(suite.dir + "/models/manifest.json");
  if (!frameworks) return std::unexpected(frameworks.error());
  suite.frameworks = std::move(*frameworks);
  if (auto checked = CheckModels(suite); !checked) return std::unexpected(checked.error());
  return suite;
}

}  // namespace wasinn::conformance
