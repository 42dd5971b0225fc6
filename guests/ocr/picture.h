#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <vector>

// Three bytes a pixel, blue first: the order the recognition models were trained with.
struct Picture {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> pixels;

  Picture() = default;
  Picture(int w, int h) : width(w), height(h), pixels(static_cast<size_t>(w) * h * 3) {}
  uint8_t* at(int x, int y) { return &pixels[(static_cast<size_t>(y) * width + x) * 3]; }
  const uint8_t* at(int x, int y) const {
    return &pixels[(static_cast<size_t>(y) * width + x) * 3];
  }
};

// Pixels: left and top are inside, right and bottom are not.
struct Box {
  int left = 0, top = 0, right = 0, bottom = 0;
  int width() const { return right - left; }
  int height() const { return bottom - top; }
};

// Reads a PNG file: 8 bits a channel, not interlaced, any colour type. Transparent parts become
// white.
std::expected<Picture, std::string> ReadPng(const char* path);

// Bilinear, pixel centres at one half.
Picture Resize(const Picture& source, int width, int height);
Picture Crop(const Picture& source, const Box& box);
