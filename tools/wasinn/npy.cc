#include "npy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>

#include "terminal.h"
#include "utf8.h"

namespace wasinn::cli {
namespace {

constexpr std::string_view kMagic("\x93NUMPY", 6);
constexpr std::uint64_t kMaxPaddedStrings = 1ULL << 30;

struct DtypeRow {
  wasinn_dtype dtype;
  std::string_view code;  // without the byte order
};
constexpr std::array kDtypes = {
    DtypeRow{WASINN_DTYPE_F16, "f2"},  DtypeRow{WASINN_DTYPE_BF16, "V2"},
    DtypeRow{WASINN_DTYPE_F32, "f4"},  DtypeRow{WASINN_DTYPE_F64, "f8"},
    DtypeRow{WASINN_DTYPE_I8, "i1"},   DtypeRow{WASINN_DTYPE_I16, "i2"},
    DtypeRow{WASINN_DTYPE_I32, "i4"},  DtypeRow{WASINN_DTYPE_I64, "i8"},
    DtypeRow{WASINN_DTYPE_U8, "u1"},   DtypeRow{WASINN_DTYPE_U16, "u2"},
    DtypeRow{WASINN_DTYPE_U32, "u4"},  DtypeRow{WASINN_DTYPE_U64, "u8"},
    DtypeRow{WASINN_DTYPE_BOOL, "b1"},
};

std::unexpected<std::string> Bad(std::string text) { return std::unexpected(std::move(text)); }

// The header is a Python dict literal with three keys; this reads exactly that.
struct Header {
  std::string_view descr;
  bool fortran_order = false;
  std::vector<std::int64_t> shape;
};

class HeaderParser {
 public:
  explicit HeaderParser(std::string_view text) : text_(text) {}

  std::optional<std::string> Parse(Header& header) {
    bool has_descr = false;
    bool has_order = false;
    bool has_shape = false;
    if (!Take('{')) return Expected("'{'");
    while (!Take('}')) {
      std::string_view key;
      if (!TakeString(key)) return Expected("a key in quotes or '}'");
      if (!Take(':')) return Expected("':'");
      if (key == "descr" && !has_descr) {
        has_descr = true;
        if (Peek() == '[') return "expected one element type, given a record of several fields";
        if (!TakeString(header.descr)) return Expected("the element type in quotes");
      } else if (key == "fortran_order" && !has_order) {
        has_order = true;
        if (!TakeBool(header.fortran_order)) return Expected("True or False");
      } else if (key == "shape" && !has_shape) {
        has_shape = true;
        if (auto error = ParseShape(header.shape)) return error;
      } else {
        return fmt::format("expected the keys descr, fortran_order and shape once each, given '{}'",
                           Printable(key.substr(0, 40)));
      }
      if (!Take(',') && Peek() != '}') return Expected("',' or '}'");
    }
    SkipSpace();
    if (!text_.empty()) return Expected("the end of the header");
    if (!has_descr || !has_order || !has_shape) {
      return "expected the keys descr, fortran_order and shape, given fewer";
    }
    return std::nullopt;
  }

 private:
  std::optional<std::string> ParseShape(std::vector<std::int64_t>& shape) {
    if (!Take('(')) return Expected("'('");
    while (!Take(')')) {
      std::int64_t dim = 0;
      SkipSpace();
      const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), dim);
      if (error != std::errc() || dim < 0) return Expected("a dimension, 0 or more");
      if (shape.size() == WASINN_MAX_RANK) {
        return fmt::format("expected at most {} dimensions, given more", WASINN_MAX_RANK);
      }
      text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
      shape.push_back(dim);
      if (!Take(',') && Peek() != ')') return Expected("',' or ')'");
    }
    return std::nullopt;
  }

  void SkipSpace() {
    const auto start = text_.find_first_not_of(" \t\r\n");
    text_.remove_prefix(start == std::string_view::npos ? text_.size() : start);
  }
  char Peek() {
    SkipSpace();
    return text_.empty() ? '\0' : text_.front();
  }
  bool Take(char symbol) {
    if (Peek() != symbol) return false;
    text_.remove_prefix(1);
    return true;
  }
  // There are no escapes: no text in a header contains a quote or a backslash.
  bool TakeString(std::string_view& out) {
    const char quote = Peek();
    if (quote != '\'' && quote != '"') return false;
    const auto end = text_.find(quote, 1);
    if (end == std::string_view::npos) return false;
    out = text_.substr(1, end - 1);
    if (out.find('\\') != std::string_view::npos) return false;
    text_.remove_prefix(end + 1);
    return true;
  }
  bool TakeBool(bool& out) {
    SkipSpace();
    for (const auto& [word, value] : {std::pair("True", true), std::pair("False", false)}) {
      if (text_.starts_with(word)) {
        text_.remove_prefix(std::strlen(word));
        out = value;
        return true;
      }
    }
    return false;
  }
  std::string Expected(std::string_view what) const {
    return fmt::format("bad header: expected {}, given \"{}\"", what,
                       Printable(text_.substr(0, 20)));
  }

  std::string_view text_;
};

// The code points of UTF-8 text; unset when it is malformed (overlong and surrogates included).
std::optional<std::vector<std::uint32_t>> CodePoints(std::string_view text) {
  std::vector<std::uint32_t> result;
  while (!text.empty()) {
    const auto character = FirstCharacter(text);
    if (character.kind != Utf8Character::Kind::kWhole) return std::nullopt;
    result.push_back(character.code);
    text.remove_prefix(character.length);
  }
  return result;
}

// Fixed-width text elements, padded with zeros: `width` bytes ('S') or UCS-4 units ('U').
std::optional<std::string> ReadStrings(std::span<const std::byte> data, bool unicode,
                                       std::uint64_t width, std::uint64_t count, Tensor& tensor) {
  const std::uint64_t step = unicode ? width * 4 : width;
  std::string text;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto element = data.subspan(i * step, step);
    text.clear();
    if (unicode) {
      for (std::uint64_t j = 0; j < width; ++j) {
        std::uint32_t code = 0;
        std::memcpy(&code, element.data() + j * 4, 4);
        if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
          return fmt::format("expected Unicode text, given the number {:#x} in element {}", code,
                             i);
        }
        AppendUtf8(text, code);
      }
    } else {
      text.assign(reinterpret_cast<const char*>(element.data()), element.size());
    }
    text.erase(text.find_last_not_of('\0') + 1);
    AppendString(tensor.data, text);
  }
  return std::nullopt;
}

struct ElementType {
  wasinn_dtype dtype = WASINN_DTYPE_NONE;
  bool unicode = false;
  std::uint64_t width = 0;  // of strings
  std::uint64_t size = 0;   // bytes an element
};

Parsed<ElementType> ParseDescr(std::string_view descr) {
  static constexpr char kTaken[] = "numbers, bool, 'V2' (bf16), '<U...' or '|S...'";
  const auto bad = [&] {
    return Bad(fmt::format("expected {}, given the element type '{}'", kTaken,
                           Printable(descr.substr(0, 40))));
  };
  if (descr.size() < 2) return bad();
  const char order = descr.front();
  const std::string_view code = descr.substr(1);
  if (order != '<' && order != '|' && order != '=' && order != '>') return bad();
  ElementType type;
  if (code.front() == 'U' || code.front() == 'S') {
    type.dtype = WASINN_DTYPE_STRING;
    type.unicode = code.front() == 'U';
    const char* end = code.data() + code.size();
    const auto parsed = std::from_chars(code.data() + 1, end, type.width);
    // Checked so that 4 x width cannot wrap.
    if (parsed.ec != std::errc() || parsed.ptr != end || type.width > (1ULL << 32)) return bad();
    type.size = type.unicode ? type.width * 4 : type.width;
  } else {
    const auto row = std::ranges::find(kDtypes, code, &DtypeRow::code);
    if (row == kDtypes.end()) return bad();
    type.dtype = row->dtype;
    type.size = wasinn_dtype_size(type.dtype);
  }
  if (order == '>' && (type.unicode || (type.dtype != WASINN_DTYPE_STRING && type.size > 1))) {
    return Bad(
        fmt::format("expected little-endian data, given big-endian ('{}'); convert it with "
                    "numpy's astype",
                    Printable(descr)));
  }
  return type;
}

std::string HeaderText(std::string_view descr, std::span<const std::int64_t> dims) {
  std::string shape;
  for (const auto dim : dims) shape += fmt::format("{}, ", dim);
  // "(3,)" for one dimension, "(3, 4)" for more, as NumPy writes them.
  if (!shape.empty()) shape.resize(shape.size() - (dims.size() == 1 ? 1 : 2));
  return fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", descr, shape);
}

std::vector<std::byte> FileStart(std::string_view descr, std::span<const std::int64_t> dims) {
  std::string header = HeaderText(descr, dims);
  // Rank is at most 16, so that the header always fits the two bytes of version 1.0. The data
  // starts at a multiple of 64.
  const std::size_t before = kMagic.size() + 2 + 2;
  header.append((64 - (before + header.size() + 1) % 64) % 64, ' ');
  header += '\n';
  std::string start(kMagic);
  start += '\x01';
  start += '\x00';
  start += static_cast<char>(header.size() & 0xff);
  start += static_cast<char>(header.size() >> 8);
  start += header;
  const auto bytes = std::as_bytes(std::span(start));
  return {bytes.begin(), bytes.end()};
}

Parsed<std::vector<std::byte>> WriteStrings(const TensorView& tensor) {
  const auto strings = SplitStrings(tensor.data, ElementCount(tensor.dims).value_or(0));
  if (!strings) return Bad("expected a length before each string, given other data");
  bool unicode = true;
  std::vector<std::vector<std::uint32_t>> points;
  std::uint64_t width = 1;  // NumPy has no text of width 0
  for (const auto text : *strings) {
    auto codes = CodePoints(text);
    if (!codes) {
      unicode = false;
      break;
    }
    width = std::max<std::uint64_t>(width, codes->size());
    points.push_back(std::move(*codes));
  }
  if (!unicode) {
    for (const auto text : *strings) width = std::max<std::uint64_t>(width, text.size());
  }
  const std::uint64_t step = unicode ? width * 4 : width;
  if (!strings->empty() && step > kMaxPaddedStrings / strings->size()) {
    return Bad(
        fmt::format("expected strings that take at most 1 GiB when each is padded to the "
                    "longest, given {} of up to {} characters",
                    strings->size(), width));
  }
  auto file = FileStart(fmt::format("{}{}", unicode ? "<U" : "|S", width), tensor.dims);
  const std::size_t start = file.size();
  file.resize(start + step * strings->size());
  for (std::size_t i = 0; i < strings->size(); ++i) {
    const void* source =
        unicode ? static_cast<const void*>(points[i].data()) : (*strings)[i].data();
    const std::size_t size = unicode ? points[i].size() * 4 : (*strings)[i].size();
    if (size > 0) std::memcpy(file.data() + start + i * step, source, size);
  }
  return file;
}

}  // namespace

Parsed<Tensor> ReadNpy(std::span<const std::byte> file) {
  const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(file[i]); };
  if (file.size() < kMagic.size() + 4 ||
      std::memcmp(file.data(), kMagic.data(), kMagic.size()) != 0) {
    return Bad("expected a .npy file (it starts with \\x93NUMPY), given another one");
  }
  const std::size_t major = byte(6);
  if (major < 1 || major > 3) {
    return Bad(fmt::format("expected .npy version 1.0 to 3.0, given {}.{}", major, byte(7)));
  }
  const std::size_t start = major == 1 ? 10 : 12;
  if (file.size() < start) return Bad("the file ends inside its header");
  std::size_t length = byte(8) | (byte(9) << 8);
  if (major > 1) length |= (byte(10) << 16) | (byte(11) << 24);
  if (length > kMaxNpyHeader) {
    return Bad(
        fmt::format("expected a header of at most {} bytes, given {}", kMaxNpyHeader, length));
  }
  if (length > file.size() - start) return Bad("the file ends inside its header");
  Header header;
  HeaderParser parser({reinterpret_cast<const char*>(file.data()) + start, length});
  if (auto error = parser.Parse(header)) return Bad(*error);
  if (header.fortran_order && header.shape.size() > 1) {
    return Bad(
        "expected row-major data, given Fortran order; save numpy's ascontiguousarray of it");
  }
  const auto type = ParseDescr(header.descr);
  if (!type) return Bad(type.error());
  const auto data = file.subspan(start + length);
  const auto count = ElementCount(header.shape);
  std::uint64_t size = 0;
  if (!count || __builtin_mul_overflow(*count, type->size, &size) || size != data.size()) {
    return Bad(fmt::format("expected {} x {} bytes of data for the shape {}, given {}",
                           count ? std::to_string(*count) : "too many", type->size,
                           DimsText(header.shape), data.size()));
  }
  Tensor tensor;
  tensor.dtype = type->dtype;
  tensor.dims = std::move(header.shape);
  if (type->dtype != WASINN_DTYPE_STRING) {
    tensor.data.assign(data.begin(), data.end());
    return tensor;
  }
  // Elements of width 0 take no bytes of the file, so nothing else limits their number.
  if (type->width == 0 && *count > file.size()) {
    return Bad(fmt::format("expected at most {} empty strings, given {}", file.size(), *count));
  }
  if (auto error = ReadStrings(data, type->unicode, type->width, *count, tensor)) {
    return Bad(*error);
  }
  return tensor;
}

Parsed<std::vector<std::byte>> WriteNpy(const TensorView& tensor) {
  if (tensor.dtype == WASINN_DTYPE_STRING) return WriteStrings(tensor);
  const auto row = std::ranges::find(kDtypes, tensor.dtype, &DtypeRow::dtype);
  if (row == kDtypes.end()) return Bad("expected a tensor with an element type, given none");
  const char order = wasinn_dtype_size(tensor.dtype) > 1 ? '<' : '|';
  auto file = FileStart(fmt::format("{}{}", order, row->code), tensor.dims);
  file.insert(file.end(), tensor.data.begin(), tensor.data.end());
  return file;
}

}  // namespace wasinn::cli
