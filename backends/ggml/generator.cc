#include "ggml/generator.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "ggml/graph.h"

namespace wasinn::ggml {
namespace {

// While there is decoding, prefill gets only this part of a batch, so that completions keep
// streaming.
constexpr size_t kPromptShare = 4;
// Draft tokens are used for at most this many completions at once, which share kMaxDraftTokens.
constexpr size_t kMaxDrafted = 2;
constexpr uint32_t kMaxDraftTokens = 64;
constexpr size_t kUsualDraftTokens = 8;
// After wrong draft tokens, this many tokens are decoded without any.
constexpr size_t kRestAfterWrongDraft = 16;

}  // namespace

size_t Generator::Active() const {
  return static_cast<size_t>(std::ranges::count_if(
      sequences_, [](const Sequence& sequence) { return sequence.request != nullptr; }));
}

void Generator::Work() {
  DropCancelledRuns();
  Admit();
  if (Active() == 0) return;
  Gather();
  LookAtImage();
  const size_t active = Active();
  const bool only_generating = std::ranges::none_of(sequences_, &Sequence::in_prompt);
  const size_t written = written_;
  const auto started = std::chrono::steady_clock::now();
  const bool drafted = AddDraftTokens();
  if (!Compute()) return;
  for (Sequence& sequence : sequences_) {
    if (sequence.request != nullptr && sequence.row >= 0) Advance(sequence);
  }
  if (draft_ == nullptr || !only_generating) return;
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - started;
  pace_.Note(active, drafted, took.count(), written_ - written);
}

void Generator::Fail(wasinn_code code, const std::string& message) {
  // The contents of the cache are unknown now.
  context_.reset();
  draft_.reset();
  for (Sequence& sequence : sequences_) {
    if (sequence.request != nullptr) std::exchange(sequence.request, nullptr)->Fail(code, message);
  }
  sequences_.clear();
  for (const auto& request : std::exchange(waiting_, {})) request->Fail(code, message);
}

void Generator::Rest() {
  context_.reset();
  draft_.reset();
  sequences_.clear();
}

// ------------------------------------------------------------------ beginning and ending runs

void Generator::DropCancelledRuns() {
  for (Sequence& sequence : sequences_) {
    if (sequence.request == nullptr || !sequence.request->cancelled()) continue;
    const auto request = sequence.request;
    End(sequence);
    request->FailCancelled();
  }
}

void Generator::End(Sequence& sequence) {
  DropImage(sequence);
  sequence.owner = sequence.request->owner();
  sequence.used = ++clock_;
  sequence.request = nullptr;
}

void Generator::Open(size_t context_size) {
  const Settings& settings = graph_.settings;
  const auto form = graph_.CacheFor(context_size);
  llama_context_params params = llama_context_default_params();
  params.n_ctx = static_cast<uint32_t>(form.cells);
  params.n_seq_max = static_cast<uint32_t>(form.sequences);
  params.kv_unified = unified_ = form.unified;
  shifting_ = false;
  params.n_outputs_max = params.n_seq_max + (graph_.draft != nullptr ? kMaxDraftTokens : 0);
  params.n_batch = params.n_ubatch =
      std::max(static_cast<uint32_t>(settings.max_batch), params.n_outputs_max);
  // With only a window, the prefix of a prompt could not be reused.
  params.swa_full = true;
  MakeContext(params);
  if (llama_get_memory(context_.get()) == nullptr) {
    throw Failure(
        WASINN_UNSUPPORTED_OPERATION,
        "ggml: expected a model that generates text, given an encoder, which keeps nothing "
        "of a text; only the other tasks work with it");
  }
  cells_ = llama_n_ctx_seq(context_.get());
  sequences_.assign(params.n_seq_max, {});
  for (size_t i = 0; i < sequences_.size(); ++i) {
    sequences_[i].id = static_cast<llama_seq_id>(i);
  }
  if (graph_.draft != nullptr)
    draft_ = std::make_unique<Draft>(graph_, llama_n_ctx(context_.get()), sequences_.size());
}

// False if the cache is too small for the request and other runs are using it.
bool Generator::MakeRoomFor(const Request& request) {
  if (context_ != nullptr && cells_ >= request.context_size) return true;
  if (Active() > 0) return false;
  Rest();
  Open(request.context_size);
  return true;
}

void Generator::Admit() {
  while (!waiting_.empty()) {
    const std::shared_ptr<Request> request = waiting_.front();
    if (!MakeRoomFor(*request)) return;
    Sequence* sequence = FreeSequence(*request);
    if (sequence == nullptr) return;
    waiting_.pop_front();
    Begin(*sequence, request);
  }
}

// The sequence that the context used last, otherwise an empty one, otherwise the one that was idle
// for longest.
Generator::Sequence* Generator::FreeSequence(const Request& request) {
  Sequence* best = nullptr;
  const auto rank = [&](const Sequence& sequence) {
    if (sequence.owner == request.owner()) return UINT64_MAX;
    return sequence.tokens.empty() ? UINT64_MAX - 1 : UINT64_MAX / 2 - sequence.used;
  };
  for (Sequence& sequence : sequences_) {
    if (sequence.request != nullptr) continue;
    if (best == nullptr || rank(sequence) > rank(*best)) best = &sequence;
  }
  return best;
}

void Generator::Begin(Sequence& sequence, std::shared_ptr<Request> request) {
  if (request->state != nullptr && !Restore(sequence, *request)) return;
  request->usage.reused_tokens = Reuse(sequence, *request);
  sequence.request = std::move(request);
  sequence.generating = false;
  sequence.max_draft_tokens = SIZE_MAX;
  sequence.draft_rest = 0;
}

// ------------------------------------------------------------------ one batch

// Plans the next batch: the last sampled token and the draft tokens of each completion, and as many
// prompt tokens as fit, in turns.
void Generator::Plan(bool prompts) {
  const size_t max = llama_n_batch(context_.get());
  size_t decoding = 0;
  size_t reading = 0;
  for (Sequence& sequence : sequences_) {
    sequence.fed.clear();
    sequence.row = -1;
    if (sequence.request == nullptr) continue;
    if (sequence.in_prompt()) {
      if (sequence.image() == nullptr) ++reading;
    } else {
      sequence.fed.push_back(sequence.next);
      if (!prompts) sequence.draft_tokens.clear();
      sequence.fed.insert(sequence.fed.end(), sequence.draft_tokens.begin(),
                          sequence.draft_tokens.end());
      decoding += sequence.fed.size();
    }
  }
  if (!prompts || reading == 0) return;
  size_t room =
      decoding == 0 ? max : std::min(max - decoding, std::max<size_t>(max / kPromptShare, 32));
  for (size_t i = 0; i < sequences_.size() && room > 0; ++i) {
    Sequence& sequence = sequences_[(turn_ + i) % sequences_.size()];
    if (!sequence.in_prompt() || sequence.image() != nullptr) continue;
    const Settings& settings = sequence.request->settings();
    const auto limit = static_cast<size_t>(std::min(settings.batch_size, settings.ubatch_size));
    const auto& prompt = sequence.request->prompt;
    // The tokens up to the next image.
    const auto start = prompt.begin() + static_cast<std::ptrdiff_t>(sequence.tokens.size());
    const auto left = static_cast<size_t>(std::find(start, prompt.end(), kImageToken) - start);
    const size_t share = std::max<size_t>(room / reading, 1);
    const size_t count = std::min({left, share, limit});
    sequence.fed.assign(start, start + static_cast<std::ptrdiff_t>(count));
    room -= count;
    --reading;
  }
  turn_ = (turn_ + 1) % sequences_.size();
}

// Decodes one planned batch; false if it produced nothing and must be planned again.
bool Generator::Compute() {
  Plan(true);
  if (DecodeBatch()) return true;
  // The cache is full. First old tokens are dropped, then prompts wait, then the newest run fails.
  if (EvictIdle()) return false;
  const bool generating = std::ranges::any_of(sequences_, [](const Sequence& sequence) {
    return sequence.request != nullptr && !sequence.in_prompt();
  });
  if (!generating) {
    FailNewest(true);
    return false;
  }
  Plan(false);
  if (DecodeBatch()) return true;
  FailNewest(false);
  return false;
}

void Generator::FailNewest(bool in_prompt) {
  Sequence* newest = nullptr;
  for (Sequence& sequence : sequences_) {
    if (sequence.request == nullptr || sequence.in_prompt() != in_prompt) continue;
    if (newest == nullptr || sequence.tokens.size() < newest->tokens.size()) newest = &sequence;
  }
  if (newest == nullptr) return;
  const auto request = newest->request;
  End(*newest);
  Clear(*newest);
  request->Fail(WASINN_TOO_LARGE,
                "ggml: expected room in the key-value cache of the graph, which holds " +
                    std::to_string(cells_) +
                    " tokens of all contexts together; given none (the host's option kv-cells "
                    "makes it larger)");
}

// False if the cache has no room for the batch; then nothing has changed.
bool Generator::DecodeBatch() {
  Batch batch;
  std::vector<Request*> requests;
  for (Sequence& sequence : sequences_) {
    if (sequence.fed.empty()) continue;
    requests.push_back(sequence.request.get());
    const bool wants = sequence.generating || sequence.tokens.size() + sequence.fed.size() ==
                                                  sequence.request->prompt.size();
    // The token before the draft tokens, and each draft token.
    const size_t first_wanted = sequence.fed.size() - 1 - sequence.draft_tokens.size();
    const llama_pos first = sequence.position();
    for (size_t i = 0; i < sequence.fed.size(); ++i) {
      if (wants && i == first_wanted) sequence.row = batch.size();
      batch.Add(sequence.fed[i], first + static_cast<llama_pos>(i), sequence.id,
                wants && i >= first_wanted);
    }
  }
  if (requests.empty()) return true;
  const int32_t status = Decode(batch.View(), requests);
  if (status == 1) return false;
  shifting_ = false;
  if (status == 2) {
    // All requests are cancelled; everything computed before this batch is still valid.
    for (Sequence& sequence : sequences_) {
      if (sequence.fed.empty()) continue;
      sequence.row = -1;
      if (!llama_memory_seq_rm(llama_get_memory(context_.get()), sequence.id, sequence.position(),
                               -1)) {
        Clear(sequence);
      }
    }
    return true;
  }
  if (status != 0) {
    throw Failure(WASINN_RUNTIME_ERROR, "ggml: llama.cpp could not compute", status);
  }
  for (Sequence& sequence : sequences_) {
    sequence.tokens.insert(sequence.tokens.end(), sequence.fed.begin(), sequence.fed.end());
  }
  return true;
}

// ------------------------------------------------------------------ the next token

// Adds draft tokens to the completions, if there are so few that decoding several tokens of each
// takes little longer than decoding one. False if there are no draft tokens.
bool Generator::AddDraftTokens() {
  for (Sequence& sequence : sequences_) sequence.draft_tokens.clear();
  const size_t active = Active();
  if (draft_ == nullptr || active == 0 || active > kMaxDrafted) return false;
  std::optional<bool> faster;
  std::vector<DraftRequest> drafts;
  for (Sequence& sequence : sequences_) {
    if (sequence.request == nullptr || sequence.in_prompt()) continue;
    // The draft model sees no images.
    if (!sequence.images.empty()) continue;
    const Settings& settings = sequence.request->settings();
    if (sequence.draft_rest > 0) {
      --sequence.draft_rest;
      continue;
    }
    const bool automatic = settings.draft_max < 0;
    if (automatic && !faster) faster = pace_.IsFaster(active);
    if (automatic && !*faster) continue;
    // No token beyond the context, nor after the last one.
    size_t max = std::min({sequence.max_draft_tokens,
                           automatic ? kUsualDraftTokens : static_cast<size_t>(settings.draft_max),
                           sequence.request->context_size - sequence.tokens.size() - 1,
                           kMaxDraftTokens / kMaxDrafted});
    if (settings.n_predict > 0) {
      max = std::min(
          max, static_cast<size_t>(settings.n_predict) - sequence.request->usage.output_tokens - 1);
    }
    if (max == 0 || max < static_cast<size_t>(settings.draft_min)) continue;
    drafts.push_back({sequence.id,
                      &sequence.tokens,
                      sequence.next,
                      max,
                      static_cast<float>(settings.draft_p_min),
                      sequence.request.get(),
                      {}});
  }
  if (drafts.empty()) return false;
  draft_->Continue(drafts);
  for (DraftRequest& draft : drafts) {
    Sequence& sequence = sequences_[static_cast<size_t>(draft.id)];
    const auto min = static_cast<size_t>(draft.request->settings().draft_min);
    if (draft.draft_tokens.size() >= min) sequence.draft_tokens = std::move(draft.draft_tokens);
  }
  return true;
}

// Samples the tokens that the batch allows: one, and one more for each accepted draft token.
void Generator::Advance(Sequence& sequence) {
  const std::vector<llama_token> draft_tokens = std::exchange(sequence.draft_tokens, {});
  const size_t computed = sequence.tokens.size() - draft_tokens.size();
  sequence.request->usage.draft_tokens += draft_tokens.size();
  for (size_t accepted = 0;; ++accepted) {
    const bool drafted = accepted < draft_tokens.size();
    const auto token =
        NextToken(sequence, sequence.row + static_cast<int32_t>(accepted), computed + accepted,
                  drafted ? draft_tokens[accepted] : LLAMA_TOKEN_NULL);
    if (token && drafted && *token == draft_tokens[accepted]) continue;
    CutBack(sequence, computed + accepted);
    if (!token) return;
    sequence.next = *token;
    if (!draft_tokens.empty()) Learn(sequence, draft_tokens.size(), accepted);
    return;
  }
}

// Uses more draft tokens after accepted ones and fewer after rejected ones, and finally none for a
// while.
void Generator::Learn(Sequence& sequence, size_t drafted, size_t accepted) {
  if (accepted == drafted) {
    sequence.max_draft_tokens = drafted * 2;
  } else if (accepted * 2 < drafted) {
    sequence.max_draft_tokens = std::max<size_t>(drafted / 2, 1);
    if (drafted <= 2) sequence.draft_rest = kRestAfterWrongDraft;
  }
}

// Removes everything after the first `count` tokens from the cache.
void Generator::CutBack(Sequence& sequence, size_t count) {
  if (sequence.tokens.size() <= count) return;
  if (!llama_memory_seq_rm(llama_get_memory(context_.get()), sequence.id,
                           PositionOf(sequence.images, count), -1)) {
    throw Failure(WASINN_RUNTIME_ERROR, "ggml: llama.cpp could not remove tokens from the cache");
  }
  sequence.tokens.resize(count);
}

// Samples a token from the logits of `row`, which follows `computed` tokens; nullopt if the run has
// ended. `draft_token` is the draft model's proposal.
std::optional<llama_token> Generator::NextToken(Sequence& sequence, int32_t row, size_t computed,
                                                llama_token draft_token) {
  const std::shared_ptr<Request> request = sequence.request;
  const Settings& settings = request->settings();
  const auto finish = [&](const char* why, wasinn_code code = WASINN_OK, std::string message = {}) {
    CutBack(sequence, computed);
    Save(sequence, code, message);
    End(sequence);
    request->Finish(why, code, message);
    return std::nullopt;
  };
  if (!std::exchange(sequence.generating, true)) request->BeginCompletion();
  if (settings.n_predict == 0) return finish("length");
  std::optional<llama_token> token;
  try {
    const float* logits = llama_get_logits_ith(context_.get(), row);
    if (logits == nullptr) {
      throw Failure(WASINN_RUNTIME_ERROR, "ggml: llama.cpp gave no logits");
    }
    token = request->sampler->Sample(logits);
    if (!token && request->sampler->is_unfinished()) {
      throw Failure(
          WASINN_INVALID_ARGUMENT,
          "ggml: expected a grammar or schema that allows some token of the model to come next, "
          "given one that allows none after the text so far");
    }
    if (!token) return finish("grammar");
    if (llama_vocab_is_eog(graph_.vocabulary, *token)) return finish("end");
    if (*token == draft_token) ++request->usage.accepted_tokens;
    request->sampler->Accept(*token);
    ++written_;
    if (!request->AddToken(*graph_.vocabulary, *token)) return finish(request->usage.finish);
  } catch (const Failure& failure) {
    End(sequence);
    request->Fail(failure.code(), failure.message());
    return std::nullopt;
  } catch (const std::exception& exception) {
    End(sequence);
    request->Fail(WASINN_RUNTIME_ERROR, std::string("ggml: ") + exception.what());
    return std::nullopt;
  }
  if (settings.n_predict > 0 &&
      request->usage.output_tokens >= static_cast<uint64_t>(settings.n_predict)) {
    return finish("length");
  }
  if (computed >= request->context_size && !Shift(sequence)) {
    return finish(
        "context", WASINN_CONTEXT_FULL,
        "ggml: the context of " + std::to_string(request->context_size) +
            " tokens is full; the completion so far is available" +
            (settings.context_shift
                 ? "; the model cannot drop the older half, or n-keep leaves nothing to drop"
                 : ""));
  }
  return token;
}

// Drops the older half of the tokens that may be dropped; false if that is not wanted or not
// possible.
bool Generator::Shift(Sequence& sequence) {
  const Settings& settings = sequence.request->settings();
  llama_memory_t memory = llama_get_memory(context_.get());
  // Positions of images cannot move.
  if (!sequence.images.empty()) return false;
  if (!settings.context_shift || !llama_memory_can_shift(memory)) return false;
  const size_t keep = settings.n_keep < 0 ? sequence.request->prompt.size()
                                          : std::min(static_cast<size_t>(settings.n_keep),
                                                     sequence.request->prompt.size());
  if (keep + 2 > sequence.tokens.size()) return false;
  const size_t forget = (sequence.tokens.size() - keep) / 2;
  const auto from = static_cast<llama_pos>(keep);
  const auto to = static_cast<llama_pos>(keep + forget);
  if (!llama_memory_seq_rm(memory, sequence.id, from, to)) return false;
  llama_memory_seq_add(memory, sequence.id, to, -1, -static_cast<llama_pos>(forget));
  shifting_ = true;
  sequence.tokens.erase(sequence.tokens.begin() + from, sequence.tokens.begin() + to);
  return true;
}

}  // namespace wasinn::ggml
