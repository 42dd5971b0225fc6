// How the next token is chosen.
#pragma once

#include <llama.h>

#include <deque>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ggml/options.h"

namespace wasinn::ggml {

// The grammar that the settings ask for, as GBNF; "" when they ask for none. Throws Failure for a
// bad schema or too much of one; takes stack by the depth of the schema.
std::string GrammarOf(const Settings& settings);

// Throws Failure, whose text begins with `what`, when a part of a schema is wider than llama.cpp
// should get.
void CheckSchema(const std::string& what, const nlohmann::json& schema);

// The grammar that a chat's template has for calls of tools.
struct ChatGrammar {
  std::string text;  // GBNF, "" without one
  // It holds from the first of these on, and before it the answer is free.
  bool lazy = false;
  std::vector<std::string> words;
  std::vector<std::string> patterns;
  std::vector<llama_token> tokens;
  // What the prompt already has of the answer.
  std::vector<llama_token> before;
};

// The samplers and the grammar of one run. One thread at a time.
class Sampler {
 public:
  // `context_size` is what -1 means as a number of last tokens. Throws Failure. What llama.cpp's
  // own checks would end the process for is checked here. The settings have no grammar when the
  // chat has.
  Sampler(const llama_model& model, const Settings& settings, int32_t context_size,
          const ChatGrammar& of_chat = {});

  // Counts a token of the prompt as used.
  void AcceptPrompt(llama_token token);
  // The next token by the scores of the whole vocabulary; nullopt when the grammar or the biases
  // leave none. Throws Failure when the model computed something that is no number.
  std::optional<llama_token> Sample(const float* scores);
  void Accept(llama_token token);

  // The likeliest tokens of the last Sample by the model's own scores, with their log-likelihoods,
  // and that of the token that was chosen; empty unless the settings ask for them.
  struct Likely {
    llama_token token;
    float logprob;
  };
  const std::vector<Likely>& likely() const { return likely_; }
  float chosen_logprob() const { return chosen_logprob_; }

 private:
  struct Free {
    void operator()(llama_sampler* sampler) const { llama_sampler_free(sampler); }
  };
  using Handle = std::unique_ptr<llama_sampler, Free>;

  // Whether the scores are numbers and not all of them -inf; fills tops_. Throws Failure.
  bool Read(const float* scores);
  // Makes candidates of all tokens, or at least of the `most` likeliest.
  void Load(const float* scores, size_t most);
  std::optional<llama_token> Choose();
  bool Allows(llama_token token);
  void SetChatGrammar(const ChatGrammar& grammar);
  void Watch(llama_token token);
  void AcceptByGrammar(llama_token token);
  void NoteLikely(const float* scores, llama_token chosen);

  const llama_vocab& words_;
  const int32_t vocabulary_;
  const size_t likely_count_;
  size_t most_ = 0;  // tokens by score that the chain can choose from; 0: all
  Handle chain_;
  Handle grammar_;  // null without one
  // While the grammar waits for one of these.
  struct Waiting {
    std::vector<std::string> words;
    std::vector<llama_token> tokens;
    bool patterns = false;
    size_t longest = 0;  // of the words
    size_t watched = 0;  // bytes that the patterns were tried on
    std::deque<std::pair<llama_token, std::string>> last;
  };
  std::optional<Waiting> waiting_;
  std::vector<llama_token_data> data_;
  llama_token_data_array candidates_{};
  std::vector<float> tops_;  // the best score of each block of tokens
  std::vector<Likely> likely_;
  float chosen_logprob_ = 0;
};

}  // namespace wasinn::ggml
