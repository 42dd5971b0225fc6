// The draft model: a smaller model that proposes the next tokens of a completion (draft tokens).
#pragma once

#include <llama.h>

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ggml/decode.h"

namespace wasinn::ggml {

// Why the vocabulary of `draft` differs from that of `model`; nullopt if they agree.
std::optional<std::string> OtherVocabulary(const llama_vocab& model, const llama_vocab& draft);

// A sequence that needs draft tokens.
struct DraftRequest {
  llama_seq_id id = 0;
  const std::vector<llama_token>* tokens = nullptr;  // the prompt and completion so far
  llama_token next = 0;                              // the token after them
  size_t max = 0;                                    // the maximum number of draft tokens
  float min_likelihood = 0;
  Request* request = nullptr;
  std::vector<llama_token> draft_tokens;  // the result: tokens that may follow `next`
};

// Measures whether draft tokens make decoding faster.
class DraftPace {
 public:
  // Whether drafting is faster for this number of completions at once, which is at least 1. From
  // time to time the result is true so that the times are measured again.
  bool IsFaster(size_t completions);
  // Records a decode, with or without draft tokens, that produced `tokens` tokens.
  void Note(size_t completions, bool drafted, double milliseconds, size_t tokens);

 private:
  struct Mean {
    double value = 0;
    size_t count = 0;
  };
  struct Times {
    Mean plain;
    Mean drafted;
    size_t refused = 0;
  };

  std::map<size_t, Times> times_;  // by the number of completions
};

// The draft model's context. Its sequences have the same ids as those of the target model and
// follow them: the common prefix is kept, the rest is computed again. Only the engine's thread uses
// it.
class Draft {
 public:
  // Throws Failure.
  Draft(wasinn_backend_graph& graph, size_t cells, size_t sequences);

  // Fills `draft_tokens`, decoding all sequences together. It leaves them empty for a sequence
  // whose prompt is not complete in the draft model's cache yet: each call decodes at most one
  // batch of prompt tokens.
  void Continue(std::span<DraftRequest> drafts);

 private:
  // Decodes the batch; false if there can be no draft tokens now.
  bool DecodeBatch(std::span<DraftRequest> drafts);
  // Adds the tokens that the sequence lacks to the batch, at most `room`; true if that was all of
  // them.
  bool Follow(const DraftRequest& draft, size_t room);
  // The likeliest token by the logits of `row`; nullopt if it is less likely than `min`.
  std::optional<llama_token> Likeliest(int32_t row, float min) const;
  void Forget();

  wasinn_backend_graph& graph_;
  ContextHandle context_;
  const int32_t vocabulary_;  // tokens that both models have
  Batch batch_;
  std::vector<std::vector<llama_token>> held_;  // by sequence, in the cache
};

}  // namespace wasinn::ggml
