#include "ggml/task.h"

#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "ggml/options.h"
#include "ggml/prompt.h"
#include "ggml/runtime.h"

namespace wasinn::ggml {
namespace {

// The maximum number of texts: each takes a row of the output, however short it is.
constexpr size_t kMaxTexts = 4096;
constexpr size_t kMaxTokens = 1 << 20;

Failure BadTexts(const std::string& given) {
  return Failure(WASINN_INVALID_ARGUMENT,
                 "ggml: input 'texts': expected a list of 1 to " + std::to_string(kMaxTexts) +
                     " texts, or an object of a text 'query' and such a list 'documents'; given " +
                     given);
}

std::string Numbers(const float* values, size_t count) {
  std::string text = "[";
  for (size_t i = 0; i < count; ++i) {
    char number[32];
    std::snprintf(number, sizeof number, "%s%.9g", i == 0 ? "" : ",",
                  static_cast<double>(values[i]));
    text += number;
  }
  return text + "]";
}

// Replaces `name` in the template by `value` in one pass: inserted text is not searched again.
std::string Filled(std::string_view pattern, std::string_view query, std::string_view document) {
  constexpr std::string_view kQuery = "{query}";
  constexpr std::string_view kDocument = "{document}";
  std::string text;
  while (!pattern.empty()) {
    if (pattern.starts_with(kQuery)) {
      text += query;
      pattern.remove_prefix(kQuery.size());
    } else if (pattern.starts_with(kDocument)) {
      text += document;
      pattern.remove_prefix(kDocument.size());
    } else {
      text += pattern.front();
      pattern.remove_prefix(1);
    }
  }
  return text;
}

}  // namespace

TextList ReadTexts(std::string_view json) {
  nlohmann::json given = ParseJson("ggml: input 'texts'", json);
  TextList list;
  list.ranks = given.is_object();
  if (list.ranks) {
    const auto query = given.find("query");
    if (query == given.end() || !query->is_string()) throw BadTexts("no text 'query'");
    list.query = *query;
    const auto documents = given.find("documents");
    if (documents == given.end()) throw BadTexts("no 'documents'");
    given = nlohmann::json(std::move(*documents));
  }
  if (!given.is_array()) throw BadTexts("something else");
  if (given.empty() || given.size() > kMaxTexts) {
    throw BadTexts(std::to_string(given.size()) + " texts");
  }
  for (nlohmann::json& text : given) {
    if (!text.is_string()) throw BadTexts("an entry that is no text");
    list.texts.push_back(std::move(text.get_ref<std::string&>()));
  }
  return list;
}

std::vector<llama_token> RankPrompt(const llama_model& model, const std::string& query,
                                    const std::string& document) {
  const llama_vocab& vocabulary = *llama_model_get_vocab(&model);
  if (const char* pattern = llama_model_chat_template(&model, "rerank")) {
    return Tokenize(vocabulary, Filled(pattern, query, document), Signs::kOfText);
  }
  const llama_token end = llama_vocab_eos(&vocabulary) != LLAMA_TOKEN_NULL
                              ? llama_vocab_eos(&vocabulary)
                              : llama_vocab_sep(&vocabulary);
  std::vector<llama_token> tokens;
  const auto sign = [&](bool wanted, llama_token token) {
    if (wanted && token != LLAMA_TOKEN_NULL) tokens.push_back(token);
  };
  const auto text = [&](const std::string& one) {
    const std::vector<llama_token> more = Tokenize(vocabulary, one, Signs::kNone);
    tokens.insert(tokens.end(), more.begin(), more.end());
  };
  sign(llama_vocab_get_add_bos(&vocabulary), llama_vocab_bos(&vocabulary));
  text(query);
  sign(llama_vocab_get_add_eos(&vocabulary), end);
  sign(llama_vocab_get_add_sep(&vocabulary), llama_vocab_sep(&vocabulary));
  text(document);
  sign(llama_vocab_get_add_eos(&vocabulary), end);
  return tokens;
}

std::string TokensJson(const std::vector<std::vector<llama_token>>& tokens, bool list) {
  return nlohmann::json{{"tokens", list ? nlohmann::json(tokens) : nlohmann::json(tokens.front())}}
      .dump();
}

std::string Detokenize(const llama_vocab& vocabulary, std::string_view json, bool special) {
  const nlohmann::json given = ParseJson("ggml: input 'prompt' of the task detokenize", json);
  const int32_t known = llama_vocab_n_tokens(&vocabulary);
  const auto bad = [&](const std::string& why) {
    return Failure(WASINN_INVALID_ARGUMENT,
                   "ggml: input 'prompt': expected for the task detokenize a list of at most " +
                       std::to_string(kMaxTokens) + " tokens from 0 to " +
                       std::to_string(known - 1) + ", given " + why);
  };
  if (!given.is_array() || given.size() > kMaxTokens) throw bad("none");
  std::vector<llama_token> tokens;
  for (const nlohmann::json& one : given) {
    const bool good =
        one.is_number_unsigned() && one.get<uint64_t>() < static_cast<uint64_t>(known);
    if (!good) throw bad("an entry that is none of them");
    tokens.push_back(one.get<llama_token>());
  }
  std::string text(tokens.size() * 8 + 16, '\0');
  const auto write = [&] {
    return llama_detokenize(&vocabulary, tokens.data(), static_cast<int32_t>(tokens.size()),
                            text.data(), static_cast<int32_t>(text.size()), !special, special);
  };
  int32_t size = write();
  if (size < 0) {
    text.resize(static_cast<size_t>(-static_cast<int64_t>(size)));
    size = write();
  }
  text.resize(static_cast<size_t>(std::max(size, 0)));
  return text;
}

std::string EmbeddingJson(const float* values, size_t count) {
  return "{\"n_embedding\": " + std::to_string(count) +
         ", \"embedding\": " + Numbers(values, count) + "}";
}

std::string ScoresJson(const std::vector<float>& scores) {
  return "{\"scores\": " + Numbers(scores.data(), scores.size()) + "}";
}

}  // namespace wasinn::ggml
