#include "llm_native.h"

#include <llama.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <memory>
#include <vector>

#include "task.h"

namespace wasinn::bench {
namespace {

using Clock = std::chrono::steady_clock;

uint64_t NanosecondsSince(Clock::time_point start) {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count());
}

struct Free {
  void operator()(llama_model* model) const { llama_model_free(model); }
  void operator()(llama_context* context) const { llama_free(context); }
  void operator()(llama_sampler* sampler) const { llama_sampler_free(sampler); }
};
using Model = std::unique_ptr<llama_model, Free>;
using Context = std::unique_ptr<llama_context, Free>;
using Sampler = std::unique_ptr<llama_sampler, Free>;

llama_model* Load(const std::string& path) {
  static std::map<std::string, Model> models;
  Model& model = models[path];
  if (model == nullptr) {
    llama_backend_init();
    llama_log_set([](ggml_log_level, const char*, void*) {}, nullptr);
    model.reset(llama_model_load_from_file(path.c_str(), llama_model_default_params()));
  }
  if (model == nullptr) Die(path + ": llama.cpp cannot load it");
  return model.get();
}

std::vector<llama_token> Tokens(const llama_vocab* vocabulary, const std::string& text) {
  std::vector<llama_token> tokens(text.size() + 2);
  const int32_t count =
      llama_tokenize(vocabulary, text.data(), static_cast<int32_t>(text.size()), tokens.data(),
                     static_cast<int32_t>(tokens.size()), true, true);
  if (count <= 0) Die("a prompt that llama.cpp cannot read");
  tokens.resize(static_cast<size_t>(count));
  return tokens;
}

}  // namespace

NativeAnswer AnswerNatively(const std::string& path, const std::string& prompt, int32_t tokens,
                            int32_t threads) {
  llama_model* model = Load(path);
  const llama_vocab* vocabulary = llama_model_get_vocab(model);
  llama_context_params params = llama_context_default_params();
  params.n_ctx = 4096;
  params.n_threads = params.n_threads_batch = threads;
  const Context context(llama_init_from_model(model, params));
  if (context == nullptr) Die(path + ": llama.cpp gives no context");
  // The completion continues after the token that would end it, as with the option ignore-eos.
  std::vector<llama_logit_bias> never;
  for (llama_token token = 0; token < llama_vocab_n_tokens(vocabulary); ++token) {
    if (llama_vocab_is_eog(vocabulary, token)) never.push_back({token, -INFINITY});
  }
  const Sampler chain(llama_sampler_chain_init(llama_sampler_chain_default_params()));
  llama_sampler_chain_add(
      chain.get(), llama_sampler_init_logit_bias(llama_vocab_n_tokens(vocabulary),
                                                 static_cast<int32_t>(never.size()), never.data()));
  llama_sampler_chain_add(chain.get(), llama_sampler_init_greedy());

  NativeAnswer answer;
  const Clock::time_point start = Clock::now();
  std::vector<llama_token> next = Tokens(vocabulary, prompt);
  for (int32_t i = 0; i < tokens; ++i) {
    if (llama_decode(context.get(),
                     llama_batch_get_one(next.data(), static_cast<int32_t>(next.size()))) != 0) {
      Die(path + ": llama.cpp cannot compute");
    }
    next = {llama_sampler_sample(chain.get(), context.get(), -1)};
    char piece[256];
    const int32_t size = llama_token_to_piece(vocabulary, next[0], piece, sizeof piece, 0, false);
    answer.text.append(piece, static_cast<size_t>(std::max(size, 0)));
    if (i == 0) answer.first_ns = NanosecondsSince(start);
  }
  answer.total_ns = NanosecondsSince(start);
  return answer;
}

}  // namespace wasinn::bench
