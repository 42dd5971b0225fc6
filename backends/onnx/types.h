// Element types of wasinn and of ONNX Runtime.
#pragma once

#include <onnxruntime_c_api.h>
#include <wasinn/types.h>

#include <string>

namespace wasinn::onnx {

// ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED for WASINN_DTYPE_NONE and invalid numbers.
ONNXTensorElementDataType ToOnnx(wasinn_dtype dtype);

// WASINN_DTYPE_NONE for a type that wasinn lacks, e.g. complex or 4-bit types.
wasinn_dtype FromOnnx(ONNXTensorElementDataType type);

// Bytes per element; 0 for strings and WASINN_DTYPE_NONE.
size_t ElementSize(wasinn_dtype dtype);

// "f32"; ONNX's own name for a type that wasinn lacks.
std::string TypeName(ONNXTensorElementDataType type);

// "sequence (map (i64 to tensor of f32))". Throws Failure.
std::string TypeText(const OrtTypeInfo* info);

}  // namespace wasinn::onnx
