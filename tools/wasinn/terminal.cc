#include "terminal.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace wasinn::cli {

bool IsTerminal(std::FILE* stream) {
  const char* term = std::getenv("TERM");
  return isatty(fileno(stream)) != 0 && term != nullptr && std::string_view(term) != "dumb";
}

Style Style::For(std::FILE* stream) {
  const char* no_color = std::getenv("NO_COLOR");
  if (!IsTerminal(stream) || (no_color != nullptr && *no_color != '\0')) return {};
  return {"\033[1m", "\033[2m", "\033[31m", "\033[33m", "\033[0m"};
}

std::string Printable(std::string_view text, bool keep_lines) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F are control characters too; in UTF-8 they are C2 80 to C2 9F.
    const bool c1 = byte == 0xc2 && i + 1 < text.size() &&
                    static_cast<unsigned char>(text[i + 1]) >= 0x80 &&
                    static_cast<unsigned char>(text[i + 1]) <= 0x9f;
    if (c1) {
      result += '?';
      ++i;
    } else if (byte == '\n' || byte == '\t') {
      result += keep_lines ? text[i] : ' ';
    } else if (byte < 0x20 || byte == 0x7f) {
      result += '?';
    } else {
      result += text[i];
    }
  }
  return result;
}

std::size_t DisplayWidth(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char byte) { return (static_cast<unsigned char>(byte) & 0xc0) != 0x80; }));
}

}  // namespace wasinn::cli
