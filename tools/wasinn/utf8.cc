#include "utf8.h"

#include <algorithm>
#include <array>

namespace wasinn::cli {
namespace {

// The number of bytes of a character that begins with `lead`; 0 if there is none.
std::size_t LengthOf(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

}  // namespace

Utf8Character FirstCharacter(std::string_view text) {
  using enum Utf8Character::Kind;
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = LengthOf(lead);
  if (length <= 1) return {length == 1 ? kWhole : kBad, 1, lead};
  const auto trail = text.substr(1, length - 1);
  const std::size_t have =
      1 + static_cast<std::size_t>(std::ranges::find_if_not(trail, IsTrail) - trail.begin());
  if (have < length) return {have == text.size() ? kCut : kBad, have, 0};
  char32_t code = lead & (0xffU >> (length + 1));
  for (const char byte : trail) code = code << 6 | (static_cast<unsigned char>(byte) & 0x3fU);
  static constexpr std::array<char32_t, 5> kMinimum = {0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = code >= 0xd800 && code < 0xe000;
  if (code < kMinimum[length] || code > 0x10ffff || is_surrogate) return {kBad, length, 0};
  return {kWhole, length, code};
}

void AppendUtf8(std::string& text, char32_t code) {
  const auto trail = [&](int shift) { text += static_cast<char>(0x80 | ((code >> shift) & 0x3f)); };
  if (code < 0x80) {
    text += static_cast<char>(code);
  } else if (code < 0x800) {
    text += static_cast<char>(0xc0 | (code >> 6));
    trail(0);
  } else if (code < 0x10000) {
    text += static_cast<char>(0xe0 | (code >> 12));
    trail(6);
    trail(0);
  } else {
    text += static_cast<char>(0xf0 | (code >> 18));
    trail(12);
    trail(6);
    trail(0);
  }
}

}  // namespace wasinn::cli
