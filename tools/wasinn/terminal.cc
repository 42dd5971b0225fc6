#include "terminal.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "utf8.h"

namespace wasinn::cli {
namespace {

// Control characters are excluded, as are characters that end a line or change the direction of the
// text after them, and characters that XML files must not contain.
bool IsShown(char32_t code) {
  const bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
  const bool turns = (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
  return !control && !turns && code != 0xfffe && code != 0xffff;
}

}  // namespace

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
  while (!text.empty()) {
    // Line ends of another system.
    if (text.starts_with("\r\n")) text.remove_prefix(1);
    const auto [kind, length, code] = FirstCharacter(text);
    if (code == '\n' || code == '\t') {
      result += keep_lines ? text.front() : ' ';
    } else if (kind == Utf8Character::Kind::kWhole && IsShown(code)) {
      result += text.substr(0, length);
    } else {
      result += kReplacement;
    }
    text.remove_prefix(length);
  }
  return result;
}

std::size_t DisplayWidth(std::string_view text) {
  return text.size() - static_cast<std::size_t>(std::ranges::count_if(text, IsTrail));
}

}  // namespace wasinn::cli
