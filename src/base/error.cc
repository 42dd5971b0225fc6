#include "base/error.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <new>
#include <system_error>

namespace wasinn {
namespace {

struct Row {
  Code code;
  std::string_view text;
  uint32_t witx;
  uint32_t wit;
};

constexpr auto kRows = std::to_array<Row>({
#define X(name, constant, number, text, witx, wit) Row{Code::k##constant, text, witx, wit},
#include "base/code.def"
#undef X
});

#define X(name, constant, number, text, witx, wit) static_assert(WASINN_##name == (number));
#include "base/code.def"
#undef X

const Row& RowOf(Code code) {
  const auto index = static_cast<size_t>(code);
  return index < kRows.size() ? kRows[index] : kRows[static_cast<size_t>(Code::kUnknown)];
}

}  // namespace

std::string_view CodeName(Code code) {
  const auto index = static_cast<size_t>(code);
  return index < kRows.size() ? kRows[index].text : "unknown code";
}

Code CodeFromNumber(int64_t number) {
  return number >= 0 && number < static_cast<int64_t>(kRows.size()) ? static_cast<Code>(number)
                                                                    : Code::kUnknown;
}

uint32_t WitxErrno(Code code) { return RowOf(code).witx; }
uint32_t WitErrorCode(Code code) { return RowOf(code).wit; }

Code CodeFromWit(uint32_t number) {
  // The first nine codes after OK are WIT's, in WIT's order.
  return number <= 8 ? static_cast<Code>(number + 1) : Code::kUnknown;
}

wasinn_code ToC(const Error& error, wasinn_error* out) {
  const auto code = static_cast<wasinn_code>(error.code);
  if (out != nullptr) {
    out->code = code;
    out->engine_code = error.engine_code;
    const std::string& text = error.HostText();
    const size_t size = std::min(text.size(), sizeof(out->message) - 1);
    std::memcpy(out->message, text.data(), size);
    out->message[size] = '\0';
  }
  return code;
}

Error FromC(wasinn_code code, const wasinn_error& error, std::string_view where) {
  Error result{CodeFromNumber(code), {}, error.engine_code, {}};
  // A plug-in may have left the text unterminated.
  result.message.assign(error.message, strnlen(error.message, sizeof(error.message)));
  if (result.code == Code::kOk) result.code = Code::kUnknown;
  if (result.message.empty()) {
    result.message =
        fmt::format("{} failed with {} and gave no text", where, CodeName(result.code));
  }
  return result;
}

Error ErrorOfException() noexcept {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return PlainError(Code::kTooLarge, "the host has no memory left for this call");
  } catch (const std::system_error& error) {
    try {
      return {Code::kBusy, fmt::format("the system refused a thread: {}", error.code().message()),
              0};
    } catch (...) {
      return PlainError(Code::kBusy, {});
    }
  } catch (const std::exception& exception) {
    try {
      return {Code::kUnknown, fmt::format("internal error: {}", exception.what()), 0};
    } catch (...) {
      return PlainError(Code::kUnknown, {});
    }
  } catch (...) {
    return PlainError(Code::kUnknown, "internal error: an unknown exception");
  }
}

Error PlainError(Code code, std::string_view text) noexcept {
  Error error{code, {}, 0};
  try {
    error.message = text;
  } catch (const std::bad_alloc&) {
    // The exception is dropped: the code is the essential part.
  }
  return error;
}

Error CopyOf(const Error& error) noexcept {
  try {
    return error;
  } catch (const std::bad_alloc&) {
    return PlainError(error.code, {});
  }
}

std::string_view CutErrorText(std::string_view text) {
  if (text.size() <= kMaxErrorText) return text;
  size_t size = kMaxErrorText;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return text.substr(0, size);
}

}  // namespace wasinn
