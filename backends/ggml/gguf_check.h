// Checks a GGUF file before llama.cpp gets it, because llama.cpp trusts files more than a guest's
// bytes deserve.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace wasinn::ggml {

// Facts in the header that llama.cpp does not expose.
struct GgufFacts {
  bool ranks = false;  // the model is a reranker: its only output is a score for a text
};

// A file's place among the parts of a model.
struct GgufPart {
  uint64_t number = 0;  // from 0
  uint64_t count = 1;
};
// The place that the header gives; a file that is not GGUF counts as a whole model.
GgufPart PartOf(std::span<const uint8_t> file);

// Why the file is invalid, as "expected ..., given ..."; nullopt if every length, count, type and
// offset in it is possible, and the model's parameters are within llama.cpp's limits. Reads the
// header only, never the tensors. Any thread.
std::optional<std::string> CheckGguf(std::span<const uint8_t> file, GgufFacts* facts = nullptr);
// As above, for a model in several files, in their order.
std::optional<std::string> CheckGgufParts(std::span<const std::span<const uint8_t>> parts,
                                          GgufFacts* facts = nullptr);

// Why the file of a projector, which turns images into embeddings, is invalid; as above.
std::optional<std::string> CheckProjector(std::span<const uint8_t> file);

// Why the file of an adapter is invalid for a model of that architecture and number of experts, as
// "expected ..., given ..."; nullopt if llama.cpp can load it. Reads the header only.
std::optional<std::string> CheckAdapter(std::span<const uint8_t> file,
                                        const std::string& architecture, uint64_t experts);

}  // namespace wasinn::ggml
