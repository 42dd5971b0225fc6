// Behaviour of other hosts that a session can have: the switches of compat.def.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/error.h"

namespace wasinn {

enum class ZeroLengthOutput : uint8_t { kOff, kOn };
enum class EncodingNumbers : uint8_t { kAuto, kWasmEdge, kWamr };
enum class TensorTypes : uint8_t { kAuto, kNew, kOld };

// The place of `value` in "a|b|c"; -1 when it is not there.
constexpr int CompatValueIndex(std::string_view values, std::string_view value) {
  for (int index = 0;; ++index) {
    const size_t bar = values.find('|');
    if (values.substr(0, bar) == value) return index;
    if (bar == std::string_view::npos) return -1;
    values.remove_prefix(bar + 1);
  }
}

// A value.
struct Compat {
#define X(name, Enum, values, default_value, help) \
  Enum name = static_cast<Enum>(CompatValueIndex(values, default_value));
#include "session/compat.def"
#undef X

  // Sets switches from "NAME[=VALUE],..."; the others stay. A name alone means on. NOT_FOUND for an
  // unknown name, with near ones; INVALID_ARGUMENT for a value that it does not have. Then nothing
  // is set.
  Result<> Set(std::string_view text);
};

struct CompatSwitch {
  std::string_view name;
  std::string_view values;  // separated by |
  std::string_view default_value;
  std::string_view help;
};
std::span<const CompatSwitch> CompatSwitches();

}  // namespace wasinn
