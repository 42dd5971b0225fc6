// A look at a GGUF file before llama.cpp gets it, which trusts more of it than a guest's bytes
// deserve.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace wasinn::ggml {

// What the header says of the model, where llama.cpp does not tell.
struct GgufFacts {
  bool ranks = false;  // it has a head that scores texts, and nothing else comes out of it
};

// A file's place among the parts of a model.
struct GgufPart {
  uint64_t number = 0;  // from 0
  uint64_t count = 1;
};
// What the header says of it; a file that is not GGUF is a whole model here.
GgufPart PartOf(std::span<const uint8_t> file);

// What is wrong with the file, as "expected ..., given ..."; nullopt when every length, count, type
// and offset in it is one that can be, and the model's own numbers are within what llama.cpp takes.
// Reads the header only, never the tensors. Any thread.
std::optional<std::string> CheckGguf(std::span<const uint8_t> file, GgufFacts* facts = nullptr);
// The same of a model in several files, in their order.
std::optional<std::string> CheckGgufParts(std::span<const std::span<const uint8_t>> parts,
                                          GgufFacts* facts = nullptr);

// What is wrong with the file of a projector, which turns images into what a model reads; as above.
std::optional<std::string> CheckProjector(std::span<const uint8_t> file);

// What is wrong with the file of an adapter for a model of that architecture and so many experts,
// as "expected ..., given ..."; nullopt when llama.cpp can have it. Reads the header only.
std::optional<std::string> CheckAdapter(std::span<const uint8_t> file,
                                        const std::string& architecture, uint64_t experts);

}  // namespace wasinn::ggml
