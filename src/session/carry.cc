#include "session/carry.h"

#include "base/checked.h"

namespace wasinn {
namespace {

bool DimsFit(const Port& port, const Shape& shape) {
  if (port.any_rank) return true;
  if (port.shape.rank() != shape.rank()) return false;
  for (size_t i = 0; i < shape.rank(); ++i) {
    if (port.shape[i] >= 0 && port.shape[i] != shape[i]) return false;
  }
  return true;
}

// The shape for `bytes` if the guest's dims count bytes rather than elements: the port's own shape
// if it is static, otherwise a list of `elements`.
std::optional<Shape> ShapeOfElements(const Port& port, uint64_t elements) {
  if (!port.any_rank) {
    if (port.shape.Elements() == elements) return port.shape;
    if (port.shape.rank() != 1) return std::nullopt;
  }
  const int64_t dims[] = {static_cast<int64_t>(elements)};
  return *Shape::OfTensor(dims);
}

// The shape in the port's own elements of a U8 tensor that carries them; nullopt when the dims fit
// neither reading.
std::optional<Shape> CarriedShape(const Port& port, const Shape& guest,
                                  std::span<const uint8_t> data) {
  const uint64_t bytes = data.size();
  const auto given = guest.Elements();
  if (!given) return std::nullopt;
  if (port.dtype == DType::kString) {
    const auto strings = CountStrings(data);
    if (!strings) return guest;  // CheckByteSize says what is wrong with it
    if (*given == *strings && DimsFit(port, guest)) return guest;
    if (*given == bytes) return ShapeOfElements(port, *strings);
    return guest;
  }
  const uint64_t width = DTypeSize(port.dtype);
  if (CheckedMul(*given, width) == bytes && DimsFit(port, guest)) return guest;
  if (*given != bytes || bytes % width != 0) return std::nullopt;
  Shape shape = guest;
  if (const size_t rank = shape.rank(); rank > 0) {
    const auto w = static_cast<int64_t>(width);
    if (shape[rank - 1] % w == 0) {
      shape[rank - 1] /= w;
      if (DimsFit(port, shape)) return shape;
    }
  }
  return ShapeOfElements(port, bytes / width);
}

}  // namespace

Result<Fitted> FitBytes(std::optional<DTypeNumbers> numbers, std::string_view what,
                        const Port& port, DType dtype, const Shape& shape,
                        std::span<const uint8_t> bytes) {
  const auto mismatch = [&](const Fitted& given) {
    return Fail(Code::kInvalidArgument, "{}: expected {}, given {} {} with {} bytes", what,
                port.TypeText(), DTypeName(given.dtype), given.shape.ToString(), bytes.size());
  };
  if (port.text && dtype == DType::kU8) {
    const int64_t dims[] = {static_cast<int64_t>(bytes.size())};
    return Fitted{dtype, *Shape::OfTensor(dims)};
  }
  Fitted fitted{dtype, shape};
  const bool known = port.dtype != DType::kNone;
  if (known && dtype != port.dtype) {
    const bool carried = numbers && dtype == DType::kU8 && !ToDialect(*numbers, port.dtype);
    if (!carried) return mismatch(fitted);
    const auto carried_shape = CarriedShape(port, shape, bytes);
    if (!carried_shape) {
      return Fail(
          Code::kInvalidArgument,
          "{}: expected {} carried as u8 bytes ({} bytes an element), given dims {} with {} "
          "bytes",
          what, port.TypeText(), DTypeSize(port.dtype), shape.ToString(), bytes.size());
    }
    fitted = {port.dtype, *carried_shape};
  }
  WASINN_CHECK(CheckByteSize(what, fitted.dtype, fitted.shape, bytes));
  if (!DimsFit(port, fitted.shape)) return mismatch(fitted);
  return fitted;
}

Result<Tensor> FitToPort(std::optional<DTypeNumbers> numbers, std::string_view what,
                         const Port& port, Tensor tensor) {
  WASINN_TRY(fitted,
             FitBytes(numbers, what, port, tensor.dtype, tensor.shape, tensor.data.bytes()));
  tensor.dtype = fitted.dtype;
  tensor.shape = fitted.shape;
  return tensor;
}

Tensor FitToDialect(DTypeNumbers numbers, Tensor tensor) {
  if (ToDialect(numbers, tensor.dtype)) return tensor;
  const auto width = static_cast<int64_t>(DTypeSize(tensor.dtype));
  const size_t rank = tensor.shape.rank();
  // If one dim is 0, the others may have any size.
  if (width == 0 || rank == 0 || tensor.shape[rank - 1] > INT64_MAX / width) {
    const int64_t dims[] = {static_cast<int64_t>(tensor.data.size())};
    tensor.shape = *Shape::OfTensor(dims);
  } else {
    tensor.shape[rank - 1] *= width;
  }
  tensor.dtype = DType::kU8;
  return tensor;
}

}  // namespace wasinn
