#include "ggml/draft.h"

#include <algorithm>
#include <cmath>

#include "ggml/graph.h"

namespace wasinn::ggml {
namespace {

// Vocabularies of one family differ in how far they are filled up.
constexpr int32_t kMostExtraTokens = 128;

// Passes until a mean counts, until it follows slowly, and until guessing is tried again.
constexpr size_t kFirstPasses = 6;
constexpr size_t kMeanPasses = 32;
constexpr size_t kMostRefused = 256;

std::string Shown(const char* text) {
  std::string shown = "'";
  for (const char* at = text; *at != '\0' && shown.size() < 40; ++at) {
    shown += *at >= ' ' && *at < 127 ? *at : '?';
  }
  return shown + "'";
}

}  // namespace

std::optional<std::string> OtherVocabulary(const llama_vocab& model, const llama_vocab& draft) {
  if (llama_vocab_type(&model) != llama_vocab_type(&draft)) {
    return "expected a vocabulary of type " + std::to_string(llama_vocab_type(&model)) +
           ", given one of type " + std::to_string(llama_vocab_type(&draft));
  }
  const int32_t tokens = llama_vocab_n_tokens(&model);
  const int32_t drafts = llama_vocab_n_tokens(&draft);
  if (std::abs(tokens - drafts) > kMostExtraTokens) {
    return "expected about " + std::to_string(tokens) + " tokens, given " + std::to_string(drafts);
  }
  for (llama_token token = 0; token < std::min(tokens, drafts); ++token) {
    const std::string_view text = llama_vocab_get_text(&model, token);
    if (text == llama_vocab_get_text(&draft, token)) continue;
    return "expected token " + std::to_string(token) + " to be " + Shown(text.data()) + ", given " +
           Shown(llama_vocab_get_text(&draft, token));
  }
  if (llama_vocab_bos(&model) != llama_vocab_bos(&draft) ||
      llama_vocab_get_add_bos(&model) != llama_vocab_get_add_bos(&draft)) {
    return "expected the same token before each prompt, given another";
  }
  return std::nullopt;
}

bool Pace::Pays(size_t answers) {
  Times& times = times_[answers];
  if (times.plain.count < kFirstPasses) return false;
  if (times.guessed.count < kFirstPasses) return true;
  if (times.guessed.value < times.plain.value) return true;
  if (++times.refused < kMostRefused) return false;
  times.refused = 0;
  times.guessed = {};
  return true;
}

void Pace::Note(size_t answers, bool guessed, double milliseconds, size_t tokens) {
  if (tokens == 0) return;
  Times& times = times_[answers];
  Mean& mean = guessed ? times.guessed : times.plain;
  mean.count = std::min(mean.count + 1, kMeanPasses);
  mean.value +=
      (milliseconds / static_cast<double>(tokens) - mean.value) / static_cast<double>(mean.count);
}

Draft::Draft(wasinn_backend_graph& graph, size_t cells, size_t sequences)
    : graph_(graph),
      vocabulary_(std::min(llama_vocab_n_tokens(graph.vocabulary),
                           llama_vocab_n_tokens(llama_model_get_vocab(graph.draft.get())))),
      held_(sequences) {
  llama_context_params params = llama_context_default_params();
  params.n_ctx = static_cast<uint32_t>(cells);
  params.n_seq_max = static_cast<uint32_t>(sequences);
  params.n_batch = params.n_ubatch =
      std::max(static_cast<uint32_t>(graph.settings.max_batch), params.n_seq_max);
  params.n_outputs_max = params.n_seq_max;
  params.kv_unified = true;
  params.swa_full = true;
  context_ = MakeContext(graph, *graph.draft, params);
}

void Draft::Forget() {
  llama_memory_clear(llama_get_memory(context_.get()), false);
  for (auto& held : held_) held.clear();
}

bool Draft::Follow(const Guess& guess, size_t room) {
  auto& held = held_[static_cast<size_t>(guess.id)];
  const auto& tokens = *guess.tokens;
  auto common = static_cast<size_t>(std::ranges::mismatch(held, tokens).in1 - held.begin());
  if (common < held.size()) {
    llama_memory_seq_rm(llama_get_memory(context_.get()), guess.id, static_cast<llama_pos>(common),
                        -1);
    held.resize(common);
  }
  for (; room > 0 && common < tokens.size(); ++common, --room) {
    batch_.Add(tokens[common], static_cast<llama_pos>(common), guess.id, false);
    held.push_back(tokens[common]);
  }
  if (room == 0) return false;
  batch_.Add(guess.next, static_cast<llama_pos>(common), guess.id, true);
  held.push_back(guess.next);
  return true;
}

bool Draft::Pass(std::span<Guess> guesses) {
  std::vector<Request*> requests;
  for (const Guess& guess : guesses) requests.push_back(guess.request);
  if (Decode(graph_, *context_, batch_.View(), requests) == 0) return true;
  // The cache is full, or all are cancelled. What it holds is easily computed again.
  Forget();
  for (Guess& guess : guesses) guess.guessed.clear();
  return false;
}

std::optional<llama_token> Draft::Likeliest(int32_t row, float least) const {
  const float* scores = llama_get_logits_ith(context_.get(), row);
  if (scores == nullptr) return std::nullopt;
  const float* top = std::max_element(scores, scores + vocabulary_);
  if (least > 0) {
    float sum = 0;
    for (int32_t token = 0; token < vocabulary_; ++token) sum += std::exp(scores[token] - *top);
    // Also when it is no number.
    if (!(1 / sum >= least)) return std::nullopt;
  }
  const auto token = static_cast<llama_token>(top - scores);
  // Nothing comes after it.
  if (llama_vocab_is_eog(graph_.vocabulary, token)) return std::nullopt;
  return token;
}

void Draft::Continue(std::span<Guess> guesses) {
  struct Going {
    Guess* guess;
    int32_t row;
  };
  std::vector<Going> going;
  batch_.Clear();
  const size_t share = llama_n_batch(context_.get()) / guesses.size();
  for (Guess& guess : guesses) {
    if (Follow(guess, share)) going.push_back({&guess, batch_.size() - 1});
  }
  while (batch_.size() > 0 && Pass(guesses)) {
    batch_.Clear();
    std::vector<Going> still;
    for (const auto& [guess, row] : going) {
      const auto token = Likeliest(row, guess->least_likelihood);
      if (!token) continue;
      guess->guessed.push_back(*token);
      if (guess->guessed.size() >= guess->most) continue;
      auto& held = held_[static_cast<size_t>(guess->id)];
      batch_.Add(*token, static_cast<llama_pos>(held.size()), guess->id, true);
      held.push_back(*token);
      still.push_back({guess, batch_.size() - 1});
    }
    going = std::move(still);
  }
}

}  // namespace wasinn::ggml
