// The steps around the two PP-OCR models: what goes in, what comes out.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "picture.h"

// f32 [1, 3, height, width], values from -1 to 1.
struct Input {
  uint32_t dims[4];
  std::vector<float> values;
};

// The detection model wants sides that are multiples of 32, the shorter at least 736 pixels.
Input DetectionInput(const Picture& picture);

// Finds lines of horizontal text in the detection model's map of text probabilities (`width` x
// `height`). The boxes are in the pixels of `picture`, in reading order.
std::vector<Box> FindLines(std::span<const float> map, int width, int height,
                           const Picture& picture);

// One line of text, 48 pixels high, padded to at least 320 wide.
Input RecognitionInput(const Picture& line);

struct Line {
  std::string text;
  double score = 0;
};

// Decodes the recognition model's output, `steps` rows of `keys.size()` probabilities: the best key
// of each step, repeats merged, key 0 (blank) dropped.
Line DecodeText(std::span<const float> output, size_t steps, const std::vector<std::string>& keys);
