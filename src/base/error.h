// Errors as values. Every fallible function returns Result<T>; nothing in the library throws across
// a public boundary, prints or aborts. Messages say what was expected and what was given.
#pragma once

#include <fmt/format.h>
#include <wasinn/types.h>

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace wasinn {

enum class Code : int32_t {
#define X(name, constant, number, text, witx, wit) k##constant = (number),
#include "base/code.def"
#undef X
};

// "invalid_argument"; "unknown code" for a number that is not a code.
std::string_view CodeName(Code code);
// The code with that name or number, for options and plug-ins; kUnknown if there is none.
Code CodeFromNumber(int64_t number);
// The numbers of the guest dialects.
uint32_t WitxErrno(Code code);
uint32_t WitErrorCode(Code code);
// The inverse, for WIT's `error` constructor; kUnknown if the number is out of range.
Code CodeFromWit(uint32_t number);

struct Error {
  Code code = Code::kUnknown;
  std::string message;
  // The framework's own number, 0 without one.
  int64_t engine_code = 0;
  // The text for the host, if it contains details that a guest must not read, such as the path of a
  // model; empty if `message` is for both.
  std::string host_message = {};

  const std::string& HostText() const { return host_message.empty() ? message : host_message; }
};

template <typename T = void>
using Result = std::expected<T, Error>;

// return Fail(Code::kNotFound, "no model named '{}'", name);
template <typename... Args>
[[nodiscard]] std::unexpected<Error> Fail(Code code, fmt::format_string<Args...> format,
                                          Args&&... args) {
  return std::unexpected(Error{code, fmt::format(format, std::forward<Args>(args)...), 0});
}

[[nodiscard]] inline std::unexpected<Error> Fail(Error error) {
  return std::unexpected(std::move(error));
}

// Copies an error with its text for the host into the C struct of a caller, who may have passed
// NULL; returns its code.
wasinn_code ToC(const Error& error, wasinn_error* out);
// The error that a C function filled in; a code without a text gets one that names `where`.
Error FromC(wasinn_code code, const wasinn_error& error, std::string_view where);

// The error for an exception that ended a call: the system refused memory or a thread, a plug-in
// threw, or wasinn has a bug; none of these may end the host. To be called inside a catch block.
Error ErrorOfException() noexcept;
// Makes an error without throwing; the text is missing if there is no memory for it.
Error PlainError(Code code, std::string_view text) noexcept;
Error CopyOf(const Error& error) noexcept;

// The maximum length of an error's text; texts of frameworks can have any length.
inline constexpr size_t kMaxErrorText = 16 << 10;
// Cuts a longer text between two characters.
std::string_view CutErrorText(std::string_view text);

inline std::string_view View(wasinn_str text) {
  return text.data == nullptr ? std::string_view() : std::string_view(text.data, text.size);
}
inline wasinn_str ToStr(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace wasinn

// Returns the error, if there is one: WASINN_TRY(value, Expression()); declares `value`.
#define WASINN_CONCAT_INNER(a, b) a##b
#define WASINN_CONCAT(a, b) WASINN_CONCAT_INNER(a, b)
#define WASINN_TRY(name, expression)                                             \
  auto WASINN_CONCAT(result_, __LINE__) = (expression);                          \
  if (!WASINN_CONCAT(result_, __LINE__))                                         \
    return std::unexpected(std::move(WASINN_CONCAT(result_, __LINE__)).error()); \
  auto name = std::move(*WASINN_CONCAT(result_, __LINE__))
// As WASINN_TRY, for Result<void>.
#define WASINN_CHECK(expression)                                \
  do {                                                          \
    if (auto wasinn_result = (expression); !wasinn_result)      \
      return std::unexpected(std::move(wasinn_result).error()); \
  } while (false)
