// `infer`'s --input NAME[:TYPE]=VALUE.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ports.h"
#include "tensor.h"

namespace wasinn::cli {

struct InputSpec {
  std::string name;                        // empty: the model's only input
  wasinn_dtype dtype = WASINN_DTYPE_NONE;  // given after the name; NONE: the port's
  std::string value;                       // @FILE, a .npy or .json file, or the value itself
};

// Splits at the first '='; a text without one, or one that begins with @, is a value for the
// model's only input. TYPE must be the name of an element type, so that a port "x:0" keeps its
// name.
InputSpec ParseInputSpec(std::string_view text);

// The tensor for the port of that name or index, read from its file where the value names one:
// @FILE, or for a port that is not text also a .npy or .json file without @. The error names the
// input.
struct NamedTensor {
  std::string name;
  Tensor tensor;
};
Parsed<NamedTensor> ReadInput(const InputSpec& spec, const std::vector<Port>& ports);

}  // namespace wasinn::cli
