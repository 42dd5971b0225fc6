// A look at an image file before it is decoded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wasinn::ggml {

// Bytes of an image file.
inline constexpr size_t kMostImageBytes = 16 << 20;

// Pixels of the images of one prompt together.
inline constexpr uint64_t kMostPixels = 32 << 20;

struct ImageSize {
  uint32_t width;
  uint32_t height;
};

// The size of an image file: PNG, JPEG, GIF (its first picture) or BMP, within bounds, and not more
// inside than its size says. Throws Failure. Any thread.
ImageSize CheckImage(std::string_view file);

}  // namespace wasinn::ggml
