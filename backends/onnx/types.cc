#include "onnx/types.h"

#include <array>
#include <utility>

#include "onnx/runtime.h"

namespace wasinn::onnx {
namespace {

// ONNX Runtime's column of tensor/dtype.def: X(NAME, ONNX_TENSOR_ELEMENT_DATA_TYPE_...).
#define WASINN_ONNX_TYPES(X) \
  X(F16, FLOAT16)            \
  X(BF16, BFLOAT16)          \
  X(F32, FLOAT)              \
  X(F64, DOUBLE)             \
  X(I8, INT8)                \
  X(I16, INT16)              \
  X(I32, INT32)              \
  X(I64, INT64)              \
  X(U8, UINT8)               \
  X(U16, UINT16)             \
  X(U32, UINT32)             \
  X(U64, UINT64)             \
  X(BOOL, BOOL)              \
  X(STRING, STRING)

#define X(name, onnx) case WASINN_DTYPE_##name:
// A row of dtype.def without a row here does not compile.
constexpr bool IsMapped(wasinn_dtype dtype) {
  switch (dtype) {
    WASINN_ONNX_TYPES(X)
    return true;
    default:
      return false;
  }
}
#undef X
#define X(name, ...) static_assert(IsMapped(WASINN_DTYPE_##name));
#include "tensor/dtype.def"
#undef X

}  // namespace

ONNXTensorElementDataType ToOnnx(wasinn_dtype dtype) {
  switch (dtype) {
#define X(name, onnx)       \
  case WASINN_DTYPE_##name: \
    return ONNX_TENSOR_ELEMENT_DATA_TYPE_##onnx;
    WASINN_ONNX_TYPES(X)
#undef X
    default:
      return ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  }
}

wasinn_dtype FromOnnx(ONNXTensorElementDataType type) {
  switch (type) {
#define X(name, onnx)                        \
  case ONNX_TENSOR_ELEMENT_DATA_TYPE_##onnx: \
    return WASINN_DTYPE_##name;
    WASINN_ONNX_TYPES(X)
#undef X
    default:
      return WASINN_DTYPE_NONE;
  }
}

size_t ElementSize(wasinn_dtype dtype) {
  static constexpr auto kSizes = [] {
    std::array<size_t, 32> sizes{};
#define X(name, constant, number, text, bits, ...) sizes[number] = (bits) / 8;
#include "tensor/dtype.def"
#undef X
    return sizes;
  }();
  const auto number = static_cast<size_t>(dtype);
  return number < kSizes.size() ? kSizes[number] : 0;
}

std::string TypeName(ONNXTensorElementDataType type) {
  switch (FromOnnx(type)) {
#define X(name, constant, number, text, ...) \
  case WASINN_DTYPE_##name:                  \
    return text;
#include "tensor/dtype.def"
#undef X
    default:
      break;
  }
  switch (type) {
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_COMPLEX64:
      return "complex64";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_COMPLEX128:
      return "complex128";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT8E4M3FN:
      return "float8e4m3fn";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT8E4M3FNUZ:
      return "float8e4m3fnuz";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT8E5M2:
      return "float8e5m2";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT8E5M2FNUZ:
      return "float8e5m2fnuz";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT4:
      return "uint4";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT4:
      return "int4";
    default:
      return "ONNX element type " + std::to_string(std::to_underlying(type));
  }
}

std::string TypeText(const OrtTypeInfo* info) {
  ONNXType kind = ONNX_TYPE_UNKNOWN;
  Check(Api()->GetOnnxTypeFromTypeInfo(info, &kind), "reading a type");
  // The info of a nested type, which the caller must free.
  const auto inner = [](auto get, const auto* of) {
    OrtTypeInfo* raw = nullptr;
    Check(get(of, &raw), "reading a type");
    return TypeText(Handle<OrtTypeInfo>(raw).get());
  };
  switch (kind) {
    case ONNX_TYPE_TENSOR:
    case ONNX_TYPE_SPARSETENSOR: {
      const OrtTensorTypeAndShapeInfo* tensor = nullptr;  // borrowed
      Check(Api()->CastTypeInfoToTensorInfo(info, &tensor), "reading a type");
      ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
      Check(Api()->GetTensorElementType(tensor, &type), "reading a type");
      return (kind == ONNX_TYPE_TENSOR ? "tensor of " : "sparse tensor of ") + TypeName(type);
    }
    case ONNX_TYPE_SEQUENCE: {
      const OrtSequenceTypeInfo* sequence = nullptr;  // borrowed
      Check(Api()->CastTypeInfoToSequenceTypeInfo(info, &sequence), "reading a type");
      return "sequence (" + inner(Api()->GetSequenceElementType, sequence) + ")";
    }
    case ONNX_TYPE_MAP: {
      const OrtMapTypeInfo* map = nullptr;  // borrowed
      Check(Api()->CastTypeInfoToMapTypeInfo(info, &map), "reading a type");
      ONNXTensorElementDataType key = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
      Check(Api()->GetMapKeyType(map, &key), "reading a type");
      return "map (" + TypeName(key) + " to " + inner(Api()->GetMapValueType, map) + ")";
    }
    case ONNX_TYPE_OPTIONAL: {
      const OrtOptionalTypeInfo* optional = nullptr;  // borrowed
      Check(Api()->CastTypeInfoToOptionalTypeInfo(info, &optional), "reading a type");
      return "optional (" + inner(Api()->GetOptionalContainedTypeInfo, optional) + ")";
    }
    case ONNX_TYPE_OPAQUE:
      return "opaque value";
    default:
      return "value of ONNX type " + std::to_string(std::to_underlying(kind));
  }
}

}  // namespace wasinn::onnx
