#include "base/text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace wasinn {
namespace {

// The edit distance: an edit inserts, removes or replaces a letter, or swaps two neighbours. Names
// are short.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1), above, second;
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    second = std::exchange(above, row);
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replace = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], second[j - 2] + 1);
      }
    }
  }
  return row[b.size()];
}

struct Unit {
  std::string_view name;
  double factor;
};

std::optional<uint64_t> ParseWithUnit(std::string_view text, std::span<const Unit> units) {
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (error != std::errc() || !std::isfinite(number) || number < 0) return std::nullopt;
  const std::string unit = Lower(Trim({rest, static_cast<size_t>(end - rest)}));
  for (const Unit& row : units) {
    if (row.name != unit) continue;
    const double value = number * row.factor;
    if (value > 9.2e18) return std::nullopt;
    return static_cast<uint64_t>(value);
  }
  return std::nullopt;
}

constexpr double kKi = 1024;
constexpr auto kSizeUnits = std::to_array<Unit>({
    {"", 1},
    {"b", 1},
    {"k", kKi},
    {"kib", kKi},
    {"kb", 1e3},
    {"m", kKi * kKi},
    {"mib", kKi * kKi},
    {"mb", 1e6},
    {"g", kKi * kKi * kKi},
    {"gib", kKi * kKi * kKi},
    {"gb", 1e9},
    {"t", kKi * kKi * kKi * kKi},
    {"tib", kKi * kKi * kKi * kKi},
    {"tb", 1e12},
});
constexpr auto kDurationUnits = std::to_array<Unit>({
    {"", 1},
    {"ms", 1},
    {"s", 1e3},
    {"m", 60e3},
    {"min", 60e3},
    {"h", 3600e3},
});

}  // namespace

std::vector<std::string_view> NearestNames(std::string_view name,
                                           std::span<const std::string_view> names) {
  std::vector<std::pair<size_t, std::string_view>> near;
  // A guest chooses the name, so the work must be bounded.
  if (name.size() > 128) return {};
  for (std::string_view candidate : names) {
    if (candidate.size() > 128) continue;
    const size_t distance = Distance(name, candidate);
    const bool prefix = name.size() >= 3 && candidate.starts_with(name);
    if (prefix || distance <= std::max<size_t>(1, name.size() / 3)) {
      near.emplace_back(distance, candidate);
    }
  }
  std::ranges::sort(near);
  std::vector<std::string_view> result;
  for (size_t i = 0; i < near.size() && i < 3; ++i) result.push_back(near[i].second);
  return result;
}

std::string Suggest(std::string_view name, std::span<const std::string_view> names) {
  if (const auto near = NearestNames(name, names); !near.empty()) {
    return fmt::format(" (did you mean {}?)", fmt::join(near, ", "));
  }
  if (names.empty()) return {};
  return fmt::format(" (there are: {})", fmt::join(names, ", "));
}

std::optional<uint64_t> ParseSize(std::string_view text) {
  if (const auto exact = ParseUint(Trim(text))) return exact;
  return ParseWithUnit(Trim(text), kSizeUnits);
}

std::optional<uint64_t> ParseDuration(std::string_view text) {
  return ParseWithUnit(Trim(text), kDurationUnits);
}

std::optional<uint64_t> ParseUint(std::string_view text) {
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc() || rest != end) return std::nullopt;
  return value;
}

std::optional<bool> ParseBool(std::string_view text) {
  const std::string lower = Lower(Trim(text));
  if (lower == "true" || lower == "1" || lower == "yes" || lower == "on") return true;
  if (lower == "false" || lower == "0" || lower == "no" || lower == "off") return false;
  return std::nullopt;
}

std::string FormatSize(uint64_t bytes) {
  constexpr std::array kNames = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= kKi && unit + 1 < kNames.size()) {
    value /= kKi;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kNames[unit]);
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::string Printable(std::string_view text) {
  constexpr size_t kMax = 200;
  std::string out;
  size_t i = 0;
  while (i < text.size() && out.size() < kMax) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const size_t length = byte < 0x80 ? 1 : byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
    bool good = byte >= 0x20 && byte != 0x7F && !(byte >= 0x80 && byte < 0xC2) && byte < 0xF5 &&
                i + length <= text.size();
    for (size_t k = 1; good && k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      // The first bytes of overlong forms, surrogates and numbers above U+10FFFF.
      const unsigned char min = k > 1 ? 0x80 : byte == 0xE0 ? 0xA0 : byte == 0xF0 ? 0x90 : 0x80;
      const unsigned char max = k > 1 ? 0xBF : byte == 0xED ? 0x9F : byte == 0xF4 ? 0x8F : 0xBF;
      good = next >= min && next <= max;
    }
    if (good) {
      out.append(text, i, length);
      i += length;
    } else {
      out += '?';
      ++i;
    }
  }
  if (i < text.size()) out += "...";
  return out;
}

}  // namespace wasinn
