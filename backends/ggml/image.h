// Checks an image file before it is decoded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wasinn::ggml {

// The maximum bytes of an image file.
inline constexpr size_t kMaxImageBytes = 16 << 20;

// The maximum pixels of all images of one prompt.
inline constexpr uint64_t kMaxPixels = 32 << 20;

struct ImageSize {
  uint32_t width;
  uint32_t height;
};

// The dimensions of a PNG, JPEG, GIF (its first picture) or BMP file, which must be within bounds
// and match the amount of data in it. Throws Failure. Any thread.
ImageSize CheckImage(std::string_view file);

}  // namespace wasinn::ggml
