// What a session may do: the rules of policy.def and their values.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/ledger.h"
#include "session/compat.h"

namespace wasinn {

// A value; copied into each session.
struct Policy {
#define X(name, type, default_value, help) Policy_##type name = Default_##type(default_value);
  using Policy_kNames = std::set<std::string, std::less<>>;
  using Policy_kBool = uint64_t;
  using Policy_kSize = uint64_t;
  using Policy_kCount = uint64_t;
  using Policy_kDuration = uint64_t;
  using Policy_kCompat = Compat;
  static Policy_kNames Default_kNames(std::string_view text);
  static uint64_t Default_kBool(std::string_view text);
  static uint64_t Default_kSize(std::string_view text);
  static uint64_t Default_kCount(std::string_view text);
  static uint64_t Default_kDuration(std::string_view text);
  static Compat Default_kCompat(std::string_view) { return {}; }
#include "session/policy.def"
#undef X

  // Sets a rule from text. NOT_FOUND for an unknown rule, with near names; INVALID_ARGUMENT for a
  // value that does not fit.
  Result<> Set(std::string_view rule, std::string_view value);
  // The number of a rule; 0 for `models` and `compat`. NOT_FOUND for an unknown rule.
  Result<uint64_t> Get(std::string_view rule) const;

  bool GrantsModel(std::string_view name) const {
    return models.contains("*") || models.contains(name);
  }
};

struct PolicyRule {
  std::string_view name;
  std::string_view type;  // names, bool, size, count, duration, switches
  std::string_view default_value;
  std::string_view help;
};
std::span<const PolicyRule> PolicyRules();

}  // namespace wasinn
