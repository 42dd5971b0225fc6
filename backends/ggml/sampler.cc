#include "ggml/sampler.h"

#include <common/json-schema-to-grammar.h>
#include <common/json.h>

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "ggml/prompt.h"
#include "ggml/runtime.h"

namespace wasinn::ggml {
namespace {

// llama.cpp reads grammars by recursion over brackets, and follows rules by recursion.
constexpr size_t kMostGrammarBytes = 256 << 10;
constexpr size_t kMostGrammarDepth = 256;

Failure BadGrammar(const std::string& given) {
  return Failure(
      WASINN_INVALID_ARGUMENT,
      "ggml: option 'grammar': expected a grammar in GBNF with a rule root, given " + given);
}

void CheckGrammar(const std::string& text) {
  if (text.size() > kMostGrammarBytes) {
    throw BadGrammar("one of " + std::to_string(text.size()) + " bytes, above the limit of " +
                     std::to_string(kMostGrammarBytes));
  }
  // Brackets in quotes count, too; no real grammar comes near the limit either way.
  size_t depth = 0;
  for (const char c : text) {
    if (c == '(' && ++depth > kMostGrammarDepth) {
      throw BadGrammar("one that is nested deeper than " + std::to_string(kMostGrammarDepth));
    }
    if (c == ')' && depth > 0) --depth;
  }
}

// What the text matches, itself.
std::string Escaped(const std::string& text) {
  std::string pattern;
  for (const char c : text) {
    if (std::string_view("^$\\.*+?()[]{}|/-").find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  return pattern;
}

llama_sampler* NewGrammar(const llama_vocab* vocabulary, const std::string& text,
                          const ChatGrammar& waits) {
  if (!waits.lazy) return llama_sampler_init_grammar(vocabulary, text.c_str(), "root");
  std::vector<std::string> patterns = waits.patterns;
  for (const std::string& word : waits.words) patterns.push_back(Escaped(word));
  std::vector<const char*> pointers;
  for (const std::string& pattern : patterns) pointers.push_back(pattern.c_str());
  return llama_sampler_init_grammar_lazy_patterns(vocabulary, text.c_str(), "root", pointers.data(),
                                                  pointers.size(), waits.tokens.data(),
                                                  waits.tokens.size());
}

llama_sampler* LoadGrammar(const llama_vocab* vocabulary, const std::string& text,
                           const ChatGrammar& waits = {}) {
  CheckGrammar(text);
  llama_sampler* grammar = nullptr;
  std::string why;
  try {
    grammar = NewGrammar(vocabulary, text, waits);
  } catch (const std::exception& exception) {
    why = exception.what();
  }
  if (grammar != nullptr) return grammar;
  if (why.empty()) why = Guarded::FirstError();
  // llama.cpp quotes the rest of the grammar.
  if (why.size() > 200) why.resize(200);
  throw BadGrammar("one that llama.cpp does not take" + (why.empty() ? "" : " (" + why + ")"));
}

// llama.cpp's time for a pattern that waits in an answer grows with the square of the answer.
constexpr size_t kMostWatchedBytes = 64 << 10;

// llama.cpp's time and memory for a schema grow with the square of an object's properties.
constexpr size_t kMostSchemaEntries = 256;

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

// Scores are looked at in blocks of so many.
constexpr size_t kBlock = 64;

// The greatest of a block's scores; clears `good` when one is above FLT_MAX or no number.
float TopOf(const float* scores, bool& good) {
  constexpr size_t kLanes = 16;  // side by side, for the compiler to use vectors
  float top[kLanes];
  int32_t bad[kLanes] = {};
  std::ranges::fill(top, -INFINITY);
  for (size_t i = 0; i < kBlock; i += kLanes) {
    for (size_t j = 0; j < kLanes; ++j) {
      const float score = scores[i + j];
      top[j] = top[j] < score ? score : top[j];
      bad[j] |= score <= FLT_MAX ? 0 : 1;
    }
  }
  good = good && std::ranges::all_of(bad, [](int32_t one) { return one == 0; });
  return std::ranges::max(top);
}

// From how many of the likeliest tokens the chain chooses; 0: it may look at all. What comes before
// top-k may only make tokens less likely, and each of those makes room for another.
size_t MostCandidates(const Settings& settings, const std::vector<llama_logit_bias>& biases,
                      int32_t penalized) {
  if (settings.mirostat != 0 || settings.top_k <= 0 || settings.top_n_sigma >= 0) return 0;
  if (settings.dry_multiplier > 0 || settings.repeat_penalty < 1 ||
      settings.frequency_penalty < 0 || settings.presence_penalty < 0) {
    return 0;
  }
  if (std::ranges::any_of(biases, [](const auto& bias) { return bias.bias > 0; })) return 0;
  return static_cast<size_t>(settings.top_k) + biases.size() + static_cast<size_t>(penalized);
}

}  // namespace

void CheckSchema(const std::string& what, const nlohmann::json& schema) {
  if (!schema.is_structured()) return;
  if (schema.size() > kMostSchemaEntries) {
    throw Failure(WASINN_TOO_LARGE,
                  "ggml: " + what + ": expected at most " + std::to_string(kMostSchemaEntries) +
                      " entries in an object or a list, given " + std::to_string(schema.size()));
  }
  for (const nlohmann::json& entry : schema) CheckSchema(what, entry);
}

std::string GrammarOf(const Settings& settings) {
  if (!settings.grammar.empty()) return settings.grammar;
  if (settings.json_schema.empty()) return {};
  CheckSchema("option 'json-schema'",
              ParseJson("ggml: option 'json-schema'", settings.json_schema));
  try {
    return json_schema_to_grammar(common_json::parse(settings.json_schema), true);
  } catch (const std::exception& exception) {
    std::string why = exception.what();
    if (why.size() > 300) why.resize(300);
    std::ranges::replace(why, '\n', ' ');
    throw Failure(
        WASINN_INVALID_ARGUMENT,
        "ggml: option 'json-schema': expected a schema that can be a grammar, given one that "
        "cannot (" +
            why + ")");
  }
}

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
  most_ = MostCandidates(settings, biases, last(settings.repeat_last_n));
  if (!biases.empty()) {
    add(llama_sampler_init_logit_bias(vocabulary_, static_cast<int32_t>(biases.size()),
                                      biases.data()));
  }
  add(llama_sampler_init_penalties(
      vocabulary_, last(settings.repeat_last_n), number(settings.repeat_penalty),
      number(settings.frequency_penalty), number(settings.presence_penalty)));
  if (settings.mirostat == 0) {
    if (settings.dry_multiplier > 0 && settings.dry_base > 0) {
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
  if (const std::string grammar = GrammarOf(settings); !grammar.empty()) {
    grammar_.reset(LoadGrammar(vocabulary, grammar));
  } else if (!of_chat.text.empty()) {
    SetChatGrammar(of_chat);
  }
}

void Sampler::SetChatGrammar(const ChatGrammar& grammar) {
  grammar_.reset(LoadGrammar(&words_, grammar.text, grammar));
  if (grammar.lazy) {
    waiting_.emplace();
    waiting_->words = grammar.words;
    waiting_->tokens = grammar.tokens;
    waiting_->patterns = !grammar.patterns.empty();
    for (const std::string& word : grammar.words) {
      waiting_->longest = std::max(waiting_->longest, word.size());
    }
    return;
  }
  try {
    for (const llama_token token : grammar.before) {
      llama_sampler_accept(grammar_.get(), token);
    }
  } catch (const std::exception& exception) {
    throw Failure(WASINN_UNSUPPORTED_OPERATION,
                  std::string("ggml: input 'chat': expected a template whose answers llama.cpp can "
                              "read, given another (") +
                      exception.what() + ")");
  }
}

void Sampler::AcceptPrompt(llama_token token) { llama_sampler_accept(chain_.get(), token); }

bool Sampler::Read(const float* scores) {
  const auto count = static_cast<size_t>(vocabulary_);
  bool good = true;
  tops_.clear();
  size_t at = 0;
  for (; at + kBlock <= count; at += kBlock) tops_.push_back(TopOf(scores + at, good));
  if (at < count) {
    float rest[kBlock];
    std::ranges::fill(rest, -INFINITY);
    std::copy(scores + at, scores + count, rest);
    tops_.push_back(TopOf(rest, good));
  }
  if (!good) {
    throw Failure(WASINN_RUNTIME_ERROR,
                  "ggml: expected numbers as the scores of tokens, the model computed others");
  }
  return std::ranges::any_of(tops_, [](float top) { return top >= -FLT_MAX; });
}

void Sampler::Load(const float* scores, size_t most) {
  const auto count = static_cast<size_t>(vocabulary_);
  data_.clear();
  float least = -INFINITY;
  if (most > 0 && most < tops_.size()) {
    // So many blocks have a score of at least this, so there are as many tokens.
    std::vector<float> order = tops_;
    const auto last = order.begin() + static_cast<std::ptrdiff_t>(most) - 1;
    std::ranges::nth_element(order, last, std::greater());
    least = *last;
  }
  for (size_t block = 0; block < tops_.size(); ++block) {
    if (tops_[block] < least) continue;
    const size_t end = std::min(count, (block + 1) * kBlock);
    for (size_t token = block * kBlock; token < end; ++token) {
      if (scores[token] < least) continue;
      data_.push_back({static_cast<llama_token>(token), scores[token], 0});
    }
  }
  candidates_ = {data_.data(), data_.size(), -1, false};
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
  llama_token_data one{token, 1, 0};
  llama_token_data_array only{&one, 1, -1, false};
  llama_sampler_apply(grammar_.get(), &only);
  return one.logit != -INFINITY;
}

std::optional<llama_token> Sampler::Sample(const float* scores) {
  if (!Read(scores)) return std::nullopt;
  Load(scores, most_);
  std::optional<llama_token> token = Choose();
  // Most tokens fit by themselves; to look at all of them takes long.
  if (grammar_ != nullptr && !(token && Allows(*token))) {
    Load(scores, 0);
    llama_sampler_apply(grammar_.get(), &candidates_);
    const bool none = std::ranges::all_of(
        data_, [](const llama_token_data& one) { return one.logit == -INFINITY; });
    token = none ? std::nullopt : Choose();
    if (token && !Allows(*token)) token = std::nullopt;
  }
  if (token && likely_count_ > 0) NoteLikely(scores, *token);
  return token;
}

void Sampler::Accept(llama_token token) {
  if (waiting_) {
    Watch(token);
  } else if (grammar_ != nullptr) {
    llama_sampler_accept(grammar_.get(), token);
  }
  llama_sampler_accept(chain_.get(), token);
}

// The grammar of a chat takes a token at which, or behind which, it may begin to hold. When the
// text there is none that it takes, it is given up: the answer is free.
void Sampler::AcceptByGrammar(llama_token token) {
  if (grammar_ == nullptr) return;
  try {
    llama_sampler_accept(grammar_.get(), token);
  } catch (const std::exception&) {
    grammar_.reset();
  }
}

// llama.cpp looks for the words in all of the answer at every token, so it gets only the tokens in
// which one is.
void Sampler::Watch(llama_token token) {
  Waiting& waiting = *waiting_;
  const std::string piece = PieceOf(words_, token, true);
  if (waiting.patterns) {
    // These may look at the answer from its beginning.
    waiting.watched += piece.size();
    if (waiting.watched <= kMostWatchedBytes) AcceptByGrammar(token);
    return;
  }
  if (std::ranges::find(waiting.tokens, token) != waiting.tokens.end()) {
    waiting_.reset();
    return AcceptByGrammar(token);
  }
  waiting.last.emplace_back(token, piece);
  std::string text;
  for (const auto& [one, its_piece] : waiting.last) text += its_piece;
  size_t at = std::string::npos;
  for (const std::string& word : waiting.words) at = std::min(at, text.find(word));
  if (at != std::string::npos) {
    const auto last = std::move(waiting.last);
    waiting_.reset();
    size_t end = 0;
    for (const auto& [one, its_piece] : last) {
      end += its_piece.size();
      if (end > at) AcceptByGrammar(one);
    }
    return;
  }
  while (text.size() - waiting.last.front().second.size() >= waiting.longest) {
    text.erase(0, waiting.last.front().second.size());
    waiting.last.pop_front();
  }
}

void Sampler::NoteLikely(const float* scores, llama_token chosen) {
  const float top = *std::max_element(scores, scores + vocabulary_);
  double sum = 0;
  for (int32_t token = 0; token < vocabulary_; ++token) sum += std::exp(scores[token] - top);
  const auto logprob = [&](llama_token token) {
    return scores[token] - top - static_cast<float>(std::log(sum));
  };
  std::vector<llama_token> order(static_cast<size_t>(vocabulary_));
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<llama_token>(i);
  const size_t count = std::min(likely_count_, order.size());
  std::ranges::partial_sort(order, order.begin() + static_cast<std::ptrdiff_t>(count),
                            [&](llama_token a, llama_token b) { return scores[a] > scores[b]; });
  likely_.clear();
  for (size_t i = 0; i < count; ++i) likely_.push_back({order[i], logprob(order[i])});
  chosen_logprob_ = logprob(chosen);
}

}  // namespace wasinn::ggml
