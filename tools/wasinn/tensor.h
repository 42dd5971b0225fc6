// A tensor of the command line: it owns its data, which it reads from and writes as text.
#pragma once

#include <wasinn/wasinn.hpp>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wasinn::cli {

struct Tensor {
  wasinn_dtype dtype = WASINN_DTYPE_NONE;
  std::vector<std::int64_t> dims;
  std::vector<std::byte> data;  // little-endian; strings as types.h says

  TensorView view() const { return {dtype, dims, data}; }
};

// Why a text is not a tensor.
template <typename T>
using Parsed = std::expected<T, std::string>;

// The product of the dims; unset when one is negative or the product does not fit.
std::optional<std::uint64_t> ElementCount(std::span<const std::int64_t> dims);

// Nested lists (or one bare value) of numbers, booleans or strings as a tensor of `dtype`. All
// lists of a level must have the same length; numbers must fit the type.
Parsed<Tensor> TensorFromJson(const nlohmann::json& json, wasinn_dtype dtype);

// Text as a tensor: one string element, or for u8 its bytes; other types read it as JSON.
Parsed<Tensor> TensorFromText(std::string_view text, wasinn_dtype dtype);

// The port's dims (-1: any) if there is only one way to fit the elements, otherwise `dims`
// unchanged. A flat list of four therefore fits a port [1, 4] or [-1, 2, 2].
std::vector<std::int64_t> FitDims(std::vector<std::int64_t> dims,
                                  std::span<const std::int64_t> port);

// The data as a flat JSON list: numbers, booleans or strings; null for a number that is not
// finite. `limit` elements at most.
nlohmann::json JsonOfData(const TensorView& tensor, std::size_t limit);

// The first elements for people: "1.5, 2, 3, ...".
std::string FirstValues(const TensorView& tensor, std::size_t limit);

// "f32", or "any" if the type is unknown.
std::string DtypeText(wasinn_dtype dtype);
// "[1, ?, 4]", with "?" for -1.
std::string DimsText(std::span<const std::int64_t> dims);

// The elements of a string tensor; unset if the data does not have `count` elements.
std::optional<std::vector<std::string_view>> SplitStrings(std::span<const std::byte> data,
                                                          std::uint64_t count);
// Adds one element to a string tensor's data.
void AppendString(std::vector<std::byte>& data, std::string_view text);

}  // namespace wasinn::cli
