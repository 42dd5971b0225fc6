// What a run does besides writing an answer: the texts of embeddings and rankings, tokens as JSON.
#pragma once

#include <llama.h>

#include <string>
#include <string_view>
#include <vector>

namespace wasinn::ggml {

// What the input `texts` says.
struct TextList {
  bool ranks = false;  // the texts are documents of `query`
  std::string query;
  std::vector<std::string> texts;
};
// `json` is a list of texts, or an object of a text `query` and a list `documents`. Throws Failure.
TextList ReadTexts(std::string_view json);

// A document after its query as a model that ranks wants them: by its own template, else with the
// signs of the vocabulary around them. Throws Failure. Takes stack as Tokenize does.
std::vector<llama_token> RankPrompt(const llama_model& model, const std::string& query,
                                    const std::string& document);

// {"tokens": [...]}; a list of lists when the tokens are those of a list of texts.
std::string TokensJson(const std::vector<std::vector<llama_token>>& tokens, bool list);
// The text of the tokens that a JSON list says; with `special`, of special ones, too. Throws
// Failure.
std::string Detokenize(const llama_vocab& vocabulary, std::string_view json, bool special);

// WasmEdge's form of one embedding.
std::string EmbeddingJson(const float* values, size_t count);
// {"scores": [...]}, in the order of the documents.
std::string ScoresJson(const std::vector<float>& scores);

}  // namespace wasinn::ggml
