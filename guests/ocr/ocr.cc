// Reads the lines of text in PNG pictures with two models in one guest: one finds the lines, the
// other reads them. A component for wasi:nn@0.2.0-rc-2024-10-28.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>
#include <wasi_nn_component.hpp>

#include "picture.h"
#include "text.h"

namespace {

constexpr double kMinScore = 0.5;

// The meaning of each output of the recognition model: a blank, the keys of the file, a space.
std::vector<std::string> ReadKeys(const char* path) {
  std::vector<std::string> keys = {""};
  FILE* file = std::fopen(path, "r");
  char line[64];
  while (file != nullptr && std::fgets(line, sizeof(line), file) != nullptr) {
    keys.emplace_back(line, std::strcspn(line, "\n"));
  }
  if (file != nullptr) std::fclose(file);
  if (keys.size() == 1) {
    std::fprintf(stderr, "%s: expected one character a line, found none\n", path);
    std::exit(1);
  }
  keys.push_back(" ");
  return keys;
}

nn::Output<float> Run(nn::Model& model, const Input& input) {
  nn::Tensor tensor(input.dims, NNC_FP32, std::span<const float>(input.values));
  return model.Run("x", std::move(tensor)).Read<float>();
}

void CheckShape(const char* what, const nn::Output<float>& output, size_t rank, uint32_t last) {
  size_t elements = 1;
  for (uint32_t dim : output.dims) elements *= dim;
  if (output.dims.size() == rank && output.dims.back() == last && elements == output.data.size()) {
    return;
  }
  std::fprintf(stderr, "%s: expected rank %zu ending in %u, given rank %zu ending in %u\n", what,
               rank, static_cast<unsigned>(last), output.dims.size(),
               static_cast<unsigned>(output.dims.empty() ? 0 : output.dims.back()));
  std::exit(1);
}

class Reader {
 public:
  explicit Reader(std::vector<std::string> keys) : keys_(std::move(keys)) {}

  void Print(const char* path, const Picture& picture) {
    Input input = DetectionInput(picture);
    nn::Output<float> map = Run(finder_, input);
    CheckShape("ocr-det", map, 4, input.dims[3]);
    std::vector<Box> boxes =
        FindLines(map.data, static_cast<int>(map.dims[3]), static_cast<int>(map.dims[2]), picture);

    std::printf("  %s: %d x %d pixels\n  %9s  %-15s  %s\n", path, picture.width, picture.height,
                "SURE", "PLACE", "TEXT");
    for (const Box& box : boxes) {
      nn::Output<float> output = Run(reader_, RecognitionInput(Crop(picture, box)));
      CheckShape("ocr-rec", output, 3, static_cast<uint32_t>(keys_.size()));
      Line line = DecodeText(output.data, output.dims[1], keys_);
      if (line.score < kMinScore) continue;
      std::printf("  %7.2f %%  %4d,%4d %4dx%-3d  %s\n", 100 * line.score, box.left, box.top,
                  box.width(), box.height(), line.text.c_str());
    }
  }

 private:
  nn::Model finder_{"ocr-det"};
  nn::Model reader_{"ocr-rec"};
  std::vector<std::string> keys_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s PICTURE.png...\n", argv[0]);
    return 2;
  }
  const char* keys = std::getenv("OCR_KEYS");
  Reader reader(ReadKeys(keys == nullptr ? "/models/ocr-rec/keys.txt" : keys));
  int code = 0;
  for (int i = 1; i < argc; ++i) {
    auto picture = ReadPng(argv[i]);
    if (!picture) {
      std::fprintf(stderr, "%s: %s\n", argv[i], picture.error().c_str());
      code = 1;
      continue;
    }
    reader.Print(argv[i], *picture);
  }
  return code;
}
