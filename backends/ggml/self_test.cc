#include "ggml/self_test.h"

#include <ggml-backend.h>
#include <ggml-cpu.h>
#include <ggml.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

namespace wasinn::ggml {
namespace {

// Two blocks of the widest types, and a height that every arrangement takes.
constexpr int64_t kWidth = 512;
constexpr int64_t kHeight = 64;
// A single column has its own kernels, and so do columns that do not fill a tile.
constexpr int64_t kColumns[] = {1, 5, 40};
constexpr int kThreads = 2;
constexpr float kLargestWeight = 4;
// The maximum relative error of the sum of squares. Inputs are rounded to 8 bits, which causes 1e-4
// at most.
constexpr double kMaxError = 5e-4;

template <auto Free>
struct Freeing {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Context = std::unique_ptr<ggml_context, Freeing<ggml_free>>;
using Buffer = std::unique_ptr<ggml_backend_buffer, Freeing<ggml_backend_buffer_free>>;
using Backend = std::unique_ptr<ggml_backend, Freeing<ggml_backend_free>>;

// Bits without a pattern, the same each time.
class Bits {
 public:
  uint8_t Byte() {
    state_ = state_ * 1664525u + 1013904223u;
    return static_cast<uint8_t>(state_ >> 24);
  }

 private:
  uint32_t state_ = 1;
};

// Columns of numbers between -1 and 1.
std::vector<float> Columns(int64_t count) {
  Bits bits;
  std::vector<float> numbers(kWidth * count);
  for (float& number : numbers) number = static_cast<float>(bits.Byte()) / 127.5F - 1.0F;
  return numbers;
}

bool IsWeightType(ggml_type type) { return ggml_get_type_traits_cpu(type)->vec_dot != nullptr; }

// Where ggml may keep weights: as they are in the file, and the arrangements for its fast kernels.
std::vector<ggml_backend_buffer_type_t> Arrangements(ggml_backend_dev_t device) {
  std::vector<ggml_backend_buffer_type_t> types = {ggml_backend_dev_buffer_type(device)};
  const auto extra =
      reinterpret_cast<ggml_backend_dev_get_extra_bufts_t>(ggml_backend_reg_get_proc_address(
          ggml_backend_dev_backend_reg(device), "ggml_backend_dev_get_extra_bufts"));
  ggml_backend_buffer_type_t* next = extra != nullptr ? extra(device) : nullptr;
  for (; next != nullptr && *next != nullptr; ++next) types.push_back(*next);
  return types;
}

// A matrix of one type: as in a file, and the numbers that it stands for. Its blocks are bits of
// which all kinds occur, and stand for numbers of about the same size.
struct Weights {
  explicit Weights(ggml_type of)
      : type(of), data(kHeight * ggml_row_size(of, kWidth)), values(kHeight * kWidth) {
    Bits bits;
    const size_t size = ggml_type_size(type);
    const int64_t length = ggml_blck_size(type);
    for (size_t block = 0; block < data.size() / size; ++block) {
      const std::span<uint8_t> stored(&data[block * size], size);
      const std::span<float> meant(&values[block * length], length);
      do {
        for (uint8_t& byte : stored) byte = bits.Byte();
        Read(stored, meant);
      } while (!IsMiddling(meant));
    }
  }

  void Read(std::span<const uint8_t> stored, std::span<float> meant) const {
    if (type == GGML_TYPE_F32) {
      std::memcpy(meant.data(), stored.data(), stored.size());
    } else {
      ggml_get_type_traits(type)->to_float(stored.data(), meant.data(),
                                           static_cast<int64_t>(meant.size()));
    }
  }

  static bool IsMiddling(std::span<const float> meant) {
    float largest = 0;
    for (const float one : meant) {
      if (!(std::abs(one) < kLargestWeight)) return false;
      largest = std::max(largest, std::abs(one));
    }
    return largest > kLargestWeight / 16;
  }

  std::vector<double> Times(std::span<const float> columns) const {
    std::vector<double> product;
    for (size_t column = 0; column < columns.size(); column += kWidth) {
      for (int64_t row = 0; row < kHeight; ++row) {
        double sum = 0;
        for (int64_t i = 0; i < kWidth; ++i) {
          sum += static_cast<double>(values[row * kWidth + i]) * columns[column + i];
        }
        product.push_back(sum);
      }
    }
    return product;
  }

  ggml_type type;
  std::vector<uint8_t> data;
  std::vector<float> values;
};

// The product by ggml; empty if ggml does not store this type in that arrangement.
std::vector<float> Multiply(ggml_backend_t cpu, const Weights& weights,
                            ggml_backend_buffer_type_t arrangement,
                            std::span<const float> columns) {
  const Context context(
      ggml_init({16 * ggml_tensor_overhead() + ggml_graph_overhead(), nullptr, /*no_alloc=*/true}));
  const auto count = static_cast<int64_t>(columns.size()) / kWidth;
  ggml_tensor* matrix = ggml_new_tensor_2d(context.get(), weights.type, kWidth, kHeight);
  ggml_tensor* input = ggml_new_tensor_2d(context.get(), GGML_TYPE_F32, kWidth, count);
  ggml_tensor* product = ggml_mul_mat(context.get(), matrix, input);

  const Buffer place(ggml_backend_buft_alloc_buffer(
      arrangement, ggml_backend_buft_get_alloc_size(arrangement, matrix)));
  matrix->buffer = place.get();
  if (!ggml_backend_supports_op(cpu, product)) return {};
  matrix->buffer = nullptr;
  ggml_backend_tensor_alloc(place.get(), matrix, ggml_backend_buffer_get_base(place.get()));
  const Buffer others(ggml_backend_alloc_ctx_tensors(context.get(), cpu));
  ggml_backend_tensor_set(matrix, weights.data.data(), 0, weights.data.size());
  ggml_backend_tensor_set(input, columns.data(), 0, columns.size_bytes());

  ggml_cgraph* graph = ggml_new_graph(context.get());
  ggml_build_forward_expand(graph, product);
  std::vector<float> result(kHeight * count, NAN);
  if (ggml_backend_graph_compute(cpu, graph) == GGML_STATUS_SUCCESS) {
    ggml_backend_tensor_get(product, result.data(), 0, result.size() * sizeof(float));
  }
  return result;
}

}  // namespace

std::string Difference(std::span<const float> given, std::span<const double> expected) {
  double error = 0;
  double all = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    const double distance = given[i] - expected[i];
    error += distance * distance;
    all += expected[i] * expected[i];
  }
  // This form also covers NaN.
  if (error <= kMaxError * all) return {};
  return "expected an error of at most " + std::to_string(kMaxError) + ", given " +
         std::to_string(error / all);
}

std::string SelfTest(void (*at)(const char* what)) {
  const Backend cpu(ggml_backend_cpu_init());
  ggml_backend_cpu_set_n_threads(cpu.get(), kThreads);
  for (int number = 0; number < GGML_TYPE_COUNT; ++number) {
    const auto type = static_cast<ggml_type>(number);
    if (!IsWeightType(type)) continue;
    const Weights weights(type);
    for (ggml_backend_buffer_type_t place : Arrangements(ggml_backend_get_device(cpu.get()))) {
      for (const int64_t count : kColumns) {
        std::string what = ggml_type_name(type);
        what.append(" weights (").append(ggml_backend_buft_name(place)).append(") times ");
        what.append(std::to_string(count)).append(" columns");
        at(what.c_str());
        const std::vector<float> columns = Columns(count);
        const std::vector<float> product = Multiply(cpu.get(), weights, place, columns);
        if (product.empty()) break;
        const std::string difference = Difference(product, weights.Times(columns));
        if (!difference.empty()) return what + ": " + difference;
      }
    }
  }
  return {};
}

}  // namespace wasinn::ggml
