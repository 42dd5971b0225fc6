// String tensors: the Open Inference Protocol's BYTES (types.h) to and from ONNX Runtime's.
#pragma once

#include "onnx/runtime.h"

namespace wasinn::onnx {

// A string tensor with the elements of `tensor`; `name` is for messages. Throws
// Failure(WASINN_INVALID_ARGUMENT) if the number of strings does not match the dims.
Handle<OrtValue> StringsFromBytes(const wasinn_tensor_view& tensor, std::string_view name);

// The `count` strings of `value` as BYTES, in memory of the host. Throws Failure.
backend::HostBuffer BytesFromStrings(const wasinn_backend_host& host, const OrtValue* value,
                                     size_t count);

}  // namespace wasinn::onnx
