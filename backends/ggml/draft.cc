#include "ggml/draft.h"

#include <algorithm>
#include <cmath>

#include "ggml/graph.h"

namespace wasinn::ggml {
namespace {

// Vocabularies of one model family may be padded to different sizes.
constexpr int32_t kMaxExtraTokens = 128;

// Decodes until a mean is used, decodes that a mean covers, and decodes until drafting is tried
// again.
constexpr size_t kFirstDecodes = 6;
constexpr size_t kMeanDecodes = 32;
constexpr size_t kMaxRefused = 256;

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
  if (std::abs(tokens - drafts) > kMaxExtraTokens) {
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

bool DraftPace::IsFaster(size_t completions) {
  Times& times = times_[completions];
  if (times.plain.count < kFirstDecodes) return false;
  if (times.drafted.count < kFirstDecodes) return true;
  if (times.drafted.value < times.plain.value) return true;
  if (++times.refused < kMaxRefused) return false;
  times.refused = 0;
  times.drafted = {};
  return true;
}

void DraftPace::Note(size_t completions, bool drafted, double milliseconds, size_t tokens) {
  if (tokens == 0) return;
  Times& times = times_[completions];
  Mean& mean = drafted ? times.drafted : times.plain;
  mean.count = std::min(mean.count + 1, kMeanDecodes);
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

bool Draft::Follow(const DraftRequest& draft, size_t room) {
  auto& held = held_[static_cast<size_t>(draft.id)];
  const auto& tokens = *draft.tokens;
  auto common = static_cast<size_t>(std::ranges::mismatch(held, tokens).in1 - held.begin());
  if (common < held.size()) {
    llama_memory_seq_rm(llama_get_memory(context_.get()), draft.id, static_cast<llama_pos>(common),
                        -1);
    held.resize(common);
  }
  for (; room > 0 && common < tokens.size(); ++common, --room) {
    batch_.Add(tokens[common], static_cast<llama_pos>(common), draft.id, false);
    held.push_back(tokens[common]);
  }
  if (room == 0) return false;
  batch_.Add(draft.next, static_cast<llama_pos>(common), draft.id, true);
  held.push_back(draft.next);
  return true;
}

bool Draft::DecodeBatch(std::span<DraftRequest> drafts) {
  std::vector<Request*> requests;
  for (const DraftRequest& draft : drafts) requests.push_back(draft.request);
  if (Decode(graph_, *context_, batch_.View(), requests) == 0) return true;
  // The cache is full, or all requests are cancelled. The cache's contents are cheap to compute
  // again.
  Forget();
  for (DraftRequest& draft : drafts) draft.draft_tokens.clear();
  return false;
}

std::optional<llama_token> Draft::Likeliest(int32_t row, float min) const {
  const float* logits = llama_get_logits_ith(context_.get(), row);
  if (logits == nullptr) return std::nullopt;
  const float* top = std::max_element(logits, logits + vocabulary_);
  if (min > 0) {
    float sum = 0;
    for (int32_t token = 0; token < vocabulary_; ++token) sum += std::exp(logits[token] - *top);
    // This form also covers NaN.
    if (!(1 / sum >= min)) return std::nullopt;
  }
  const auto token = static_cast<llama_token>(top - logits);
  // No token follows the end of generation.
  if (llama_vocab_is_eog(graph_.vocabulary, token)) return std::nullopt;
  return token;
}

void Draft::Continue(std::span<DraftRequest> drafts) {
  struct Going {
    DraftRequest* draft;
    int32_t row;
  };
  std::vector<Going> going;
  batch_.Clear();
  const size_t share = llama_n_batch(context_.get()) / drafts.size();
  for (DraftRequest& draft : drafts) {
    if (Follow(draft, share)) going.push_back({&draft, batch_.size() - 1});
  }
  while (batch_.size() > 0 && DecodeBatch(drafts)) {
    batch_.Clear();
    std::vector<Going> still;
    for (const auto& [draft, row] : going) {
      const auto token = Likeliest(row, draft->min_likelihood);
      if (!token) continue;
      draft->draft_tokens.push_back(*token);
      if (draft->draft_tokens.size() >= draft->max) continue;
      auto& held = held_[static_cast<size_t>(draft->id)];
      batch_.Add(*token, static_cast<llama_pos>(held.size()), draft->id, true);
      held.push_back(*token);
      still.push_back({draft, batch_.size() - 1});
    }
    going = std::move(still);
  }
}

}  // namespace wasinn::ggml
