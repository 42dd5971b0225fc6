// A file-type teller as a component: Magika through wasi:nn@0.2.0-rc-2024-10-28.
#include <algorithm>
#include <wasi_nn_component.hpp>

#include "magika.h"

namespace {

int RunModel(void* state, const int32_t* input, float* scores, size_t count) {
  constexpr uint32_t kDims[] = {1, MAGIKA_INPUT};
  nn::Tensor tensor(kDims, NNC_I32, std::span<const int32_t>(input, MAGIKA_INPUT));
  nn::Output<float> output =
      static_cast<nn::Model*>(state)->Run("bytes", std::move(tensor)).Read<float>();
  if (output.data.size() != count) {
    std::fprintf(stderr, "expected %zu scores, given %zu\n", count, output.data.size());
    return 0;
  }
  std::copy(output.data.begin(), output.data.end(), scores);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  nn::Model model("magika");
  return magika_main(argc, argv, RunModel, &model);
}
