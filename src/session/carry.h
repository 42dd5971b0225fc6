// How tensors cross a guest dialect: types that it cannot name travel as U8 bytes.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "model/graph.h"
#include "tensor/tensor.h"

namespace wasinn {

// Checks a guest's tensor against the port. Its bytes are never converted, but they may be elements
// of the port's type that the dialect has no name for; the result then has the port's type and
// shape.
//
// `numbers` is the dialect's type column, nullopt when every type can be named (the C API). When
// the dialect cannot name the port's type, a U8 tensor is taken as bytes of it; its dims are either
// those of the port's elements, or count bytes (the last dim is then divided by the element size).
// A text port accepts any dims; the result has the shape [bytes].
//
// The text of INVALID_ARGUMENT has the expected and the given type and dims. This is the only check
// before a backend sees the tensor, so it covers type, rank, static dims and byte length.
struct Fitted {
  DType dtype;
  Shape shape;
};
Result<Fitted> FitBytes(std::optional<DTypeNumbers> numbers, std::string_view what,
                        const Port& port, DType dtype, const Shape& shape,
                        std::span<const uint8_t> bytes);
// As above, for a tensor, whose data is shared, not copied.
Result<Tensor> FitToPort(std::optional<DTypeNumbers> numbers, std::string_view what,
                         const Port& port, Tensor tensor);

// The opposite direction: how the dialect sees a tensor. A type that it cannot name becomes U8 with
// the last dim multiplied by the element size, [bytes] for strings and rank 0, so that dims x 1 is
// the length in bytes.
Tensor FitToDialect(DTypeNumbers numbers, Tensor tensor);

}  // namespace wasinn
