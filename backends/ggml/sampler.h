// How the next token is chosen.
#pragma once

#include <llama.h>

#include <deque>
#include <memory>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ggml/grammar_match.h"
#include "ggml/options.h"

namespace wasinn::ggml {

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
  // Whether the answer must go on before it is one of the grammar.
  bool is_unfinished() const { return grammar_ && !waiting_ && !grammar_->complete(); }

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
  // Makes candidates of all tokens, or at least of the most_ likeliest.
  void Load(const float* scores);
  // The same of those tokens that the grammar allows.
  void LoadAllowed(const float* scores);
  std::optional<llama_token> Choose();
  bool Allows(llama_token token);
  void SetChatGrammar(const ChatGrammar& grammar);
  void Watch(llama_token token);
  void Begin(size_t at);
  void AcceptByGrammar(llama_token token, std::string_view piece);
  void NoteLikely(const float* scores, llama_token chosen);

  const llama_vocab& words_;
  const int32_t vocabulary_;
  const size_t likely_count_;
  size_t most_ = 0;  // tokens by score that the chain can choose from; 0: all
  Handle chain_;
  std::optional<GrammarMatch> grammar_;
  // While the grammar waits for one of these.
  struct Waiting {
    std::vector<std::string> words;
    std::vector<llama_token> tokens;
    std::vector<std::regex> patterns;
    size_t longest = 0;    // of the words
    std::string text;      // of the last tokens, those that may hold what is waited for
    bool is_whole = true;  // it is all of the answer
    std::deque<std::pair<llama_token, size_t>> last;  // those tokens, with their bytes
  };
  std::optional<Waiting> waiting_;
  std::vector<llama_token_data> data_;
  llama_token_data_array candidates_{};
  std::vector<float> tops_;  // the best score of each block of tokens
  std::vector<Likely> likely_;
  float chosen_logprob_ = 0;
};

}  // namespace wasinn::ggml
