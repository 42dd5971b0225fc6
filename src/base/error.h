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

// "invalid_argument"; "unknown code" for a number that is none.
std::string_view CodeName(Code code);
// The code with that name or number, for options and plug-ins; kUnknown when there is none.
Code CodeFromNumber(int64_t number);
// The numbers of the guest dialects.
uint32_t WitxErrno(Code code);
uint32_t WitErrorCode(Code code);
// The other way round for WIT's `error` constructor; kUnknown when out of range.
Code CodeFromWit(uint32_t number);

struct Error {
  Code code = Code::kUnknown;
  std::string message;
  // The framework's own number, 0 without one.
  int64_t engine_code = 0;
  // The text for the host where it says what a guest may not read, e.g. the path of a model; empty
  // where `message` is for both.
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
// The error that a C callee left; a code without text gets one that names `where`.
Error FromC(wasinn_code code, const wasinn_error& error, std::string_view where);

// What an exception means for the call that it ended: memory or a thread that the system refused, a
// plug-in that throws, or a bug of ours, none of which may take the host along. Call inside a catch
// block.
Error ErrorOfException() noexcept;
// An error for where nothing may be thrown; without its text when there is no memory for that.
Error PlainError(Code code, std::string_view text) noexcept;
Error CopyOf(const Error& error) noexcept;

// The longest text of an error that is kept; what frameworks say can be of any length.
inline constexpr size_t kMaxErrorText = 16 << 10;
// The beginning of a longer one, cut between two characters.
std::string_view CutErrorText(std::string_view text);

inline std::string_view View(wasinn_str text) {
  return text.data == nullptr ? std::string_view() : std::string_view(text.data, text.size);
}
inline wasinn_str ToStr(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace wasinn

// Passes an error on: WASINN_TRY(value, Expression()); declares `value`.
#define WASINN_CONCAT_INNER(a, b) a##b
#define WASINN_CONCAT(a, b) WASINN_CONCAT_INNER(a, b)
#define WASINN_TRY(name, expression)                                             \
  auto WASINN_CONCAT(result_, __LINE__) = (expression);                          \
  if (!WASINN_CONCAT(result_, __LINE__))                                         \
    return std::unexpected(std::move(WASINN_CONCAT(result_, __LINE__)).error()); \
  auto name = std::move(*WASINN_CONCAT(result_, __LINE__))
// The same for Result<void>.
#define WASINN_CHECK(expression)                                \
  do {                                                          \
    if (auto wasinn_result = (expression); !wasinn_result)      \
      return std::unexpected(std::move(wasinn_result).error()); \
  } while (false)
