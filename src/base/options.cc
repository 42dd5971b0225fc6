#include "base/options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/text.h"

namespace wasinn {
namespace {

const OptionSpec* Find(std::span<const OptionSpec> table, wasinn_option_scope scope,
                       std::string_view name) {
  for (const OptionSpec& spec : table) {
    if (spec.scope != scope) continue;
    if (spec.is_prefix ? name.starts_with(spec.name) : name == spec.name) return &spec;
  }
  return nullptr;
}

template <typename T>
std::optional<T> ParseNumber(std::string_view text) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc() || rest != end) return std::nullopt;
  return value;
}

// The values that the option accepts, for messages: "an integer from 1 to 64".
std::string Expected(const OptionSpec& spec) {
  switch (spec.type) {
    case WASINN_OPTION_BOOL:
      return "true or false";
    case WASINN_OPTION_INT:
      return fmt::format("an integer from {} to {}", spec.min, spec.max);
    case WASINN_OPTION_FLOAT:
      return fmt::format("a number from {} to {}", spec.min, spec.max);
    case WASINN_OPTION_ENUM:
      return fmt::format("one of {}", spec.choices);
    case WASINN_OPTION_TEXT:
      break;
  }
  return "text";
}

bool Fits(const OptionSpec& spec, std::string_view value) {
  switch (spec.type) {
    case WASINN_OPTION_TEXT:
      return true;
    case WASINN_OPTION_BOOL:
      return value == "true" || value == "false";
    case WASINN_OPTION_INT: {
      const auto number = ParseNumber<int64_t>(value);
      return number && static_cast<double>(*number) >= spec.min &&
             static_cast<double>(*number) <= spec.max;
    }
    case WASINN_OPTION_FLOAT: {
      const auto number = ParseNumber<double>(value);
      return number && *number >= spec.min && *number <= spec.max;
    }
    case WASINN_OPTION_ENUM: {
      const auto choices = Split(spec.choices, '|');
      return std::ranges::find(choices, value) != choices.end();
    }
  }
  return false;
}

}  // namespace

std::string_view OptionTypeName(wasinn_option_type type) {
  constexpr std::array<std::string_view, 5> kNames = {"text", "bool", "int", "float", "enum"};
  const auto index = static_cast<size_t>(type);
  return index < kNames.size() ? kNames[index] : "text";
}

Result<> CheckOptions(std::string_view owner, std::span<const OptionSpec> table,
                      wasinn_option_scope scope, const Options& options) {
  for (const auto& [name, value] : options) {
    const OptionSpec* spec = Find(table, scope, name);
    if (spec == nullptr) {
      std::vector<std::string_view> names;
      for (const OptionSpec& row : table) {
        if (row.scope == scope) names.push_back(row.name);
      }
      return Fail(Code::kInvalidArgument, "{}: unknown {} option '{}'{}", owner,
                  scope == WASINN_SCOPE_LOAD ? "load" : "context", Printable(name),
                  Suggest(name, names));
    }
    if (!Fits(*spec, value)) {
      return Fail(Code::kInvalidArgument, "{}: option '{}': expected {}, given '{}'", owner, name,
                  Expected(*spec), Printable(value));
    }
  }
  return {};
}

std::vector<wasinn_option> ToC(const Options& options) {
  std::vector<wasinn_option> out;
  out.reserve(options.size());
  for (const auto& [name, value] : options) out.push_back({ToStr(name), ToStr(value)});
  return out;
}

}  // namespace wasinn
