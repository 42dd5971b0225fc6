// Errors as values: a text that says what was expected and what was given.
#pragma once

#include <fmt/format.h>

#include <expected>
#include <string>
#include <utility>

namespace wasinn::conformance {

template <typename T = void>
using Result = std::expected<T, std::string>;

// return Fail("{}:{}: expected ..., given ...", path, line);
template <typename... Args>
[[nodiscard]] std::unexpected<std::string> Fail(fmt::format_string<Args...> format,
                                                Args&&... args) {
  return std::unexpected(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace wasinn::conformance
