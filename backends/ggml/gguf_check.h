// A look at a GGUF file before llama.cpp gets it, which trusts more of it than a guest's bytes
// deserve.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace wasinn::ggml {

// A language model, or the projector that turns images into what such a model reads.
enum class GgufKind { kModel, kProjector };

// What is wrong with the file, as "expected ..., given ..."; nullopt when every length, count, type
// and offset in it is one that can be, and the model's own numbers are within what llama.cpp takes.
// Reads the header only, never the tensors. Any thread.
std::optional<std::string> CheckGguf(std::span<const uint8_t> file,
                                     GgufKind kind = GgufKind::kModel);

}  // namespace wasinn::ggml
