// A smaller model that guesses how answers go on.
#pragma once

#include <llama.h>

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ggml/pass.h"

namespace wasinn::ggml {

// Why the tokens of `draft` are not those of `model`; nullopt when they are.
std::optional<std::string> OtherVocabulary(const llama_vocab& model, const llama_vocab& draft);

// One answer that is to be guessed.
struct Guess {
  llama_seq_id id = 0;
  const std::vector<llama_token>* tokens = nullptr;  // prompt and answer that are computed
  llama_token next = 0;                              // comes after them
  size_t most = 0;                                   // tokens wanted
  float least_likelihood = 0;
  Request* request = nullptr;
  std::vector<llama_token> guessed;  // what may come after `next`
};

// Whether guessing makes answers faster, by what the passes took.
class Pace {
 public:
  // For so many answers at once, at least one. A question now and then is answered with yes to try.
  bool Pays(size_t answers);
  // A pass, with or without guesses, that brought so many tokens.
  void Note(size_t answers, bool guessed, double milliseconds, size_t tokens);

 private:
  struct Mean {
    double value = 0;
    size_t count = 0;
  };
  struct Times {
    Mean plain;
    Mean guessed;
    size_t refused = 0;
  };

  std::map<size_t, Times> times_;  // by the number of answers
};

// The draft model's context. Each sequence has the number that it has in the large model's, and
// follows it: what is equal from the beginning stays, the rest is computed anew. An engine's
// thread only.
class Draft {
 public:
  // Throws Failure.
  Draft(wasinn_backend_graph& graph, size_t cells, size_t sequences);

  // Fills `guessed`, all answers in the same passes. Leaves it empty for an answer whose prompt is
  // not read to its end yet: at most one pass reads prompts each time.
  void Continue(std::span<Guess> guesses);

 private:
  // Computes the batch; false when nothing can be guessed now.
  bool Pass(std::span<Guess> guesses);
  // Adds what the sequence lacks to the batch, up to `room`; true when that is all of it.
  bool Follow(const Guess& guess, size_t room);
  // The likeliest token by the scores of `row`; nullopt when it is not likely enough.
  std::optional<llama_token> Likeliest(int32_t row, float least) const;
  void Forget();

  wasinn_backend_graph& graph_;
  ContextHandle context_;
  const int32_t vocabulary_;  // tokens that both models have
  Batch batch_;
  std::vector<std::vector<llama_token>> held_;  // by sequence, in the cache
};

}  // namespace wasinn::ggml
