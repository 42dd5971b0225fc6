// UTF-8, character by character.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace wasinn::cli {

// What stands in the place of bytes that are no text: U+FFFD.
inline constexpr std::string_view kReplacement = "\xef\xbf\xbd";

struct Utf8Character {
  enum class Kind { kWhole, kCut, kBad };
  Kind kind = Kind::kBad;
  // Bytes that it takes; of a bad one, those that are replaced together.
  std::size_t length = 1;
  char32_t code = 0;  // of a whole one
};

// The character at the start of `text`, which must not be empty: kCut when the text ends inside of
// it, kBad for what is not UTF-8 (overlong forms and surrogates included).
Utf8Character FirstCharacter(std::string_view text);

// Whether the byte is one inside a character.
inline bool IsTrail(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; }

// Adds the code point to the text.
void AppendUtf8(std::string& text, char32_t code);

}  // namespace wasinn::cli
