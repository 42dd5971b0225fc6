#include "golden/values.h"

#include <charconv>
#include <cstring>
#include <optional>

#include "base/text.h"

namespace wasinn::golden {
namespace {

template <typename T>
std::optional<T> FromChars(std::string_view text) {
  T value{};
  const char* end = text.data() + text.size();
  std::from_chars_result result{};
  if constexpr (std::is_integral_v<T>) {
    const bool hex = text.starts_with("0x");
    result = std::from_chars(text.data() + (hex ? 2 : 0), end, value, hex ? 16 : 10);
  } else {
    result = std::from_chars(text.data(), end, value);
  }
  if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return value;
}

void Append(std::vector<uint8_t>& bytes, const void* data, size_t size) {
  const auto* first = static_cast<const uint8_t*>(data);
  bytes.insert(bytes.end(), first, first + size);
}

Result<> AppendText(std::vector<uint8_t>& bytes, const Value& value, bool with_length) {
  if (value.kind != Value::Kind::kText) {
    return Fail(Code::kInvalidArgument, "expected \"text\", given '{}'", Printable(value.text));
  }
  const auto size = static_cast<uint32_t>(value.text.size());
  if (with_length) Append(bytes, &size, sizeof(size));
  Append(bytes, value.text.data(), value.text.size());
  return {};
}

Result<> AppendHex(std::vector<uint8_t>& bytes, const Value& value) {
  const std::string_view text = value.text;
  if (value.kind != Value::Kind::kWord || text.size() % 2 != 0) {
    return Fail(Code::kInvalidArgument, "expected pairs of hexadecimal digits, given '{}'",
                Printable(text));
  }
  for (size_t i = 0; i < text.size(); i += 2) {
    uint8_t byte = 0;
    const char* end = text.data() + i + 2;
    const auto result = std::from_chars(text.data() + i, end, byte, 16);
    if (result.ec != std::errc() || result.ptr != end) {
      return Fail(Code::kInvalidArgument, "expected hexadecimal digits, given '{}'",
                  Printable(text));
    }
    bytes.push_back(byte);
  }
  return {};
}

template <typename T>
Result<> AppendNumber(std::vector<uint8_t>& bytes, const Value& value, const Names& names) {
  std::optional<T> number;
  if (value.kind == Value::Kind::kName) {
    WASINN_TRY(bound, ToNumber(value, names));
    number = static_cast<T>(bound);
  } else if (value.kind == Value::Kind::kWord) {
    number = FromChars<T>(value.text);
  }
  if (!number) {
    return Fail(Code::kInvalidArgument, "expected a number of the type, given '{}'",
                Printable(value.text));
  }
  Append(bytes, &*number, sizeof(T));
  return {};
}

template <typename T>
std::string NumbersText(std::span<const uint8_t> bytes) {
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += sizeof(T)) {
    T number{};
    std::memcpy(&number, bytes.data() + i, sizeof(T));
    text += fmt::format("{}{}", i == 0 ? "" : " ", number);
  }
  return text;
}

struct TypeRow {
  std::string_view name;
  size_t size;
  Result<> (*append)(std::vector<uint8_t>&, const Value&, const Names&);
  std::string (*text)(std::span<const uint8_t>);
};

template <typename T>
constexpr TypeRow Row(std::string_view name) {
  return {name, sizeof(T), AppendNumber<T>, NumbersText<T>};
}

constexpr TypeRow kTypes[] = {
    Row<uint8_t>("u8"),   Row<int8_t>("i8"),   Row<uint16_t>("u16"), Row<int16_t>("i16"),
    Row<uint32_t>("u32"), Row<int32_t>("i32"), Row<uint64_t>("u64"), Row<int64_t>("i64"),
    Row<float>("f32"),    Row<double>("f64"),
};

const TypeRow* FindType(std::string_view name) {
  for (const TypeRow& row : kTypes) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

std::string HexText(std::span<const uint8_t> bytes) {
  std::string text;
  for (const uint8_t byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

// As "strings" has them; nullopt when the lengths do not add up.
std::optional<std::string> StringsText(std::span<const uint8_t> bytes) {
  std::string text;
  while (!bytes.empty()) {
    uint32_t size = 0;
    if (bytes.size() < sizeof(size)) return std::nullopt;
    std::memcpy(&size, bytes.data(), sizeof(size));
    bytes = bytes.subspan(sizeof(size));
    if (bytes.size() < size) return std::nullopt;
    if (!text.empty()) text += ' ';
    text += Quote({reinterpret_cast<const char*>(bytes.data()), size});
    bytes = bytes.subspan(size);
  }
  return text;
}

}  // namespace

Result<int64_t> ToNumber(const Value& value, const Names& names) {
  if (value.kind == Value::Kind::kName) {
    const auto it = names.find(value.text);
    if (it == names.end()) {
      return Fail(Code::kNotFound, "expected a name that is bound above, given ${}",
                  Printable(value.text));
    }
    return static_cast<int64_t>(it->second) + value.offset;
  }
  if (value.kind == Value::Kind::kWord) {
    if (const auto number = FromChars<int64_t>(value.text)) return *number;
  }
  return Fail(Code::kInvalidArgument, "expected a number or $name, given '{}'",
              Printable(value.text));
}

Result<std::vector<uint8_t>> Encode(std::string_view type, std::span<const Value> values,
                                    const Names& names) {
  std::vector<uint8_t> bytes;
  const TypeRow* row = FindType(type);
  for (const Value& value : values) {
    if (row != nullptr) {
      WASINN_CHECK(row->append(bytes, value, names));
    } else if (type == "text" || type == "strings") {
      WASINN_CHECK(AppendText(bytes, value, type == "strings"));
    } else if (type == "hex") {
      WASINN_CHECK(AppendHex(bytes, value));
    } else {
      return Fail(Code::kInvalidArgument,
                  "expected a type (u8 to f64, text, strings, hex), given '{}'", Printable(type));
    }
  }
  return bytes;
}

std::string Decode(std::string& type, std::span<const uint8_t> bytes) {
  const TypeRow* row = FindType(type);
  if (row != nullptr && bytes.size() % row->size == 0) return row->text(bytes);
  if (type == "text") return Quote({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  if (type == "strings") {
    if (auto text = StringsText(bytes)) return *text;
  }
  type = "hex";
  return HexText(bytes);
}

}  // namespace wasinn::golden
