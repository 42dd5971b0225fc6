// The abilities of a stream: colours, and whether it is a terminal.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace wasinn::cli {

// Whether the stream is a terminal that supports more than plain text.
bool IsTerminal(std::FILE* stream);

// Colours of one stream; every code is empty unless it is a terminal and NO_COLOR is not set.
struct Style {
  std::string_view bold;
  std::string_view dim;
  std::string_view red;
  std::string_view yellow;
  std::string_view reset;

  static Style For(std::FILE* stream);
};

// `text` as UTF-8 without control characters, with which a model or a guest could mislead the user
// of a terminal; each of these, and bytes that are not UTF-8, become U+FFFD. Line breaks and tabs
// become spaces unless `keep_lines`.
std::string Printable(std::string_view text, bool keep_lines = false);

// Columns that UTF-8 text takes, counting each code point as one.
std::size_t DisplayWidth(std::string_view text);

}  // namespace wasinn::cli
