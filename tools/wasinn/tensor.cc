#include "tensor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <utility>

#include "half.h"
#include "terminal.h"

namespace wasinn::cli {
namespace {

using nlohmann::json;

// The bits of f16 and bf16 as separate types, so that one dispatch handles every element type.
struct F16 {
  std::uint16_t bits;
};
struct Bf16 {
  std::uint16_t bits;
};

// Calls `visit` with a value of the C++ type of `dtype`; false for NONE and string.
template <typename Visit>
bool WithElementType(wasinn_dtype dtype, Visit visit) {
  switch (dtype) {
    case WASINN_DTYPE_F16:
      visit(F16{});
      return true;
    case WASINN_DTYPE_BF16:
      visit(Bf16{});
      return true;
    case WASINN_DTYPE_F32:
      visit(float{});
      return true;
    case WASINN_DTYPE_F64:
      visit(double{});
      return true;
    case WASINN_DTYPE_I8:
      visit(std::int8_t{});
      return true;
    case WASINN_DTYPE_I16:
      visit(std::int16_t{});
      return true;
    case WASINN_DTYPE_I32:
      visit(std::int32_t{});
      return true;
    case WASINN_DTYPE_I64:
      visit(std::int64_t{});
      return true;
    case WASINN_DTYPE_U8:
      visit(std::uint8_t{});
      return true;
    case WASINN_DTYPE_U16:
      visit(std::uint16_t{});
      return true;
    case WASINN_DTYPE_U32:
      visit(std::uint32_t{});
      return true;
    case WASINN_DTYPE_U64:
      visit(std::uint64_t{});
      return true;
    case WASINN_DTYPE_BOOL:
      visit(bool{});
      return true;
    case WASINN_DTYPE_NONE:
    case WASINN_DTYPE_STRING:
      break;
  }
  return false;
}

template <typename T>
void Append(std::vector<std::byte>& data, T value) {
  const auto* bytes = reinterpret_cast<const std::byte*>(&value);
  data.insert(data.end(), bytes, bytes + sizeof(T));
}

template <typename T>
bool FitsInteger(const json& value, T& out) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    if (!std::in_range<T>(number)) return false;
    out = static_cast<T>(number);
    return true;
  }
  if (value.is_number_integer()) {
    const auto number = value.get<std::int64_t>();
    if (!std::in_range<T>(number)) return false;
    out = static_cast<T>(number);
    return true;
  }
  return false;
}

// Adds one JSON value; false when it is not of the type.
template <typename T>
bool AppendJson(const json& value, std::vector<std::byte>& data) {
  if constexpr (std::is_same_v<T, bool>) {
    std::uint8_t number = 0;
    if (value.is_boolean()) {
      number = value.get<bool>() ? 1 : 0;
    } else if (!FitsInteger(value, number) || number > 1) {
      return false;
    }
    Append(data, number);
    return true;
  } else if constexpr (std::is_integral_v<T>) {
    T number = 0;
    if (!FitsInteger(value, number)) return false;
    Append(data, number);
    return true;
  } else {
    if (!value.is_number()) return false;
    const auto number = value.get<double>();
    if constexpr (std::is_same_v<T, F16>) {
      Append(data, BitsOfF16(static_cast<float>(number)));
    } else if constexpr (std::is_same_v<T, Bf16>) {
      Append(data, BitsOfBf16(static_cast<float>(number)));
    } else {
      Append(data, static_cast<T>(number));
    }
    return true;
  }
}

constexpr std::size_t kShown = 40;

// The beginning of a value as JSON, without what is nested deeper than `levels`: a value from a
// file may be nested deeper than the stack allows.
std::string Beginning(const json& value, int levels) {
  if (!value.is_structured()) return value.dump(-1, ' ', false, json::error_handler_t::replace);
  const bool list = value.is_array();
  std::string text(1, list ? '[' : '{');
  for (auto item = value.begin(); item != value.end() && text.size() <= kShown; ++item) {
    if (item != value.begin()) text += ',';
    if (!list) text += json(item.key()).dump(-1, ' ', false, json::error_handler_t::replace) + ":";
    text += levels == 0 ? "..." : Beginning(*item, levels - 1);
  }
  return text + (list ? ']' : '}');
}

// A value for an error text, cut to a readable length.
std::string Shown(const json& value) {
  std::string text = Beginning(value, 4);
  if (text.size() > kShown) text = text.substr(0, kShown - 3) + "...";
  return Printable(text);
}

class JsonReader {
 public:
  JsonReader(wasinn_dtype dtype, Tensor& tensor) : dtype_(dtype), tensor_(tensor) {}

  // Fills dims from the first element of each level, then the data.
  std::optional<std::string> Read(const json& root) {
    const json* level = &root;
    while (level->is_array()) {
      if (tensor_.dims.size() == WASINN_MAX_RANK) {
        return fmt::format("expected at most {} levels of lists, given more", WASINN_MAX_RANK);
      }
      tensor_.dims.push_back(static_cast<std::int64_t>(level->size()));
      if (level->empty()) break;
      level = &level->front();
    }
    return ReadLevel(root, 0);
  }

 private:
  // Not deeper than WASINN_MAX_RANK: Read has fixed the number of levels.
  std::optional<std::string> ReadLevel(const json& value, std::size_t level) {
    if (level == tensor_.dims.size()) return ReadValue(value);
    const auto expected = tensor_.dims[level];
    if (!value.is_array()) {
      return fmt::format("expected a list of {} at level {}, given {}", expected, level,
                         Shown(value));
    }
    if (std::cmp_not_equal(value.size(), expected)) {
      return fmt::format("expected every list of level {} to have {} elements, given one of {}",
                         level, expected, value.size());
    }
    for (const auto& element : value) {
      if (auto error = ReadLevel(element, level + 1)) return error;
    }
    return std::nullopt;
  }

  std::optional<std::string> ReadValue(const json& value) {
    bool fits = false;
    if (dtype_ == WASINN_DTYPE_STRING) {
      fits = value.is_string();
      if (fits) AppendString(tensor_.data, value.get_ref<const std::string&>());
    } else {
      WithElementType(dtype_,
                      [&](auto type) { fits = AppendJson<decltype(type)>(value, tensor_.data); });
    }
    if (fits) return std::nullopt;
    return fmt::format("expected {} values, given {}", DtypeText(dtype_), Shown(value));
  }

  const wasinn_dtype dtype_;
  Tensor& tensor_;
};

template <typename T>
json JsonOf(T value) {
  if constexpr (std::is_same_v<T, F16>) {
    return FloatOfF16(value.bits);
  } else if constexpr (std::is_same_v<T, Bf16>) {
    return FloatOfBf16(value.bits);
  } else {
    return value;
  }
}

template <typename T>
std::string TextOf(T value) {
  if constexpr (std::is_same_v<T, F16>) {
    return fmt::format("{:.5g}", FloatOfF16(value.bits));
  } else if constexpr (std::is_same_v<T, Bf16>) {
    return fmt::format("{:.4g}", FloatOfBf16(value.bits));
  } else if constexpr (std::is_floating_point_v<T>) {
    return fmt::format("{:.6g}", value);
  } else {
    return fmt::format("{}", value);
  }
}

// The elements of a tensor through `convert`, `limit` at most.
template <typename Result, typename Convert, typename ConvertString>
std::vector<Result> Elements(const TensorView& tensor, std::size_t limit, Convert convert,
                             ConvertString convert_string) {
  std::vector<Result> result;
  if (tensor.dtype == WASINN_DTYPE_STRING) {
    const auto strings = SplitStrings(tensor.data, ElementCount(tensor.dims).value_or(0));
    if (!strings) return result;
    for (std::size_t i = 0; i < std::min(limit, strings->size()); ++i) {
      result.push_back(convert_string((*strings)[i]));
    }
    return result;
  }
  WithElementType(tensor.dtype, [&](auto type) {
    using T = decltype(type);
    const std::size_t count = std::min(limit, tensor.data.size() / sizeof(T));
    for (std::size_t i = 0; i < count; ++i) {
      if constexpr (std::is_same_v<T, bool>) {
        result.push_back(convert(tensor.data[i] != std::byte{0}));
      } else {
        T value;
        std::memcpy(&value, tensor.data.data() + i * sizeof(T), sizeof(T));
        result.push_back(convert(value));
      }
    }
  });
  return result;
}

}  // namespace

std::optional<std::uint64_t> ElementCount(std::span<const std::int64_t> dims) {
  std::uint64_t count = 1;
  for (const auto dim : dims) {
    if (dim < 0) return std::nullopt;
    if (__builtin_mul_overflow(count, static_cast<std::uint64_t>(dim), &count)) return std::nullopt;
  }
  return count;
}

Parsed<Tensor> TensorFromJson(const json& root, wasinn_dtype dtype) {
  Tensor tensor;
  tensor.dtype = dtype;
  if (auto error = JsonReader(dtype, tensor).Read(root)) return std::unexpected(*error);
  return tensor;
}

Parsed<Tensor> TensorFromText(std::string_view text, wasinn_dtype dtype) {
  Tensor tensor;
  tensor.dtype = dtype;
  if (dtype == WASINN_DTYPE_STRING) {
    tensor.dims = {1};
    AppendString(tensor.data, text);
    return tensor;
  }
  if (dtype == WASINN_DTYPE_U8) {
    const auto bytes = std::as_bytes(std::span(text));
    tensor.dims = {static_cast<std::int64_t>(text.size())};
    tensor.data.assign(bytes.begin(), bytes.end());
    return tensor;
  }
  const json root = json::parse(text, nullptr, false);
  if (root.is_discarded()) {
    return std::unexpected(
        fmt::format("expected a number or a JSON list of {} values, given \"{}\"", DtypeText(dtype),
                    Printable(text.substr(0, 40))));
  }
  return TensorFromJson(root, dtype);
}

std::vector<std::int64_t> FitDims(std::vector<std::int64_t> dims,
                                  std::span<const std::int64_t> port) {
  if (dims.size() == port.size()) return dims;
  const auto count = ElementCount(dims);
  if (!count) return dims;
  std::uint64_t known = 1;
  std::optional<std::size_t> open;
  for (std::size_t i = 0; i < port.size(); ++i) {
    if (port[i] >= 0) {
      if (__builtin_mul_overflow(known, static_cast<std::uint64_t>(port[i]), &known)) return dims;
    } else if (!open) {
      open = i;
    } else {
      return dims;
    }
  }
  std::vector<std::int64_t> result(port.begin(), port.end());
  if (open) {
    if (known == 0 || *count % known != 0) return dims;
    result[*open] = static_cast<std::int64_t>(*count / known);
  } else if (known != *count) {
    return dims;
  }
  return result;
}

json JsonOfData(const TensorView& tensor, std::size_t limit) {
  return Elements<json>(
      tensor, limit, [](auto value) { return JsonOf(value); },
      [](std::string_view text) { return json(std::string(text)); });
}

std::string FirstValues(const TensorView& tensor, std::size_t limit) {
  auto values = Elements<std::string>(
      tensor, limit, [](auto value) { return TextOf(value); },
      [](std::string_view text) {
        const bool cut = text.size() > 60;
        return fmt::format("\"{}{}\"", Printable(text.substr(0, 60)), cut ? "..." : "");
      });
  if (ElementCount(tensor.dims).value_or(0) > values.size()) values.emplace_back("...");
  return fmt::format("{}", fmt::join(values, ", "));
}

std::string DtypeText(wasinn_dtype dtype) {
  const std::string name = wasinn_dtype_name(dtype);
  return name.empty() || dtype == WASINN_DTYPE_NONE ? "any" : name;
}

std::string DimsText(std::span<const std::int64_t> dims) {
  std::vector<std::string> parts;
  for (const auto dim : dims) parts.push_back(dim < 0 ? "?" : std::to_string(dim));
  return fmt::format("[{}]", fmt::join(parts, ", "));
}

std::optional<std::vector<std::string_view>> SplitStrings(std::span<const std::byte> data,
                                                          std::uint64_t count) {
  std::vector<std::string_view> result;
  while (!data.empty()) {
    std::uint32_t length = 0;
    if (data.size() < sizeof(length)) return std::nullopt;
    std::memcpy(&length, data.data(), sizeof(length));
    data = data.subspan(sizeof(length));
    if (length > data.size()) return std::nullopt;
    result.emplace_back(reinterpret_cast<const char*>(data.data()), length);
    data = data.subspan(length);
  }
  if (result.size() != count) return std::nullopt;
  return result;
}

void AppendString(std::vector<std::byte>& data, std::string_view text) {
  Append(data, static_cast<std::uint32_t>(text.size()));
  const auto bytes = std::as_bytes(std::span(text));
  data.insert(data.end(), bytes.begin(), bytes.end());
}

}  // namespace wasinn::cli
