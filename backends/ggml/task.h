// The tasks besides generating text: embeddings, reranking, and tokens as JSON.
#pragma once

#include <llama.h>

#include <string>
#include <string_view>
#include <vector>

namespace wasinn::ggml {

// The content of the input `texts`.
struct TextList {
  bool ranks = false;  // the texts are documents to rank for `query`
  std::string query;
  std::vector<std::string> texts;
};
// `json` is a list of texts, or an object of a text `query` and a list `documents`. Throws Failure.
TextList ReadTexts(std::string_view json);

// Joins a query and a document as a reranker expects them: with its own template, otherwise with
// the special tokens of the vocabulary around them. Throws Failure. Needs as much stack as
// Tokenize.
std::vector<llama_token> RankPrompt(const llama_model& model, const std::string& query,
                                    const std::string& document);

// {"tokens": [...]}; a list of lists for a list of texts.
std::string TokensJson(const std::vector<std::vector<llama_token>>& tokens, bool list);
// The text of the tokens in a JSON list; with `special`, including special tokens. Throws Failure.
std::string Detokenize(const llama_vocab& vocabulary, std::string_view json, bool special);

// One embedding in WasmEdge's format.
std::string EmbeddingJson(const float* values, size_t count);
// {"scores": [...]}, in the order of the documents.
std::string ScoresJson(const std::vector<float>& scores);

}  // namespace wasinn::ggml
