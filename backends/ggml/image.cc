#include "ggml/image.h"

#include <algorithm>
#include <string>
#include <vector>

#include "ggml/runtime.h"

// The decoder inside libmtmd, which installs no header for it.
extern "C" {
int stbi_info_from_memory(const unsigned char* buffer, int size, int* width, int* height,
                          int* channels);
int stbi_zlib_decode_buffer(char* out, int out_size, const char* in, int in_size);
}

namespace wasinn::ggml {
namespace {

constexpr uint32_t kMaxSide = 16384;
constexpr uint64_t kMaxOfOne = 16 << 20;
constexpr uint32_t kMaxRatio = 200;
// The maximum number of scans of a progressive JPEG; each may cover the whole picture with a few
// bytes.
constexpr size_t kMaxScans = 256;

Failure Bad(wasinn_code code, const std::string& expected, const std::string& given) {
  return Failure(code, "ggml: images: expected " + expected + ", given " + given);
}

Failure Broken(const std::string& why) {
  return Bad(WASINN_INVALID_ENCODING, "a whole PNG, JPEG, GIF or BMP file", why);
}

uint32_t BigEndian(std::string_view bytes) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

// A PNG is compressed: its unpacked size must match its dimensions, or a few bytes could fill the
// memory.
void CheckPng(std::string_view file) {
  constexpr size_t kHead = 8;
  constexpr size_t kHeader = 13;
  std::string packed;
  std::string_view header;
  bool ended = false;
  for (size_t at = kHead; !ended;) {
    if (file.size() - at < 12) throw Broken("a PNG that is cut");
    const uint32_t size = BigEndian(file.substr(at));
    const std::string_view kind = file.substr(at + 4, 4);
    if (size > file.size() - at - 12) throw Broken("a PNG that is cut");
    const std::string_view data = file.substr(at + 8, size);
    if (kind == "IHDR" && header.empty()) header = data;
    if (kind == "IDAT") packed += data;
    if (kind == "CgBI") throw Broken("a PNG with a chunk of iOS");
    ended = kind == "IEND";
    at += 12 + static_cast<size_t>(size);
  }
  if (header.size() != kHeader) throw Broken("a PNG without a header");
  constexpr int kChannels[] = {1, 0, 3, 1, 2, 0, 4};  // by colour type
  const auto colour = static_cast<uint8_t>(header[9]);
  const uint64_t channels = colour < std::size(kChannels) ? kChannels[colour] : 0;
  const uint64_t bits = channels * static_cast<uint8_t>(header[8]);
  const uint64_t height = BigEndian(header.substr(4));
  // This allows for a byte before each row, and for the rows of an interlaced image in up to two
  // parts.
  const uint64_t max = BigEndian(header) * height * bits / 8 + 4 * height + 64;
  std::vector<char> unpacked(max);
  if (stbi_zlib_decode_buffer(unpacked.data(), static_cast<int>(unpacked.size()), packed.data(),
                              static_cast<int>(packed.size())) < 0) {
    throw Broken("a PNG that is broken, or holds more than its size says");
  }
}

void CheckJpeg(std::string_view file) {
  size_t scans = 0;
  for (size_t at = 0; (at = file.find("\xff\xda", at)) != std::string_view::npos; ++at) ++scans;
  if (scans > kMaxScans) {
    throw Bad(WASINN_TOO_LARGE, "a JPEG of at most " + std::to_string(kMaxScans) + " scans",
              std::to_string(scans));
  }
}

}  // namespace

ImageSize CheckImage(std::string_view file) {
  if (file.size() > kMaxImageBytes) {
    throw Bad(WASINN_TOO_LARGE, "a file of at most " + std::to_string(kMaxImageBytes) + " bytes",
              std::to_string(file.size()));
  }
  const bool png = file.starts_with("\x89PNG\r\n\x1a\n");
  const bool jpeg = file.starts_with("\xff\xd8\xff");
  if (!png && !jpeg && !file.starts_with("GIF8") && !file.starts_with("BM")) {
    throw Broken(file.empty() ? "no bytes" : "another");
  }
  int width = 0;
  int height = 0;
  int channels = 0;
  if (stbi_info_from_memory(reinterpret_cast<const unsigned char*>(file.data()),
                            static_cast<int>(file.size()), &width, &height, &channels) == 0) {
    throw Broken("one whose head is broken");
  }
  const ImageSize size{static_cast<uint32_t>(std::max(width, 0)),
                       static_cast<uint32_t>(std::max(height, 0))};
  const uint32_t max = std::max(size.width, size.height);
  const uint32_t min = std::min(size.width, size.height);
  if (min == 0 || max > kMaxSide || uint64_t{max} * min > kMaxOfOne || max / min > kMaxRatio) {
    throw Bad(WASINN_TOO_LARGE,
              "an image with sides from 1 to " + std::to_string(kMaxSide) + ", at most " +
                  std::to_string(kMaxOfOne) + " pixels and at most " + std::to_string(kMaxRatio) +
                  " times as long as wide",
              std::to_string(size.width) + " x " + std::to_string(size.height));
  }
  if (png) CheckPng(file);
  if (jpeg) CheckJpeg(file);
  return size;
}

}  // namespace wasinn::ggml
