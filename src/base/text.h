// Text helpers: nearest names for "did you mean", sizes and durations.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wasinn {

// Up to three of `names` that are close to `name` (edit distance at most a third of its length,
// or a common prefix), nearest first.
std::vector<std::string_view> NearestNames(std::string_view name,
                                           std::span<const std::string_view> names);
// " (did you mean a, b?)", or " (there are: a, b, c)" if no name is similar; "" without names.
std::string Suggest(std::string_view name, std::span<const std::string_view> names);

// "64MiB", "1GB", "4096", "1.5GiB" -> bytes. Powers of two for KiB.., of ten for KB.., both with or
// without the B.
std::optional<uint64_t> ParseSize(std::string_view text);
// "1500ms", "2s", "1.5m", "500" (ms) -> milliseconds.
std::optional<uint64_t> ParseDuration(std::string_view text);
// Decimal digits only, without sign or spaces; nullopt also on overflow.
std::optional<uint64_t> ParseUint(std::string_view text);
std::optional<bool> ParseBool(std::string_view text);

// 4096 -> "4.0 KiB".
std::string FormatSize(uint64_t bytes);

// The parts point into `text`.
std::vector<std::string_view> Split(std::string_view text, char separator);
template <std::same_as<std::string> Text>
std::vector<std::string_view> Split(Text&& text, char separator) = delete;
// The bytes as text; valid as long as the bytes.
inline std::string_view AsText(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
std::string_view Trim(std::string_view text);
std::string Lower(std::string_view text);
// Text for an error message: control characters and bytes that are not UTF-8 are replaced, and the
// text is cut at 200 bytes, so that a guest's text cannot disturb a log.
std::string Printable(std::string_view text);

}  // namespace wasinn
