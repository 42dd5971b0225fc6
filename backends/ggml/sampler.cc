#include "ggml/sampler.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <functional>
#include <memory>
#include <regex>
#include <stdexcept>

#include "ggml/prompt.h"
#include "ggml/runtime.h"
#include "ggml/schema.h"

namespace wasinn::ggml {
namespace {

constexpr size_t kMaxBreakers = 32;
// The maximum bytes of a completion in which a pattern is searched: std::regex recurses for each of
// them.
constexpr size_t kMaxWatchedBytes = 4 << 10;

std::shared_ptr<const Grammar> ReadGrammar(const std::string& what, const std::string& text,
                                           const llama_vocab* vocabulary) {
  try {
    return std::make_shared<const Grammar>(text, vocabulary);
  } catch (const std::invalid_argument& wrong) {
    throw Failure(WASINN_INVALID_ARGUMENT, "ggml: " + what +
                                               ": expected a grammar in GBNF with a rule root, "
                                               "given one that " +
                                               wrong.what());
  }
}

// The grammar that the settings ask for, or null. Throws Failure for a schema that is bad or too
// large.
std::shared_ptr<const Grammar> GrammarOf(const Settings& settings, const llama_vocab* vocabulary) {
  if (!settings.grammar.empty()) {
    return ReadGrammar("option 'grammar'", settings.grammar, vocabulary);
  }
  if (settings.json_schema.empty()) return nullptr;
  return ReadGrammar("option 'json-schema'", GrammarOfSchema(settings.json_schema), vocabulary);
}

// The position of the first group of a pattern that matches a text that is not empty, or of the
// whole match; npos if the pattern does not match. `is_whole`: whether the text is the beginning of
// the completion.
size_t PlaceOf(const std::regex& pattern, const std::string& text, bool is_whole) {
  std::smatch match;
  const auto how =
      is_whole ? std::regex_constants::match_default : std::regex_constants::match_not_bol;
  if (!std::regex_search(text, match, pattern, how)) return std::string::npos;
  for (size_t i = 1; i < match.size(); ++i) {
    if (match.length(i) > 0) return static_cast<size_t>(match.position(i));
  }
  return static_cast<size_t>(match.position(0));
}

std::vector<llama_logit_bias> Biases(const llama_vocab* vocabulary, const Settings& settings) {
  const int32_t tokens = llama_vocab_n_tokens(vocabulary);
  std::vector<llama_logit_bias> biases;
  for (const TokenBias& bias : LogitBias(settings, tokens)) {
    biases.push_back({bias.token, bias.bias});
  }
  int32_t count = 0;
  const llama_token* never = llama_vocab_get_suppress_tokens(vocabulary, &count);
  for (int32_t i = 0; i < count; ++i) {
    if (never[i] >= 0 && never[i] < tokens) biases.push_back({never[i], -INFINITY});
  }
  if (settings.ignore_eos) {
    for (llama_token token = 0; token < tokens; ++token) {
      if (llama_vocab_is_eog(vocabulary, token)) biases.push_back({token, -INFINITY});
    }
  }
  return biases;
}

// Logits are looked at in blocks of so many.
constexpr size_t kBlock = 64;

// The largest of a block's logits; clears `good` if one is above FLT_MAX or not a number.
float TopOf(const float* logits, bool& good) {
  constexpr size_t kLanes = 16;  // parallel lanes, so that the compiler uses vectors
  float top[kLanes];
  int32_t bad[kLanes] = {};
  std::ranges::fill(top, -INFINITY);
  for (size_t i = 0; i < kBlock; i += kLanes) {
    for (size_t j = 0; j < kLanes; ++j) {
      const float logit = logits[i + j];
      top[j] = top[j] < logit ? logit : top[j];
      bad[j] |= logit <= FLT_MAX ? 0 : 1;
    }
  }
  good = good && std::ranges::all_of(bad, [](int32_t one) { return one == 0; });
  return std::ranges::max(top);
}

// How many of the likeliest tokens the chain uses; 0: possibly all. Samplers before top-k may only
// make tokens less likely, and each such token adds one more.
size_t MaxCandidates(const Settings& settings, const std::vector<llama_logit_bias>& biases,
                     int32_t penalized) {
  if (settings.mirostat != 0 || settings.top_k <= 0 || settings.top_n_sigma >= 0) return 0;
  if (settings.dry_multiplier > 0 || settings.repeat_penalty < 1 ||
      settings.frequency_penalty < 0 || settings.presence_penalty < 0) {
    return 0;
  }
  if (std::ranges::any_of(biases, [](const auto& bias) { return bias.bias > 0; })) return 0;
  return static_cast<size_t>(settings.top_k) + biases.size() + static_cast<size_t>(penalized);
}

// Removes impossible candidates: some of llama.cpp's samplers compute the logarithm of each
// probability, and with a probability of zero they select any token.
void DropImpossible(llama_sampler*, llama_token_data_array* candidates) {
  llama_token_data* end =
      std::remove_if(candidates->data, candidates->data + candidates->size,
                     [](const llama_token_data& one) { return one.logit == -INFINITY; });
  // If none is left, the caller notices it by the selected token.
  if (end != candidates->data) candidates->size = static_cast<size_t>(end - candidates->data);
}

llama_sampler_i PossibleSampler() {
  llama_sampler_i functions{};
  functions.name = [](const llama_sampler*) { return "possible"; };
  functions.apply = DropImpossible;
  return functions;
}

}  // namespace

Sampler::Sampler(const llama_model& model, const Settings& settings, int32_t context_size,
                 const ChatGrammar& of_chat)
    : words_(*llama_model_get_vocab(&model)),
      vocabulary_(llama_vocab_n_tokens(llama_model_get_vocab(&model))),
      likely_count_(static_cast<size_t>(settings.logprobs)) {
  const llama_vocab* vocabulary = llama_model_get_vocab(&model);
  llama_sampler_chain_params params = llama_sampler_chain_default_params();
  params.no_perf = true;
  chain_.reset(llama_sampler_chain_init(params));
  const auto add = [&](llama_sampler* sampler) { llama_sampler_chain_add(chain_.get(), sampler); };
  const auto number = [](double value) { return static_cast<float>(value); };
  const auto last = [&](int64_t count) {
    return count < 0 ? context_size : static_cast<int32_t>(std::min<int64_t>(count, context_size));
  };
  const auto seed = static_cast<uint32_t>(settings.seed < 0 ? LLAMA_DEFAULT_SEED : settings.seed);

  const auto biases = Biases(vocabulary, settings);
  max_candidates_ = MaxCandidates(settings, biases, last(settings.repeat_last_n));
  if (!biases.empty()) {
    add(llama_sampler_init_logit_bias(vocabulary_, static_cast<int32_t>(biases.size()),
                                      biases.data()));
  }
  static const llama_sampler_i possible = PossibleSampler();
  add(llama_sampler_init(const_cast<llama_sampler_i*>(&possible), nullptr));
  add(llama_sampler_init_penalties(
      vocabulary_, last(settings.repeat_last_n), number(settings.repeat_penalty),
      number(settings.frequency_penalty), number(settings.presence_penalty)));
  if (settings.mirostat == 0) {
    if (settings.dry_multiplier > 0 && settings.dry_base > 0) {
      // llama.cpp searches for each of them in all tokens of the vocabulary.
      if (settings.dry_sequence_breakers.size() > kMaxBreakers) {
        throw Failure(WASINN_INVALID_ARGUMENT,
                      "ggml: option 'dry-sequence-breakers': expected at most " +
                          std::to_string(kMaxBreakers) + " texts, given " +
                          std::to_string(settings.dry_sequence_breakers.size()));
      }
      std::vector<const char*> breakers;
      for (const std::string& text : settings.dry_sequence_breakers) {
        breakers.push_back(text.c_str());
      }
      if (breakers.empty()) breakers = {"\n", ":", "\"", "*"};
      add(llama_sampler_init_dry(vocabulary, number(settings.dry_multiplier),
                                 number(settings.dry_base), last(settings.dry_allowed_length),
                                 last(settings.dry_penalty_last_n), breakers.data(),
                                 breakers.size()));
    }
    if (settings.top_n_sigma >= 0) {
      add(llama_sampler_init_top_n_sigma(number(settings.top_n_sigma)));
    }
    add(llama_sampler_init_top_k(static_cast<int32_t>(settings.top_k)));
    add(llama_sampler_init_typical(number(settings.typical), 1));
    add(llama_sampler_init_top_p(number(settings.top_p), 1));
    add(llama_sampler_init_min_p(number(settings.min_p), 1));
    add(llama_sampler_init_xtc(number(settings.xtc_probability), number(settings.xtc_threshold), 1,
                               seed));
    add(llama_sampler_init_temp_ext(number(settings.temp), number(settings.dynatemp_range),
                                    number(settings.dynatemp_exponent)));
    add(llama_sampler_init_dist(seed));
  } else {
    add(llama_sampler_init_temp(number(settings.temp)));
    if (settings.mirostat == 1) {
      add(llama_sampler_init_mirostat(vocabulary_, seed, number(settings.mirostat_tau),
                                      number(settings.mirostat_eta), 100));
    } else {
      add(llama_sampler_init_mirostat_v2(seed, number(settings.mirostat_tau),
                                         number(settings.mirostat_eta)));
    }
  }
  if (auto grammar = GrammarOf(settings, vocabulary)) {
    grammar_.emplace(std::move(grammar), static_cast<size_t>(vocabulary_));
  } else if (!of_chat.text.empty()) {
    SetChatGrammar(of_chat);
  }
}

void Sampler::SetChatGrammar(const ChatGrammar& grammar) {
  grammar_.emplace(ReadGrammar("input 'chat', tools", grammar.text, &words_),
                   static_cast<size_t>(vocabulary_));
  if (grammar.lazy) {
    waiting_.emplace();
    waiting_->words = grammar.words;
    waiting_->tokens = grammar.tokens;
    for (const std::string& pattern : grammar.patterns) waiting_->patterns.emplace_back(pattern);
    for (const std::string& word : grammar.words) {
      waiting_->longest = std::max(waiting_->longest, word.size());
    }
    if (!grammar.patterns.empty()) waiting_->longest = kMaxWatchedBytes;
    return;
  }
  for (const llama_token token : grammar.before) {
    if (grammar_->Accept(token, PieceOf(words_, token, true))) continue;
    throw Failure(
        WASINN_UNSUPPORTED_OPERATION,
        "ggml: input 'chat': expected a template whose completions llama.cpp can parse, given "
        "another");
  }
}

void Sampler::AcceptPrompt(llama_token token) { llama_sampler_accept(chain_.get(), token); }

bool Sampler::Read(const float* logits) {
  const auto count = static_cast<size_t>(vocabulary_);
  bool good = true;
  tops_.clear();
  size_t at = 0;
  for (; at + kBlock <= count; at += kBlock) tops_.push_back(TopOf(logits + at, good));
  if (at < count) {
    float rest[kBlock];
    std::ranges::fill(rest, -INFINITY);
    std::copy(logits + at, logits + count, rest);
    tops_.push_back(TopOf(rest, good));
  }
  if (!good) {
    throw Failure(WASINN_RUNTIME_ERROR,
                  "ggml: expected logits that are numbers, the model computed others");
  }
  return std::ranges::any_of(tops_, [](float top) { return top >= -FLT_MAX; });
}

void Sampler::Load(const float* logits) {
  const auto count = static_cast<size_t>(vocabulary_);
  data_.clear();
  float min = -INFINITY;
  if (max_candidates_ > 0 && max_candidates_ < tops_.size()) {
    // This many blocks have a logit of at least this value, so there are at least as many tokens.
    std::vector<float> order = tops_;
    const auto last = order.begin() + static_cast<std::ptrdiff_t>(max_candidates_) - 1;
    std::ranges::nth_element(order, last, std::greater());
    min = *last;
  }
  for (size_t block = 0; block < tops_.size(); ++block) {
    if (tops_[block] < min) continue;
    const size_t end = std::min(count, (block + 1) * kBlock);
    for (size_t token = block * kBlock; token < end; ++token) {
      if (logits[token] < min) continue;
      data_.push_back({static_cast<llama_token>(token), logits[token], 0});
    }
  }
  candidates_ = {data_.data(), data_.size(), -1, false};
}

void Sampler::LoadAllowed(const float* logits) {
  std::vector<llama_token> order;
  for (llama_token token = 0; token < vocabulary_; ++token) {
    if (logits[token] > -INFINITY) order.push_back(token);
  }
  const auto is_less = [&](llama_token a, llama_token b) { return logits[a] < logits[b]; };
  std::ranges::make_heap(order, is_less);
  data_.clear();
  while (!order.empty() && (max_candidates_ == 0 || data_.size() < max_candidates_)) {
    std::ranges::pop_heap(order, is_less);
    const llama_token token = order.back();
    order.pop_back();
    if (Allows(token)) data_.push_back({token, logits[token], 0});
  }
  candidates_ = {data_.data(), data_.size(), -1, true};
}

// Applies the chain to the candidates.
std::optional<llama_token> Sampler::Choose() {
  llama_sampler_apply(chain_.get(), &candidates_);
  const int64_t chosen = candidates_.selected;
  if (chosen < 0 || chosen >= static_cast<int64_t>(candidates_.size)) return std::nullopt;
  if (candidates_.data[chosen].logit == -INFINITY) return std::nullopt;
  return candidates_.data[chosen].id;
}

bool Sampler::Allows(llama_token token) {
  if (llama_vocab_is_eog(&words_, token)) return grammar_->complete();
  const std::string piece = PieceOf(words_, token, true);
  if (!grammar_->HasTokens() &&
      (piece.empty() || !grammar_->MayBegin(static_cast<uint8_t>(piece.front())))) {
    return false;
  }
  return grammar_->Allows(token, piece);
}

std::optional<llama_token> Sampler::Sample(const float* logits) {
  if (!Read(logits)) return std::nullopt;
  Load(logits);
  std::optional<llama_token> token = Choose();
  // Usually the sampled token fits the grammar; checking all tokens takes long.
  if (grammar_ && !waiting_ && !(token && Allows(*token))) {
    LoadAllowed(logits);
    token = data_.empty() ? std::nullopt : Choose();
  }
  if (token && likely_count_ > 0) NoteLikely(logits, *token);
  return token;
}

void Sampler::Accept(llama_token token) {
  if (waiting_) {
    Watch(token);
  } else if (grammar_ && !llama_vocab_is_eog(&words_, token)) {
    grammar_->Accept(token, PieceOf(words_, token, true));
  }
  llama_sampler_accept(chain_.get(), token);
}

// The grammar of a chat accepts a token at which, or after which, it begins to apply. If it does
// not accept the text there, it is dropped: the completion is free.
void Sampler::AcceptByGrammar(llama_token token, std::string_view piece) {
  if (grammar_ && !grammar_->Accept(token, piece)) grammar_.reset();
}

// Searches the last tokens for the grammar's triggers.
void Sampler::Watch(llama_token token) {
  Waiting& waiting = *waiting_;
  const std::string piece = PieceOf(words_, token, true);
  if (std::ranges::find(waiting.tokens, token) != waiting.tokens.end()) {
    waiting_.reset();
    return AcceptByGrammar(token, piece);
  }
  waiting.last.emplace_back(token, piece.size());
  waiting.text += piece;
  size_t at = std::string::npos;
  for (const std::string& word : waiting.words) at = std::min(at, waiting.text.find(word));
  for (const std::regex& pattern : waiting.patterns) {
    at = std::min(at, PlaceOf(pattern, waiting.text, waiting.is_whole));
  }
  if (at != std::string::npos) return Begin(at);
  while (waiting.text.size() - waiting.last.front().second >= waiting.longest) {
    waiting.text.erase(0, waiting.last.front().second);
    waiting.last.pop_front();
    waiting.is_whole = false;
  }
}

// The grammar applies from that byte of the last tokens on.
void Sampler::Begin(size_t at) {
  const Waiting found = *std::move(waiting_);
  waiting_.reset();
  size_t from = 0;
  for (const auto& [token, size] : found.last) {
    const size_t end = from + size;
    const size_t begin = std::max(from, at);
    if (end > at) AcceptByGrammar(token, std::string_view(found.text).substr(begin, end - begin));
    from = end;
  }
}

void Sampler::NoteLikely(const float* logits, llama_token chosen) {
  const float top = *std::max_element(logits, logits + vocabulary_);
  double sum = 0;
  for (int32_t token = 0; token < vocabulary_; ++token) sum += std::exp(logits[token] - top);
  const auto logprob = [&](llama_token token) {
    return logits[token] - top - static_cast<float>(std::log(sum));
  };
  std::vector<llama_token> order(static_cast<size_t>(vocabulary_));
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<llama_token>(i);
  const size_t count = std::min(likely_count_, order.size());
  std::ranges::partial_sort(order, order.begin() + static_cast<std::ptrdiff_t>(count),
                            [&](llama_token a, llama_token b) { return logits[a] > logits[b]; });
  likely_.clear();
  for (size_t i = 0; i < count; ++i) likely_.push_back({order[i], logprob(order[i])});
  chosen_logprob_ = logprob(chosen);
}

}  // namespace wasinn::ggml
