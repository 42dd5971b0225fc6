// NumPy's .npy files, format versions 1.0 to 3.0.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <vector>

#include "tensor.h"

namespace wasinn::cli {

// The maximum header length that ReadNpy accepts, in bytes; NumPy's own are below 200.
inline constexpr std::size_t kMaxNpyHeader = 64 * 1024;

// Reads a whole file's bytes. Types: numbers and bool in this machine's (little-endian) order,
// '<U' and '|S' as strings, and two-byte void ('V2', what ml_dtypes writes) as bf16. Fortran order,
// big-endian data, Python objects and every other type are refused with a text that says so.
// Memory use is bounded by the file's size.
Parsed<Tensor> ReadNpy(std::span<const std::byte> file);

// The bytes of a .npy file, version 1.0. Strings become '<U', or
// '|S' if one is not UTF-8, with the length of the longest. Fails if a string tensor's data is
// malformed or the padding would take more than 1 GiB.
Parsed<std::vector<std::byte>> WriteNpy(const TensorView& tensor);

}  // namespace wasinn::cli
