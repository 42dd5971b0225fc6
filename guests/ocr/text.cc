#include "text.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace {

// The settings with which the models' own package runs them.
constexpr int kShortSide = 736, kSideStep = 32;
constexpr float kPixelThreshold = 0.3f, kBoxThreshold = 0.5f;
constexpr double kGrow = 1.6;
constexpr int kMinSide = 3, kSameLine = 10;
constexpr int kLineHeight = 48, kMinLineWidth = 320;

void FillPlanes(const Picture& picture, Input& input) {
  size_t width = input.dims[3], plane = width * input.dims[2];
  for (int y = 0; y < picture.height; ++y) {
    for (int x = 0; x < picture.width; ++x) {
      const uint8_t* pixel = picture.at(x, y);
      size_t at = static_cast<size_t>(y) * width + static_cast<size_t>(x);
      for (size_t k = 0; k < 3; ++k) {
        input.values[k * plane + at] = (static_cast<float>(pixel[k]) / 255.0f - 0.5f) / 0.5f;
      }
    }
  }
}

int ToStep(double side) {
  return std::max(kSideStep, static_cast<int>(std::nearbyint(side / kSideStep)) * kSideStep);
}

// Pixels above the threshold, grown by one to the right and down, so that thin strokes connect.
std::vector<bool> TextPixels(std::span<const float> map, int width, int height) {
  std::vector<bool> result(map.size());
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      size_t at = static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x);
      if (map[at] <= kPixelThreshold) continue;
      size_t below = y + 1 < height ? static_cast<size_t>(width) : 0;
      size_t right = x + 1 < width ? 1 : 0;
      result[at] = result[at + right] = result[at + below] = result[at + below + right] = true;
    }
  }
  return result;
}

// Takes the connected pixels (8 neighbours) around `start` out of `pixels`; returns their bounds.
// Both ends of these bounds are inside.
Box TakeComponent(std::vector<bool>& pixels, int width, int height, size_t start) {
  std::vector<size_t> stack = {start};
  pixels[start] = false;
  Box bounds{width, height, -1, -1};
  while (!stack.empty()) {
    int x = static_cast<int>(stack.back()) % width, y = static_cast<int>(stack.back()) / width;
    stack.pop_back();
    bounds = {std::min(bounds.left, x), std::min(bounds.top, y), std::max(bounds.right, x),
              std::max(bounds.bottom, y)};
    for (int ny = std::max(0, y - 1); ny <= std::min(height - 1, y + 1); ++ny) {
      for (int nx = std::max(0, x - 1); nx <= std::min(width - 1, x + 1); ++nx) {
        size_t at = static_cast<size_t>(ny) * static_cast<size_t>(width) + static_cast<size_t>(nx);
        if (!pixels[at]) continue;
        pixels[at] = false;
        stack.push_back(at);
      }
    }
  }
  return bounds;
}

double MeanInside(std::span<const float> map, int width, const Box& bounds) {
  double sum = 0;
  for (int y = bounds.top; y <= bounds.bottom; ++y) {
    for (int x = bounds.left; x <= bounds.right; ++x) {
      sum += map[static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x)];
    }
  }
  return sum / ((bounds.width() + 1.0) * (bounds.height() + 1.0));
}

// Lines whose tops are near count as one and are read from left to right.
void SortForReading(std::vector<Box>& boxes) {
  std::ranges::stable_sort(boxes, {}, &Box::top);
  for (size_t begin = 0; begin < boxes.size();) {
    size_t end = begin + 1;
    while (end < boxes.size() && boxes[end].top - boxes[end - 1].top < kSameLine) ++end;
    std::ranges::stable_sort(boxes.begin() + static_cast<ptrdiff_t>(begin),
                             boxes.begin() + static_cast<ptrdiff_t>(end), {}, &Box::left);
    begin = end;
  }
}

}  // namespace

Input DetectionInput(const Picture& picture) {
  double ratio =
      std::max(1.0, static_cast<double>(kShortSide) / std::min(picture.width, picture.height));
  int width = ToStep(std::floor(picture.width * ratio));
  int height = ToStep(std::floor(picture.height * ratio));
  Input input{{1, 3, static_cast<uint32_t>(height), static_cast<uint32_t>(width)}, {}};
  input.values.resize(3 * static_cast<size_t>(width) * static_cast<size_t>(height));
  FillPlanes(Resize(picture, width, height), input);
  return input;
}

std::vector<Box> FindLines(std::span<const float> map, int width, int height,
                           const Picture& picture) {
  std::vector<bool> pixels = TextPixels(map, width, height);
  std::vector<Box> boxes;
  for (size_t start = 0; start < pixels.size(); ++start) {
    if (!pixels[start]) continue;
    Box found = TakeComponent(pixels, width, height, start);
    if (std::min(found.width(), found.height()) < kMinSide) continue;
    if (MeanInside(map, width, found) < kBoxThreshold) continue;
    // The model is trained to shrink text areas; this grows them back.
    double margin =
        kGrow * found.width() * found.height() / (2.0 * (found.width() + found.height()));
    auto scale = [](double at, int from, int to) {
      return std::clamp(static_cast<int>(std::nearbyint(at / from * to)), 0, to - 1);
    };
    Box box = {scale(found.left - margin, width, picture.width),
               scale(found.top - margin, height, picture.height),
               scale(found.right + margin, width, picture.width),
               scale(found.bottom + margin, height, picture.height)};
    if (box.width() > kMinSide && box.height() > kMinSide) boxes.push_back(box);
  }
  SortForReading(boxes);
  return boxes;
}

Input RecognitionInput(const Picture& line) {
  int scaled =
      static_cast<int>(std::ceil(static_cast<double>(kLineHeight) * line.width / line.height));
  int width = std::max(scaled, kMinLineWidth);
  Input input{{1, 3, kLineHeight, static_cast<uint32_t>(width)}, {}};
  input.values.resize(3 * static_cast<size_t>(kLineHeight) * static_cast<size_t>(width));
  FillPlanes(Resize(line, scaled, kLineHeight), input);
  return input;
}

Line DecodeText(std::span<const float> output, size_t steps, const std::vector<std::string>& keys) {
  Line line;
  size_t previous = 0, count = 0;
  for (size_t step = 0; step < steps; ++step) {
    std::span<const float> row = output.subspan(step * keys.size(), keys.size());
    size_t best = static_cast<size_t>(std::ranges::max_element(row) - row.begin());
    if (best != 0 && best != previous) {
      line.text += keys[best];
      line.score += row[best];
      ++count;
    }
    previous = best;
  }
  if (count != 0) line.score /= static_cast<double>(count);
  return line;
}
