// Samples the next token.
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

// The grammar of a chat template for tool calls.
struct ChatGrammar {
  std::string text;  // GBNF, "" without one
  // The grammar applies from the first of these on; before it, the completion is free.
  bool lazy = false;
  std::vector<std::string> words;
  std::vector<std::string> patterns;
  std::vector<llama_token> tokens;
  // The beginning of the completion that the prompt already contains.
  std::vector<llama_token> before;
};

// The samplers and the grammar of one run. One thread at a time.
class Sampler {
 public:
  // `context_size` is the meaning of -1 as a number of last tokens. Throws Failure. Values for
  // which llama.cpp's own checks would end the process are checked here. The settings have no
  // grammar if the chat has one.
  Sampler(const llama_model& model, const Settings& settings, int32_t context_size,
          const ChatGrammar& of_chat = {});

  // Counts a token of the prompt as used.
  void AcceptPrompt(llama_token token);
  // Samples the next token from the logits of the whole vocabulary; nullopt if the grammar or the
  // biases leave none. Throws Failure if some logits are not numbers.
  std::optional<llama_token> Sample(const float* logits);
  void Accept(llama_token token);
  // Whether the completion is not yet a complete text of the grammar.
  bool is_unfinished() const { return grammar_ && !waiting_ && !grammar_->complete(); }

  // The likeliest tokens of the last Sample by the model's own logits, with their
  // log-probabilities, and the log-probability of the sampled token; empty unless the settings ask
  // for them.
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

  // Whether some logit is above -inf; fills tops_. Throws Failure if one is not a number.
  bool Read(const float* logits);
  // Makes candidates of all tokens, or at least of the max_candidates_ likeliest ones.
  void Load(const float* logits);
  // Makes candidates of the tokens that the grammar allows.
  void LoadAllowed(const float* logits);
  std::optional<llama_token> Choose();
  bool Allows(llama_token token);
  void SetChatGrammar(const ChatGrammar& grammar);
  void Watch(llama_token token);
  void Begin(size_t at);
  void AcceptByGrammar(llama_token token, std::string_view piece);
  void NoteLikely(const float* logits, llama_token chosen);

  const llama_vocab& words_;
  const int32_t vocabulary_;
  const size_t likely_count_;
  size_t max_candidates_ = 0;  // the number of likeliest tokens that the chain uses; 0: all
  Handle chain_;
  std::optional<GrammarMatch> grammar_;
  // While the grammar waits for one of its triggers.
  struct Waiting {
    std::vector<std::string> words;
    std::vector<llama_token> tokens;
    std::vector<std::regex> patterns;
    size_t longest = 0;    // of the words
    std::string text;      // the end of the completion, which may contain a trigger
    bool is_whole = true;  // it is the whole completion
    std::deque<std::pair<llama_token, size_t>> last;  // those tokens, with their bytes
  };
  std::optional<Waiting> waiting_;
  std::vector<llama_token_data> data_;
  llama_token_data_array candidates_{};
  std::vector<float> tops_;  // the largest logit of each block of tokens
  std::vector<Likely> likely_;
  float chosen_logprob_ = 0;
};

}  // namespace wasinn::ggml
