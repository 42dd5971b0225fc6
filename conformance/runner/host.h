// A host under test, as described by its file.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "result.h"
#include "toml.h"

namespace wasinn::conformance {

// How to recognize a guest's trap: one of these exit codes (empty: any except 0) and this text on
// stderr or stdout (empty: any).
struct TrapSign {
  std::vector<int> exit;
  std::string text;
};

// A known deviation of this host from the suite.
struct Deviation {
  std::vector<std::string> cases;  // patterns over result ids
  std::string reason;
};

struct Host {
  std::string name;
  std::string title;
  std::string program;
  std::vector<std::string> version;
  std::vector<std::string> run;
  std::vector<std::string> component;  // empty: the same as run
  std::vector<std::string> model;
  std::vector<std::string> dir;
  std::vector<std::string> policy;
  std::vector<std::string> copies;
  TextPairs env;
  // Each run has a new working folder with links to the models' first files, under their names.
  bool linked_models = false;
  std::optional<TrapSign> trap;
  std::vector<std::string> panic;
  std::vector<std::string> dialects;
  std::vector<std::string> frameworks;
  std::vector<std::string> features;
  std::vector<Deviation> deviations;

  bool Claims(const std::vector<std::string>& list, std::string_view word) const;
};

Result<Host> ParseHost(std::string_view text, const std::string& path);
Result<Host> LoadHost(const std::string& path);

}  // namespace wasinn::conformance
