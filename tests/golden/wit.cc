#include "golden/wit.h"

#include <algorithm>

#include "base/text.h"

namespace wasinn::golden {
namespace {

// Removes "name<a, b>" and similar types from the front of `text`.
Result<Type> TakeType(std::string_view& text) {
  const size_t size = std::min(text.find_first_of("<>,()"), text.size());
  Type type;
  type.name = Trim(text.substr(0, size));
  text.remove_prefix(size);
  if (type.name.empty()) {
    return Fail(Code::kInvalidArgument, "signature: expected a type, given '{}'", text);
  }
  if (!text.starts_with('<')) return type;
  do {
    text.remove_prefix(1);
    WASINN_TRY(argument, TakeType(text));
    type.arguments.push_back(std::move(argument));
  } while (text.starts_with(','));
  if (!text.starts_with('>')) {
    return Fail(Code::kInvalidArgument, "signature: expected '>', given '{}'", text);
  }
  text.remove_prefix(1);
  return type;
}

std::vector<std::string_view> EnumCases(std::string_view name) {
  size_t count = 0;
  const wasinn_component_enum* enums = wasinn_component_enums(&count);
  for (size_t i = 0; i < count; ++i) {
    if (enums[i].name == name) return Split(enums[i].cases, ' ');
  }
  return {};
}

bool IsList(const Type& type, std::string_view of) {
  return type.name == "list" && type.arguments[0].name == of;
}

wasinn_bytes Keep(Arena& arena, std::vector<uint8_t> bytes) {
  arena.bytes.push_back(std::move(bytes));
  return {arena.bytes.back().data(), arena.bytes.back().size()};
}

Result<std::vector<uint8_t>> BytesOf(const Value& value, const Names& names) {
  if (value.kind == Value::Kind::kText) return Encode("text", {&value, 1}, names);
  if (value.kind == Value::Kind::kTyped) return Encode(value.text, value.items, names);
  return Fail(Code::kInvalidArgument, "expected \"text\" or TYPE(values), given '{}'",
              Printable(value.text));
}

Result<> ExpectKind(const Value& value, Value::Kind kind, std::string_view what) {
  if (value.kind == kind) return {};
  return Fail(Code::kInvalidArgument, "expected {}, given '{}'", what, Printable(value.text));
}

}  // namespace

Result<Signature> ParseSignature(std::string_view text) {
  Signature signature;
  if (!text.starts_with('(')) {
    return Fail(Code::kInvalidArgument, "signature: expected '(', given '{}'", text);
  }
  text.remove_prefix(1);
  while (!text.starts_with(')')) {
    WASINN_TRY(type, TakeType(text));
    signature.parameters.push_back(std::move(type));
    if (text.starts_with(',')) text.remove_prefix(1);
  }
  text.remove_prefix(1);
  if (text.empty()) return signature;
  constexpr std::string_view kArrow = " -> ";
  if (!text.starts_with(kArrow)) {
    return Fail(Code::kInvalidArgument, "signature: expected ' -> ', given '{}'", text);
  }
  text.remove_prefix(kArrow.size());
  WASINN_TRY(type, TakeType(text));
  signature.results.push_back(std::move(type));
  return signature;
}

Result<wasinn_val> Lift(const Type& type, const Value& value, const Names& names, Arena& arena) {
  wasinn_val val{};
  if (type.name == "string" || IsList(type, "u8")) {
    WASINN_TRY(bytes, BytesOf(value, names));
    val.bytes = Keep(arena, std::move(bytes));
    return val;
  }
  if (IsList(type, "u32")) {
    WASINN_CHECK(ExpectKind(value, Value::Kind::kList, "[numbers]"));
    WASINN_TRY(bytes, Encode("u32", value.items, names));
    val.bytes = Keep(arena, std::move(bytes));
    return val;
  }
  if (type.name == "list") {
    WASINN_CHECK(ExpectKind(value, Value::Kind::kList, "[values]"));
    std::vector<wasinn_val> items;
    for (const Value& item : value.items) {
      WASINN_TRY(lifted, Lift(type.arguments[0], item, names, arena));
      items.push_back(lifted);
    }
    arena.items.push_back(std::move(items));
    val.items = arena.items.back().data();
    val.item_count = arena.items.back().size();
    return val;
  }
  if (type.name == "tuple") {
    if (value.kind != Value::Kind::kTuple || value.items.size() != 2) {
      return Fail(Code::kInvalidArgument, "expected (\"name\" $tensor), given '{}'",
                  Printable(value.text));
    }
    WASINN_TRY(bytes, BytesOf(value.items[0], names));
    val.bytes = Keep(arena, std::move(bytes));
    WASINN_TRY(handle, ToNumber(value.items[1], names));
    val.word = static_cast<uint32_t>(handle);
    return val;
  }
  const auto cases = EnumCases(type.name);
  if (const auto at = std::ranges::find(cases, value.text);
      value.kind == Value::Kind::kWord && at != cases.end()) {
    val.word = static_cast<uint32_t>(at - cases.begin());
    return val;
  }
  WASINN_TRY(number, ToNumber(value, names));
  val.word = static_cast<uint32_t>(number);
  return val;
}

std::string EnumCase(std::string_view name, uint32_t number) {
  const auto cases = EnumCases(name);
  return number < cases.size() ? std::string(cases[number]) : std::to_string(number);
}

std::string Show(const Type& type, const wasinn_val& val, const Value* hint,
                 const std::string& bind, Names& names, std::optional<uint32_t>& error_handle) {
  const std::span<const uint8_t> bytes(static_cast<const uint8_t*>(val.bytes.data), val.bytes.size);
  if (type.name == "result") {
    const Type& ok = type.arguments[0];
    if (val.tag != 0 && type.arguments[1].name == "string") {
      return "error " + Show(type.arguments[1], val, hint, bind, names, error_handle);
    }
    if (val.tag != 0) {
      error_handle = val.word;
      return "error";
    }
    if (ok.name == "_") return "ok";
    if (ok.name == "option") {
      // An option inside a result has its tag here.
      wasinn_val inner = val;
      inner.tag = val.word;
      return "ok " + Show(ok, inner, hint, bind, names, error_handle);
    }
    return "ok " + Show(ok, val, hint, bind, names, error_handle);
  }
  if (type.name == "option") {
    if (val.tag == 0) return "none";
    return "some " + Show(type.arguments[0], val, hint, bind, names, error_handle);
  }
  if (type.name == "record") {
    std::string text = "(";
    for (size_t i = 0; i < type.arguments.size() && i < val.item_count; ++i) {
      // "name: type"
      Type field = type.arguments[i];
      field.name = Trim(std::string_view(field.name).substr(field.name.find(':') + 1));
      text += (i == 0 ? "" : " ") + Show(field, val.items[i], hint, bind, names, error_handle);
    }
    return text + ")";
  }
  if (type.name == "own") {
    if (!bind.empty()) names[bind] = val.word;
    return type.arguments[0].name;
  }
  if (type.name == "string")
    return Quote({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  if (IsList(type, "u32")) {
    std::string number = "u32";
    return "[" + Decode(number, bytes) + "]";
  }
  if (IsList(type, "u8")) {
    std::string element = hint != nullptr && hint->kind == Value::Kind::kTyped ? hint->text : "hex";
    const std::string text = Decode(element, bytes);
    return element + "(" + text + ")";
  }
  if (type.name == "list") {
    std::string text = "[";
    for (size_t i = 0; i < val.item_count; ++i) {
      const wasinn_val& item = val.items[i];
      if (type.arguments[0].name == "string") {
        text +=
            (i == 0 ? "" : " ") + Show(type.arguments[0], item, hint, bind, names, error_handle);
        continue;
      }
      const std::string_view name(static_cast<const char*>(item.bytes.data), item.bytes.size);
      if (!bind.empty()) names[fmt::format("{}.{}", bind, i)] = item.word;
      text += fmt::format("{}({} tensor)", i == 0 ? "" : " ", Quote(name));
    }
    return text + "]";
  }
  if (type.name == "bool") return val.word != 0 ? "true" : "false";
  return EnumCase(type.name, val.word);
}

}  // namespace wasinn::golden
