// The files next to an ONNX model that contain its tensors ("external data").
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/os.h"

namespace wasinn {

// A file's name in the model, and the minimum number of bytes that the model's tensors need.
using ExternalFiles = std::map<std::string, uint64_t>;

// Reads the messages of a model and skips its weights. It does not trust the file: it returns
// everything before the first fault, and leaves the report of the fault to the framework.
ExternalFiles ReadExternalFiles(const os::File& model);

}  // namespace wasinn
