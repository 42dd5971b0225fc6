#include "picture.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>

#include "inflate.h"

namespace {

// A picture beyond this is refused rather than letting a damaged header ask for gigabytes.
constexpr uint32_t kMaxSide = 8192;

uint32_t BigEndian(std::span<const uint8_t> bytes) {
  return static_cast<uint32_t>(bytes[0]) << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
}

std::expected<std::vector<uint8_t>, std::string> ReadFile(const char* path) {
  std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path, "rb"), std::fclose);
  if (file == nullptr) return std::unexpected("cannot be opened");
  std::vector<uint8_t> bytes;
  std::array<uint8_t, 16384> block;
  while (size_t count = std::fread(block.data(), 1, block.size(), file.get())) {
    bytes.insert(bytes.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(count));
  }
  if (std::ferror(file.get())) return std::unexpected("cannot be read");
  return bytes;
}

struct Png {
  uint32_t width = 0;
  uint32_t height = 0;
  int channels = 0;
  bool has_palette = false;
  std::span<const uint8_t> palette;
  std::span<const uint8_t> palette_alpha;
  std::vector<uint8_t> packed;
};

std::expected<Png, std::string> ReadHeader(std::span<const uint8_t> data) {
  Png png;
  if (data.size() < 13) return std::unexpected("is a PNG without a whole header");
  png.width = BigEndian(data);
  png.height = BigEndian(data.subspan(4));
  if (png.width == 0 || png.height == 0 || png.width > kMaxSide || png.height > kMaxSide) {
    return std::unexpected("has a size outside 1 to " + std::to_string(kMaxSide));
  }
  int depth = data[8], color = data[9], interlace = data[12];
  static constexpr int kChannels[] = {1, 0, 3, 1, 2, 0, 4};
  if (color > 6 || kChannels[color] == 0) return std::unexpected("has an unknown colour type");
  if (depth != 8 || interlace != 0) {
    return std::unexpected("is a PNG with " + std::to_string(depth) +
                           " bits a channel or interlaced; only 8 bits, not interlaced, are read");
  }
  png.channels = kChannels[color];
  png.has_palette = color == 3;
  return png;
}

std::expected<Png, std::string> ReadChunks(std::span<const uint8_t> file) {
  static constexpr uint8_t kSignature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  if (file.size() < 8 || !std::equal(kSignature, kSignature + 8, file.begin())) {
    return std::unexpected("is not a PNG file");
  }
  Png png;
  file = file.subspan(8);
  while (file.size() >= 12) {
    uint32_t size = BigEndian(file);
    if (size > file.size() - 12) return std::unexpected("ends in the middle of a PNG chunk");
    std::span<const uint8_t> data = file.subspan(8, size);
    auto is = [&](const char* name) { return std::memcmp(&file[4], name, 4) == 0; };
    if (is("IHDR")) {
      auto header = ReadHeader(data);
      if (!header) return header;
      png = std::move(*header);
    } else if (is("PLTE")) {
      png.palette = data;
    } else if (is("tRNS") && png.has_palette) {
      png.palette_alpha = data;
    } else if (is("IDAT")) {
      png.packed.insert(png.packed.end(), data.begin(), data.end());
    } else if (is("IEND")) {
      break;
    }
    file = file.subspan(12 + size);
  }
  if (png.channels == 0) return std::unexpected("is a PNG without a header");
  return png;
}

uint8_t Paeth(int left, int above, int corner) {
  int guess = left + above - corner;
  int to_left = std::abs(guess - left), to_above = std::abs(guess - above);
  int to_corner = std::abs(guess - corner);
  if (to_left <= to_above && to_left <= to_corner) return static_cast<uint8_t>(left);
  return static_cast<uint8_t>(to_above <= to_corner ? above : corner);
}

// Undoes the filter of one line in place; `above` is the line before it, zeros for the first.
bool Unfilter(uint8_t filter, std::span<uint8_t> line, std::span<const uint8_t> above,
              size_t step) {
  if (filter > 4) return false;
  for (size_t i = 0; i < line.size(); ++i) {
    int left = i < step ? 0 : line[i - step], up = above[i];
    int corner = i < step ? 0 : above[i - step];
    int guess = filter == 0   ? 0
                : filter == 1 ? left
                : filter == 2 ? up
                : filter == 3 ? (left + up) / 2
                              : Paeth(left, up, corner);
    line[i] = static_cast<uint8_t>(line[i] + guess);
  }
  return true;
}

void PutPixel(const Png& png, const uint8_t* in, uint8_t* out) {
  uint8_t red, green, blue;
  int alpha = 255;
  if (png.has_palette) {
    size_t entry = in[0];
    bool known = entry * 3 + 2 < png.palette.size();
    red = known ? png.palette[entry * 3] : 0;
    green = known ? png.palette[entry * 3 + 1] : 0;
    blue = known ? png.palette[entry * 3 + 2] : 0;
    if (entry < png.palette_alpha.size()) alpha = png.palette_alpha[entry];
  } else if (png.channels < 3) {
    red = green = blue = in[0];
    if (png.channels == 2) alpha = in[1];
  } else {
    red = in[0], green = in[1], blue = in[2];
    if (png.channels == 4) alpha = in[3];
  }
  auto over_white = [&](int value) {
    return static_cast<uint8_t>((value * alpha + 255 * (255 - alpha) + 127) / 255);
  };
  out[0] = over_white(blue), out[1] = over_white(green), out[2] = over_white(red);
}

}  // namespace

std::expected<Picture, std::string> ReadPng(const char* path) {
  auto file = ReadFile(path);
  if (!file) return std::unexpected(file.error());
  auto png = ReadChunks(*file);
  if (!png) return std::unexpected(png.error());

  size_t step = static_cast<size_t>(png->channels), line_size = png->width * step;
  size_t expected = (line_size + 1) * png->height;
  auto lines = Inflate(png->packed, expected);
  if (!lines || lines->size() != expected) return std::unexpected("has damaged pixel data");

  Picture picture(static_cast<int>(png->width), static_cast<int>(png->height));
  std::vector<uint8_t> zeros(line_size);
  std::span<const uint8_t> above = zeros;
  for (int y = 0; y < picture.height; ++y) {
    uint8_t* start = &(*lines)[(line_size + 1) * static_cast<size_t>(y)];
    std::span<uint8_t> line(start + 1, line_size);
    if (!Unfilter(*start, line, above, step)) return std::unexpected("has an unknown PNG filter");
    for (int x = 0; x < picture.width; ++x) {
      PutPixel(*png, &line[static_cast<size_t>(x) * step], picture.at(x, y));
    }
    above = line;
  }
  return picture;
}

Picture Resize(const Picture& source, int width, int height) {
  struct Tap {
    int first, second;
    float share;
  };
  auto tap = [](int at, int from, int to) {
    float center =
        (static_cast<float>(at) + 0.5f) * static_cast<float>(from) / static_cast<float>(to) - 0.5f;
    float low = std::floor(center);
    int first = static_cast<int>(low);
    return Tap{std::clamp(first, 0, from - 1), std::clamp(first + 1, 0, from - 1), center - low};
  };
  std::vector<Tap> columns(static_cast<size_t>(width));
  for (int x = 0; x < width; ++x) columns[static_cast<size_t>(x)] = tap(x, source.width, width);

  Picture result(width, height);
  for (int y = 0; y < height; ++y) {
    Tap row = tap(y, source.height, height);
    for (int x = 0; x < width; ++x) {
      const Tap& column = columns[static_cast<size_t>(x)];
      const uint8_t* a = source.at(column.first, row.first);
      const uint8_t* b = source.at(column.second, row.first);
      const uint8_t* c = source.at(column.first, row.second);
      const uint8_t* d = source.at(column.second, row.second);
      uint8_t* out = result.at(x, y);
      for (int k = 0; k < 3; ++k) {
        float top = static_cast<float>(a[k]) + static_cast<float>(b[k] - a[k]) * column.share;
        float bottom = static_cast<float>(c[k]) + static_cast<float>(d[k] - c[k]) * column.share;
        out[k] = static_cast<uint8_t>(top + (bottom - top) * row.share + 0.5f);
      }
    }
  }
  return result;
}

Picture Crop(const Picture& source, const Box& box) {
  Picture result(box.width(), box.height());
  size_t line = static_cast<size_t>(result.width) * 3;
  for (int y = 0; y < result.height; ++y) {
    std::memcpy(result.at(0, y), source.at(box.left, box.top + y), line);
  }
  return result;
}
