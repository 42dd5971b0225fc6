#include "session/policy.h"

#include <array>
#include <optional>
#include <span>

#include "base/text.h"

namespace wasinn {
namespace {

std::optional<uint64_t> ParseBoolRule(std::string_view text) {
  const auto value = ParseBool(text);
  return value ? std::optional<uint64_t>(*value ? 1 : 0) : std::nullopt;
}
std::optional<uint64_t> ParseSizeRule(std::string_view text) { return ParseSize(text); }
std::optional<uint64_t> ParseCountRule(std::string_view text) { return ParseUint(text); }
std::optional<uint64_t> ParseDurationRule(std::string_view text) { return ParseDuration(text); }

std::nullopt_t ParseCompatRule(std::string_view) { return std::nullopt; }

std::optional<Policy::NamesValue> ParseNamesRule(std::string_view text) {
  Policy::NamesValue names;
  for (std::string_view name : Split(text, ',')) {
    if (!Trim(name).empty()) names.emplace(Trim(name));
  }
  return names;
}

constexpr std::string_view kNamesType = "names";
constexpr std::string_view kBoolType = "bool";
constexpr std::string_view kSizeType = "size";
constexpr std::string_view kCountType = "count";
constexpr std::string_view kDurationType = "duration";
constexpr std::string_view kCompatType = "switches";

constexpr auto kRules = std::to_array<PolicyRule>({
#define X(name, type, default_value, help) PolicyRule{#name, k##type##Type, default_value, help},
#include "session/policy.def"
#undef X
});

std::string_view Expected(std::string_view type) {
  if (type == "bool") return "true or false";
  if (type == "size") return "a size such as 64MiB";
  if (type == "count") return "a number";
  return "a duration such as 1500ms or 2s";
}

std::unexpected<Error> UnknownRule(std::string_view rule) {
  std::vector<std::string_view> names;
  for (const PolicyRule& row : kRules) names.push_back(row.name);
  return Fail(Code::kNotFound, "no policy rule named '{}'{}", Printable(rule),
              Suggest(rule, names));
}

uint64_t NumberOf(uint64_t value) { return value; }
uint64_t NumberOf(const Policy::NamesValue&) { return 0; }
uint64_t NumberOf(const Compat&) { return 0; }

template <typename Value>
Result<> Assign(std::string_view rule, std::string_view type, std::string_view text,
                std::optional<Value> parsed, Value& out) {
  if (!parsed) {
    return Fail(Code::kInvalidArgument, "policy rule {}: expected {}, given '{}'", rule,
                Expected(type), Printable(text));
  }
  out = std::move(*parsed);
  return {};
}

// Its own errors are more precise.
Result<> Assign(std::string_view, std::string_view, std::string_view text, std::nullopt_t,
                Compat& out) {
  return out.Set(text);
}

}  // namespace

Policy::NamesValue Policy::DefaultNames(std::string_view text) { return *ParseNamesRule(text); }
uint64_t Policy::DefaultBool(std::string_view text) { return *ParseBoolRule(text); }
uint64_t Policy::DefaultSize(std::string_view text) { return *ParseSizeRule(text); }
uint64_t Policy::DefaultCount(std::string_view text) { return *ParseCountRule(text); }
uint64_t Policy::DefaultDuration(std::string_view text) { return *ParseDurationRule(text); }

std::span<const PolicyRule> PolicyRules() { return kRules; }

Result<> Policy::Set(std::string_view rule, std::string_view value) {
#define X(name, type, default_value, help) \
  if (rule == #name) return Assign(rule, k##type##Type, value, Parse##type##Rule(value), name);
#include "session/policy.def"
#undef X
  return UnknownRule(rule);
}

Result<uint64_t> Policy::Get(std::string_view rule) const {
#define X(name, type, default_value, help) \
  if (rule == #name) return NumberOf(name);
#include "session/policy.def"
#undef X
  return UnknownRule(rule);
}

}  // namespace wasinn
