// A policy limits what a session may do: the rules of policy.def and their values.
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
#define X(name, type, default_value, help) type##Value name = Default##type(default_value);
  using NamesValue = std::set<std::string, std::less<>>;
  using BoolValue = uint64_t;
  using SizeValue = uint64_t;
  using CountValue = uint64_t;
  using DurationValue = uint64_t;
  using CompatValue = Compat;
  static NamesValue DefaultNames(std::string_view text);
  static uint64_t DefaultBool(std::string_view text);
  static uint64_t DefaultSize(std::string_view text);
  static uint64_t DefaultCount(std::string_view text);
  static uint64_t DefaultDuration(std::string_view text);
  static Compat DefaultCompat(std::string_view) { return {}; }
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
