#include "session/policy.h"

#include <array>
#include <optional>
#include <span>

#include "base/text.h"

namespace wasinn {
namespace {

std::optional<uint64_t> ParsekBool(std::string_view text) {
  const auto value = ParseBool(text);
  return value ? std::optional<uint64_t>(*value ? 1 : 0) : std::nullopt;
}
std::optional<uint64_t> ParsekSize(std::string_view text) { return ParseSize(text); }
std::optional<uint64_t> ParsekCount(std::string_view text) { return ParseUint(text); }
std::optional<uint64_t> ParsekDuration(std::string_view text) { return ParseDuration(text); }

std::nullopt_t ParsekCompat(std::string_view) { return std::nullopt; }

std::optional<Policy::Policy_kNames> ParsekNames(std::string_view text) {
  Policy::Policy_kNames names;
  for (std::string_view name : Split(text, ',')) {
    if (!Trim(name).empty()) names.emplace(Trim(name));
  }
  return names;
}

constexpr std::string_view kTypeOf_kNames = "names";
constexpr std::string_view kTypeOf_kBool = "bool";
constexpr std::string_view kTypeOf_kSize = "size";
constexpr std::string_view kTypeOf_kCount = "count";
constexpr std::string_view kTypeOf_kDuration = "duration";
constexpr std::string_view kTypeOf_kCompat = "switches";

constexpr auto kRules = std::to_array<PolicyRule>({
#define X(name, type, default_value, help) PolicyRule{#name, kTypeOf_##type, default_value, help},
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
  return Fail(Code::kNOT_FOUND, "no policy rule named '{}'{}", Printable(rule),
              Suggest(rule, names));
}

uint64_t NumberOf(uint64_t value) { return value; }
uint64_t NumberOf(const Policy::Policy_kNames&) { return 0; }
uint64_t NumberOf(const Compat&) { return 0; }

template <typename Value>
Result<> Assign(std::string_view rule, std::string_view type, std::string_view text,
                std::optional<Value> parsed, Value& out) {
  if (!parsed) {
    return Fail(Code::kINVALID_ARGUMENT, "policy rule {}: expected {}, given '{}'", rule,
                Expected(type), Printable(text));
  }
  out = std::move(*parsed);
  return {};
}

// Its own errors say more.
Result<> Assign(std::string_view, std::string_view, std::string_view text, std::nullopt_t,
                Compat& out) {
  return out.Set(text);
}

}  // namespace

Policy::Policy_kNames Policy::Default_kNames(std::string_view text) { return *ParsekNames(text); }
uint64_t Policy::Default_kBool(std::string_view text) { return *ParsekBool(text); }
uint64_t Policy::Default_kSize(std::string_view text) { return *ParsekSize(text); }
uint64_t Policy::Default_kCount(std::string_view text) { return *ParsekCount(text); }
uint64_t Policy::Default_kDuration(std::string_view text) { return *ParsekDuration(text); }

std::span<const PolicyRule> PolicyRules() { return kRules; }

Result<> Policy::Set(std::string_view rule, std::string_view value) {
#define X(name, type, default_value, help) \
  if (rule == #name) return Assign(rule, kTypeOf_##type, value, Parse##type(value), name);
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
