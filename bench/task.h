// A measured task: a model with its input, and the loops that run it.
#pragma once

#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

namespace wasinn::bench {

struct Task {
  std::string name;
  std::string path;  // the ONNX model; empty: the echo backend returns the input
  std::string type;  // the type of every input: "u8", "i32" or "f32"; the output is u8 or f32
  std::vector<int64_t> dims;
  std::vector<std::string> inputs;
  uint32_t threads = 1;  // of one run

  size_t input_bytes() const {
    return std::accumulate(dims.begin(), dims.end(), size_t{type == "u8" ? 1u : 4u},
                           [](size_t product, int64_t dim) { return product * dim; });
  }
};

// The time of all rounds of a batch, in ns.
struct Phases {
  double set = 0;
  double compute = 0;
  double get = 0;
};

// The time of a batch of rounds, in ns, and the sum of the last output's elements.
struct Batch {
  double total = 0;
  Phases phases;  // only for a batch that measures them, which has no total
  double sum = 0;
};

// One way to run a task: a guest, or C++ on the framework's own API. Failures end the program,
// since figures without a result would mean nothing.
class Loop {
 public:
  virtual ~Loop() = default;
  virtual Batch Run(uint64_t warmup, uint64_t rounds, bool phases) = 0;
};

// Prints "wasinn_bench: WHAT" and ends the program.
[[noreturn]] void Die(const std::string& what);

}  // namespace wasinn::bench
