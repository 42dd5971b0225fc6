#include "text.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <cstdint>
#include <numeric>

namespace wasinn::conformance {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

// Bytes of the valid UTF-8 character at the start of `text` that may stand in XML, 0 for none.
std::size_t CharacterLength(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  if (first < 0x80) {
    return (first >= 0x20 && first != 0x7f) || first == '\n' || first == '\t' ? 1 : 0;
  }
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (length == 0 || first > 0xf4 || text.size() < length) return 0;
  std::uint32_t code = first & (0xff >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3f);
  }
  constexpr std::uint32_t kLeast[] = {0, 0, 0xa0, 0x800, 0x10000};  // U+0080 to U+009F are controls
  const bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
  const bool is_none = code == 0xfffe || code == 0xffff;
  return code < kLeast[length] || code > 0x10ffff || is_surrogate || is_none ? 0 : length;
}

std::size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({change, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string CleanText(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  while (!text.empty()) {
    // Line ends of another system.
    if (text.starts_with("\r\n")) text.remove_prefix(1);
    const std::size_t length = CharacterLength(text);
    clean += length == 0 ? kReplacement : text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return clean;
}

std::string EscapeMarkup(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string ShellQuote(std::string_view word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string_view::npos) {
    return std::string(word);
  }
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::string ShellLine(const std::vector<std::string>& words) {
  std::string line;
  for (const auto& word : words) line += (line.empty() ? "" : " ") + ShellQuote(word);
  return line;
}

bool MatchesGlob(const std::string& pattern, const std::string& text) {
  return fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
}

bool MatchesAnyGlob(const std::vector<std::string>& patterns, const std::string& text) {
  return std::ranges::any_of(patterns, [&](const auto& one) { return MatchesGlob(one, text); });
}

std::string Upper(std::string_view text) {
  std::string upper(text);
  std::ranges::transform(upper, upper.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return upper;
}

std::string Slug(std::string_view text) {
  std::string slug;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    slug += plain ? std::string(1, c) : fmt::format("_{:02x}", static_cast<std::uint8_t>(c));
  }
  return slug;
}

std::string Suggest(std::string_view given, const std::vector<std::string>& words) {
  const auto nearest = std::ranges::min_element(
      words, {}, [&](const std::string& word) { return Distance(given, word); });
  if (nearest == words.end() || Distance(given, *nearest) > 2 + given.size() / 4) return {};
  return fmt::format(" (did you mean {}?)", *nearest);
}

std::string Shorten(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  std::size_t end = most;
  while (end > 0 && (static_cast<std::uint8_t>(text[end]) & 0xc0) == 0x80) --end;
  return fmt::format("{}… ({} bytes in all)", text.substr(0, end), text.size());
}

std::string Excerpt(std::string_view text, std::size_t most) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  if (text.size() <= most) return std::string(text);
  const auto inside = [&](std::size_t at) {
    return at < text.size() && (static_cast<std::uint8_t>(text[at]) & 0xc0) == 0x80;
  };
  // Cut between lines, or within a line that is longer than half of it all.
  std::size_t head = most / 2;
  if (const auto line = text.rfind('\n', head); line != std::string_view::npos) head = line;
  while (inside(head)) --head;
  std::size_t tail = text.size() - most / 2;
  if (const auto line = text.find('\n', tail - 1); line != std::string_view::npos) tail = line + 1;
  while (inside(tail)) ++tail;
  return fmt::format("{}\n[...]\n{}", text.substr(0, head), text.substr(tail));
}

}  // namespace wasinn::conformance
