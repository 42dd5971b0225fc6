// Pictures for tests, written here so that each byte of them is known.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace wasinn::ggml {

inline std::string BigEndian(uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
  return bytes;
}

inline std::string PngChunk(const std::string& kind, const std::string& data) {
  uint32_t crc = ~0U;
  for (const char c : kind + data) {
    crc ^= static_cast<uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320U : 0);
  }
  return BigEndian(static_cast<uint32_t>(data.size())) + kind + data + BigEndian(~crc);
}

// A zlib stream that packs nothing.
inline std::string Zlib(std::string_view data) {
  std::string stream = "\x78\x01";
  uint32_t low = 1;
  uint32_t high = 0;
  for (const char c : data) {
    low = (low + static_cast<uint8_t>(c)) % 65521;
    high = (high + low) % 65521;
  }
  do {
    const std::string_view block = data.substr(0, 65535);
    data.remove_prefix(block.size());
    const auto size = static_cast<uint16_t>(block.size());
    stream += data.empty() ? '\1' : '\0';
    for (const int part : {size & 0xff, size >> 8, ~size & 0xff, ~size >> 8 & 0xff}) {
      stream += static_cast<char>(part);
    }
    stream += block;
  } while (!data.empty());
  return stream + BigEndian(high << 16 | low);
}

// A PNG whose head says that size and whose rows are `rows`.
inline std::string PngOf(uint32_t width, uint32_t height, std::string_view rows) {
  using std::string_literals::operator""s;
  return "\x89PNG\r\n\x1a\n"s +
         PngChunk("IHDR", BigEndian(width) + BigEndian(height) + "\x08\x02\0\0\0"s) +
         PngChunk("IDAT", Zlib(rows)) + PngChunk("IEND", "");
}

// One of a single colour.
inline std::string Png(std::array<uint8_t, 3> colour, uint32_t width = 8, uint32_t height = 8) {
  std::string row(1, '\0');
  for (uint32_t x = 0; x < width; ++x) row.append(colour.begin(), colour.end());
  std::string rows;
  for (uint32_t y = 0; y < height; ++y) rows += row;
  return PngOf(width, height, rows);
}

inline std::string Base64(std::string_view bytes) {
  constexpr char kSigns[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t bits = 0;
    for (size_t k = 0; k < 3; ++k) {
      bits = bits << 8 | (i + k < bytes.size() ? static_cast<uint8_t>(bytes[i + k]) : 0);
    }
    for (size_t k = 0; k < 4; ++k) {
      text += i + k > bytes.size() ? '=' : kSigns[bits >> (18 - 6 * k) & 63];
    }
  }
  return text;
}

inline std::string Img(const std::string& png) {
  return "<img src=\"data:image/png;base64," + Base64(png) + "\">";
}

}  // namespace wasinn::ggml
