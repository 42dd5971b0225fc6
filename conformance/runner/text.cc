#include "text.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <cstdint>

#include "terminal.h"
#include "utf8.h"

namespace wasinn::conformance {
std::string CleanText(std::string_view text) { return cli::Printable(text, true); }

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

std::string Shorten(std::string_view text, std::size_t max) {
  if (text.size() <= max) return std::string(text);
  std::size_t end = max;
  while (end > 0 && cli::IsTrail(text[end])) --end;
  return fmt::format("{}… ({} bytes in all)", text.substr(0, end), text.size());
}

std::string Excerpt(std::string_view text, std::size_t max) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  if (text.size() <= max) return std::string(text);
  const auto inside = [&](std::size_t at) { return at < text.size() && cli::IsTrail(text[at]); };
  // The cut is between lines, or within a line that is longer than half of the text.
  std::size_t head = max / 2;
  if (const auto line = text.rfind('\n', head); line != std::string_view::npos) head = line;
  while (inside(head)) --head;
  std::size_t tail = text.size() - max / 2;
  if (const auto line = text.find('\n', tail - 1); line != std::string_view::npos) tail = line + 1;
  while (inside(tail)) ++tail;
  return fmt::format("{}\n[...]\n{}", text.substr(0, head), text.substr(tail));
}

}  // namespace wasinn::conformance
