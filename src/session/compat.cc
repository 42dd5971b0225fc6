#include "session/compat.h"

#include <array>
#include <string>
#include <vector>

#include "base/text.h"

namespace wasinn {
namespace {

constexpr auto kSwitches = std::to_array<CompatSwitch>({
#define X(name, Enum, values, default_value, help) CompatSwitch{#name, values, default_value, help},
#include "session/compat.def"
#undef X
});

#define X(name, Enum, values, default_value, help) \
  static_assert(CompatValueIndex(values, default_value) >= 0);
#include "session/compat.def"
#undef X

// The index of the value; true, yes and so on mean on, as in other options.
int ReadValue(std::string_view values, std::string_view value) {
  if (const int index = CompatValueIndex(values, value); index >= 0) return index;
  const auto flag = ParseBool(value);
  return flag ? CompatValueIndex(values, *flag ? "on" : "off") : -1;
}

Result<> SetOne(Compat& compat, std::string_view name, std::string_view value) {
#define X(field, Enum, values, default_value, help)                                               \
  if (name == #field) {                                                                           \
    const int index = ReadValue(values, value);                                                   \
    if (index < 0) {                                                                              \
      return Fail(Code::kInvalidArgument, "compatibility switch {}: expected {}, given '{}'",     \
                  name, fmt::join(Split(std::string_view(values), '|'), ", "), Printable(value)); \
    }                                                                                             \
    compat.field = static_cast<Enum>(index);                                                      \
    return {};                                                                                    \
  }
#include "session/compat.def"
#undef X
  std::vector<std::string_view> names;
  for (const CompatSwitch& row : kSwitches) names.push_back(row.name);
  return Fail(Code::kNotFound, "no compatibility switch named '{}'{}", Printable(name),
              Suggest(name, names));
}

}  // namespace

std::span<const CompatSwitch> CompatSwitches() { return kSwitches; }

Result<> Compat::Set(std::string_view text) {
  Compat changed = *this;
  for (std::string_view part : Split(text, ',')) {
    part = Trim(part);
    if (part.empty()) continue;
    const size_t equals = part.find('=');
    const std::string_view value =
        equals == std::string_view::npos ? "on" : Trim(part.substr(equals + 1));
    WASINN_CHECK(SetOne(changed, Trim(part.substr(0, equals)), value));
  }
  *this = changed;
  return {};
}

}  // namespace wasinn
