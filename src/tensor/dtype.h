// Element types: one table (dtype.def) from which names, sizes and dialect numbers come.
#pragma once

#include <wasinn/types.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace wasinn {

enum class DType : uint8_t {
  kNone = 0,
#define X(name, constant, number, text, bits, witx, old_witx, wit, numpy) k##constant = (number),
#include "tensor/dtype.def"
#undef X
};

inline constexpr auto kAllDTypes = std::to_array<DType>({
#define X(name, constant, number, text, bits, witx, old_witx, wit, numpy) DType::k##constant,
#include "tensor/dtype.def"
#undef X
});

// "f32"; "" for kNone.
std::string_view DTypeName(DType dtype);
std::optional<DType> DTypeFromName(std::string_view name);
// Converts any number of a C caller; nullopt if it is not a type (0 included).
std::optional<DType> DTypeFromNumber(uint32_t number);
// Bytes per element; 0 for kNone and kString, whose elements differ in size.
size_t DTypeSize(DType dtype);

// The column of dtype.def that a guest dialect uses.
enum class DTypeNumbers : uint8_t { kWitx, kOldWitx, kWit };
// The number in the guest ABI; nullopt if the dialect cannot name the type.
std::optional<uint32_t> ToDialect(DTypeNumbers numbers, DType dtype);
std::optional<DType> FromDialect(DTypeNumbers numbers, uint32_t number);

inline wasinn_dtype ToC(DType dtype) { return static_cast<wasinn_dtype>(dtype); }

}  // namespace wasinn
