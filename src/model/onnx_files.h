// The files beside an ONNX model in which its tensors lie ("external data").
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/os.h"

namespace wasinn {

// What the model calls a file, and how many bytes of it the model's tensors need at least.
using ExternalFiles = std::map<std::string, uint64_t>;

// Reads the messages of a model and skips its weights. Trusts nothing: gives what was found up to
// the first thing that is not as it should be, which is for the framework to complain about.
ExternalFiles ReadExternalFiles(const os::File& model);

}  // namespace wasinn
