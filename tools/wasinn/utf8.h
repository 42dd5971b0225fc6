// UTF-8, character by character.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace wasinn::cli {

// The replacement for bytes that are not text: U+FFFD.
inline constexpr std::string_view kReplacement = "\xef\xbf\xbd";

struct Utf8Character {
  enum class Kind { kWhole, kCut, kBad };
  Kind kind = Kind::kBad;
  // The bytes of the character; for a bad one, the bytes that are replaced together.
  std::size_t length = 1;
  char32_t code = 0;  // for a whole character
};

// The character at the start of `text`, which must not be empty: kCut if the text ends inside it,
// kBad for bytes that are not UTF-8 (including overlong forms and surrogates).
Utf8Character FirstCharacter(std::string_view text);

// Whether the byte is one inside a character.
inline bool IsTrail(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; }

// Adds the code point to the text.
void AppendUtf8(std::string& text, char32_t code);

}  // namespace wasinn::cli
