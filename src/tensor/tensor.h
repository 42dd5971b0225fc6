// A tensor: type, shape and shared bytes.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/error.h"
#include "tensor/buffer.h"
#include "tensor/buffer_pool.h"
#include "tensor/dtype.h"
#include "tensor/shape.h"

namespace wasinn {

// A value; copying shares the bytes. Row-major, dense, little endian. A string tensor's bytes are
// the Open Inference Protocol's BYTES: per element a 4-byte little-endian length, then the bytes.
struct Tensor {
  DType dtype = DType::kNone;
  Shape shape;
  BufferRef data;

  // Copies `bytes` into a pooled buffer.
  static Result<Tensor> Copy(BufferPool& pool, DType dtype, const Shape& shape,
                             std::span<const uint8_t> bytes);

  // Borrows; valid as long as this tensor exists.
  wasinn_tensor_view view() const {
    return {ToC(dtype), static_cast<uint32_t>(shape.rank()), shape.data(), data.data(),
            data.size()};
  }
};

// A U8 tensor [bytes] that shares the text, which must not change any more.
Tensor TextTensor(const std::shared_ptr<const std::string>& text);

// Checks that dims x element size = `size`, and for strings that the lengths match `size` and the
// number of elements. INVALID_ARGUMENT with what was expected and given; `what` begins the text,
// e.g. "input 'x'".
Result<> CheckByteSize(std::string_view what, DType dtype, const Shape& shape,
                       std::span<const uint8_t> bytes);

// The number of elements in a BYTES buffer; nullopt if its lengths do not add up.
std::optional<uint64_t> CountStrings(std::span<const uint8_t> bytes);

}  // namespace wasinn
