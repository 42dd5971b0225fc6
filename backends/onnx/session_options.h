// Translates the load options and the target for ONNX Runtime.
#pragma once

#include "onnx/runtime.h"

namespace wasinn::onnx {

// Names of the execution providers that this ONNX Runtime was built with, best first; "cpu" is
// always among them.
std::vector<std::string> ProviderNames();

// Options for a session of `request`. Throws Failure for a missing provider, and for a target that
// no provider serves.
Handle<OrtSessionOptions> MakeSessionOptions(const wasinn_backend_instance& instance,
                                             const wasinn_load_request& request);

}  // namespace wasinn::onnx
