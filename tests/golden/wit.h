// Values of component calls: from the format's text to lifted values and back.
#pragma once

#include <wasinn/adapter.h>

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "golden/format.h"
#include "golden/values.h"

namespace wasinn::golden {

// A type of a signature: "list" with one argument, "result" with two ("_" for none), "own" and
// "borrow" with a resource, or a name.
struct Type {
  std::string name;
  std::vector<Type> arguments;
};

struct Signature {
  std::vector<Type> parameters;
  std::vector<Type> results;  // none or one
};
Result<Signature> ParseSignature(std::string_view text);

// Memory behind lifted arguments.
struct Arena {
  std::deque<std::vector<uint8_t>> bytes;
  std::deque<std::vector<wasinn_val>> items;
};

// An argument of that type. Enums may be given as numbers, also such as are no case.
Result<wasinn_val> Lift(const Type& type, const Value& value, const Names& names, Arena& arena);

// A result as the format writes it; handles show as their resource's name, and are bound to `bind`,
// the handles of a list to `bind.0` and so on. `hint` (may be nullptr) is what was expected: a list
// of bytes is written in its type. An error shows as `error` and is in `error_handle`.
std::string Show(const Type& type, const wasinn_val& val, const Value* hint,
                 const std::string& bind, Names& names, std::optional<uint32_t>& error_handle);

// The case of an enum, or the number if there is no such case.
std::string EnumCase(std::string_view name, uint32_t number);

}  // namespace wasinn::golden
