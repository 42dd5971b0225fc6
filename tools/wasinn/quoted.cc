#include "quoted.h"

#include <algorithm>

namespace wasinn::cli {
namespace {

// The end of the quoted text at the start of `text`, after its last quote; 0 if none begins there.
std::size_t EndOfQuoted(std::string_view text) {
  if (!text.starts_with('"')) return 0;
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] != '"') continue;
    if (!text.substr(at + 1).starts_with('"')) return at + 1;
    ++at;
  }
  return 0;
}

// The first separator outside quotes.
std::size_t FindSeparator(std::string_view text, std::string_view separator) {
  bool may_begin = true;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (may_begin) at += EndOfQuoted(text.substr(at));
    if (text.substr(at).starts_with(separator)) return at;
    may_begin = at < text.size() && std::string_view(",=:").contains(text[at]);
  }
  return std::string_view::npos;
}

}  // namespace

std::vector<std::string_view> SplitQuoted(std::string_view text, std::string_view separator,
                                          std::size_t limit) {
  std::vector<std::string_view> parts;
  while (parts.size() + 1 < limit) {
    const auto end = FindSeparator(text, separator);
    if (end == std::string_view::npos) break;
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end + separator.size());
  }
  parts.push_back(text);
  return parts;
}

std::string Unquoted(std::string_view text) {
  if (EndOfQuoted(text) != text.size() || text.empty()) return std::string(text);
  std::string inside;
  for (std::size_t at = 1; at + 1 < text.size(); ++at) {
    inside += text[at];
    if (text[at] == '"') ++at;
  }
  return inside;
}

}  // namespace wasinn::cli
