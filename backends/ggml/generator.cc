#include "ggml/generator.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "ggml/graph.h"

namespace wasinn::ggml {
namespace {

// While answers are written, prompts get this part of a pass, so that the answers flow on.
constexpr size_t kPromptShare = 4;
// Answers are guessed ahead when there are so few, and each by its part of so many tokens.
constexpr size_t kMostGuessed = 2;
constexpr uint32_t kMostGuesses = 64;
constexpr size_t kUsualGuesses = 8;
// For so many tokens after guesses that were wrong.
constexpr size_t kRestAfterWrongGuesses = 16;

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
  const size_t answers = Active();
  const bool only_answers = std::ranges::none_of(sequences_, &Sequence::in_prompt);
  const size_t written = written_;
  const auto started = std::chrono::steady_clock::now();
  const bool guessed = GuessAhead();
  if (!Compute()) return;
  for (Sequence& sequence : sequences_) {
    if (sequence.request != nullptr && sequence.row >= 0) Advance(sequence);
  }
  if (draft_ == nullptr || !only_answers) return;
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - started;
  pace_.Note(answers, guessed, took.count(), written_ - written);
}

void Generator::Fail(wasinn_code code, const std::string& message) {
  // What the cache holds is not known any more.
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
  params.n_outputs_max = params.n_seq_max + (graph_.draft != nullptr ? kMostGuesses : 0);
  params.n_batch = params.n_ubatch =
      std::max(static_cast<uint32_t>(settings.max_batch), params.n_outputs_max);
  // With a window alone, the beginning of a prompt could not be used again.
  params.swa_full = true;
  MakeContext(params);
  if (llama_get_memory(context_.get()) == nullptr) {
    throw Failure(
        WASINN_UNSUPPORTED_OPERATION,
        "ggml: expected a model that writes answers, given an encoder, which keeps nothing "
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

// False when the cache is too small for the request and others are using it.
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

// The one that the context had last, else an empty one, else the one that was idle for longest.
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
  sequence.answering = false;
  sequence.guess_most = SIZE_MAX;
  sequence.guess_rest = 0;
}

// ------------------------------------------------------------------ a pass over the model

// What each sequence computes in the next pass: the token that was chosen last, and of prompts as
// much as there is room for, in turns.
void Generator::Plan(bool prompts) {
  const size_t most = llama_n_batch(context_.get());
  size_t answers = 0;
  size_t reading = 0;
  for (Sequence& sequence : sequences_) {
    sequence.fed.clear();
    sequence.row = -1;
    if (sequence.request == nullptr) continue;
    if (sequence.in_prompt()) {
      if (sequence.image() == nullptr) ++reading;
    } else {
      sequence.fed.push_back(sequence.next);
      if (!prompts) sequence.guesses.clear();
      sequence.fed.insert(sequence.fed.end(), sequence.guesses.begin(), sequence.guesses.end());
      answers += sequence.fed.size();
    }
  }
  if (!prompts || reading == 0) return;
  size_t room =
      answers == 0 ? most : std::min(most - answers, std::max<size_t>(most / kPromptShare, 32));
  for (size_t i = 0; i < sequences_.size() && room > 0; ++i) {
    Sequence& sequence = sequences_[(turn_ + i) % sequences_.size()];
    if (!sequence.in_prompt() || sequence.image() != nullptr) continue;
    const Settings& settings = sequence.request->settings();
    const auto limit = static_cast<size_t>(std::min(settings.batch_size, settings.ubatch_size));
    const auto& prompt = sequence.request->prompt;
    // Up to the next image.
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

// One pass by the plan; false when it brought nothing and must be planned anew.
bool Generator::Compute() {
  Plan(true);
  if (Pass()) return true;
  // No room in the cache. Old tokens go first, then prompts wait, then the newest run ends.
  if (EvictIdle()) return false;
  const bool answering = std::ranges::any_of(sequences_, [](const Sequence& sequence) {
    return sequence.request != nullptr && !sequence.in_prompt();
  });
  if (!answering) {
    FailNewest(true);
    return false;
  }
  Plan(false);
  if (Pass()) return true;
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

// False when the cache has no room for the pass; nothing has changed then.
bool Generator::Pass() {
  Batch batch;
  std::vector<Request*> requests;
  for (Sequence& sequence : sequences_) {
    if (sequence.fed.empty()) continue;
    requests.push_back(sequence.request.get());
    const bool wants = sequence.answering || sequence.tokens.size() + sequence.fed.size() ==
                                                 sequence.request->prompt.size();
    // The token before the guesses, and each of them.
    const size_t first_wanted = sequence.fed.size() - 1 - sequence.guesses.size();
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
    // All of them are cancelled; what was computed before this pass is still good.
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

// Has the draft model guess how answers go on, where there are so few that a pass over several
// tokens of each takes little longer than over one.
// False when there was nothing to guess.
bool Generator::GuessAhead() {
  for (Sequence& sequence : sequences_) sequence.guesses.clear();
  const size_t active = Active();
  if (draft_ == nullptr || active == 0 || active > kMostGuessed) return false;
  std::optional<bool> pays;
  std::vector<Guess> guesses;
  for (Sequence& sequence : sequences_) {
    if (sequence.request == nullptr || sequence.in_prompt()) continue;
    // The draft model sees no images.
    if (!sequence.images.empty()) continue;
    const Settings& settings = sequence.request->settings();
    if (sequence.guess_rest > 0) {
      --sequence.guess_rest;
      continue;
    }
    const bool automatic = settings.draft_max < 0;
    if (automatic && !pays) pays = pace_.Pays(active);
    if (automatic && !*pays) continue;
    // Nothing beyond the context, nor after the last token.
    size_t most = std::min(
        {sequence.guess_most, automatic ? kUsualGuesses : static_cast<size_t>(settings.draft_max),
         sequence.request->context_size - sequence.tokens.size() - 1, kMostGuesses / kMostGuessed});
    if (settings.n_predict > 0) {
      most = std::min(most, static_cast<size_t>(settings.n_predict) -
                                sequence.request->usage.output_tokens - 1);
    }
    if (most == 0 || most < static_cast<size_t>(settings.draft_min)) continue;
    guesses.push_back({sequence.id,
                       &sequence.tokens,
                       sequence.next,
                       most,
                       static_cast<float>(settings.draft_p_min),
                       sequence.request.get(),
                       {}});
  }
  if (guesses.empty()) return false;
  draft_->Continue(guesses);
  for (Guess& guess : guesses) {
    Sequence& sequence = sequences_[static_cast<size_t>(guess.id)];
    const auto least = static_cast<size_t>(guess.request->settings().draft_min);
    if (guess.guessed.size() >= least) sequence.guesses = std::move(guess.guessed);
  }
  return true;
}

// Chooses the tokens that the pass has brought: one, and one more for each guess that is right.
void Generator::Advance(Sequence& sequence) {
  const std::vector<llama_token> guesses = std::exchange(sequence.guesses, {});
  const size_t computed = sequence.tokens.size() - guesses.size();
  sequence.request->usage.draft_tokens += guesses.size();
  for (size_t right = 0;; ++right) {
    const bool guessed = right < guesses.size();
    const auto token = NextToken(sequence, sequence.row + static_cast<int32_t>(right),
                                 computed + right, guessed ? guesses[right] : LLAMA_TOKEN_NULL);
    if (token && guessed && *token == guesses[right]) continue;
    CutBack(sequence, computed + right);
    if (!token) return;
    sequence.next = *token;
    if (!guesses.empty()) Learn(sequence, guesses.size(), right);
    return;
  }
}

// Guesses more ahead after right ones and less after wrong ones, at last not for a while.
void Generator::Learn(Sequence& sequence, size_t guessed, size_t right) {
  if (right == guessed) {
    sequence.guess_most = guessed * 2;
  } else if (right * 2 < guessed) {
    sequence.guess_most = std::max<size_t>(guessed / 2, 1);
    if (guessed <= 2) sequence.guess_rest = kRestAfterWrongGuesses;
  }
}

// Takes what was computed behind the first `count` tokens out of the cache.
void Generator::CutBack(Sequence& sequence, size_t count) {
  if (sequence.tokens.size() <= count) return;
  if (!llama_memory_seq_rm(llama_get_memory(context_.get()), sequence.id,
                           PositionOf(sequence.images, count), -1)) {
    throw Failure(WASINN_RUNTIME_ERROR, "ggml: llama.cpp could not go back a step");
  }
  sequence.tokens.resize(count);
}

// The token that the scores of `row` choose, behind `computed` tokens; nullopt when the run has
// ended. `guess` is what the draft model held for it.
std::optional<llama_token> Generator::NextToken(Sequence& sequence, int32_t row, size_t computed,
                                                llama_token guess) {
  const std::shared_ptr<Request> request = sequence.request;
  const Settings& settings = request->settings();
  const auto finish = [&](const char* why, wasinn_code code = WASINN_OK, std::string message = {}) {
    CutBack(sequence, computed);
    Save(sequence, code, message);
    End(sequence);
    request->Finish(why, code, message);
    return std::nullopt;
  };
  if (!std::exchange(sequence.answering, true)) request->BeginAnswer();
  if (settings.n_predict == 0) return finish("length");
  std::optional<llama_token> token;
  try {
    const float* scores = llama_get_logits_ith(context_.get(), row);
    if (scores == nullptr) {
      throw Failure(WASINN_RUNTIME_ERROR, "ggml: llama.cpp gave no scores of tokens");
    }
    token = request->sampler->Sample(scores);
    if (!token && request->sampler->is_unfinished()) {
      throw Failure(WASINN_INVALID_ARGUMENT,
                    "ggml: expected a grammar or schema with which the answer can go on by a token "
                    "of the model, given one that has none behind what was written");
    }
    if (!token) return finish("grammar");
    if (llama_vocab_is_eog(graph_.vocabulary, *token)) return finish("end");
    if (*token == guess) ++request->usage.accepted_tokens;
    request->sampler->Accept(*token);
    ++written_;
    if (!request->Answer(*graph_.vocabulary, *token)) return finish(request->usage.finish);
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
    return finish("context", WASINN_CONTEXT_FULL,
                  "ggml: the context of " + std::to_string(request->context_size) +
                      " tokens is full; the answer so far is there" +
                      (settings.context_shift
                           ? "; the model cannot forget the older half, or n-keep leaves none"
                           : ""));
  }
  return token;
}

// Forgets the older half of what may be forgotten; false when that is not wanted or not possible.
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
