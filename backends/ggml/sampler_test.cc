#include "ggml/sampler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "ggml/prompt.h"
#include "ggml/runtime.h"

namespace wasinn::ggml {
namespace {

// A vocabulary that is large enough for the sampler to look at a part of it alone.
struct FreeVocabulary {
  void operator()(llama_model* model) const { llama_model_free(model); }
};
std::unique_ptr<llama_model, FreeVocabulary> Vocabulary() {
  StartLlama();
  llama_model_params params = llama_model_default_params();
  params.vocab_only = true;
  return std::unique_ptr<llama_model, FreeVocabulary>(
      llama_model_load_from_file(WASINN_SMOLLM2_MODEL, params));
}

class SamplerTest : public ::testing::Test {
 protected:
  size_t size() const {
    return static_cast<size_t>(llama_vocab_n_tokens(llama_model_get_vocab(model_.get())));
  }
  std::vector<float> RandomLogits() {
    std::vector<float> logits(size());
    std::normal_distribution<float> normal(0, 3);
    for (float& logit : logits) logit = normal(random_);
    return logits;
  }
  std::optional<llama_token> Sample(const Settings& settings, const std::vector<float>& logits) {
    Sampler sampler(*model_, settings, 4096);
    return sampler.Sample(logits.data());
  }

  std::unique_ptr<llama_model, FreeVocabulary> model_ = Vocabulary();
  std::mt19937 random_{7};
};

TEST_F(SamplerTest, ChoosesAsWhenItLooksAtAllTokens) {
  for (int64_t seed = 0; seed < 50; ++seed) {
    const std::vector<float> logits = RandomLogits();
    Settings settings;
    settings.temp = 3;
    settings.seed = seed;
    settings.logit_bias = R"({"5": -1, "6": false})";
    const auto narrow = Sample(settings, logits);
    // One that is made likelier makes it look at all of them; this one stays unlikely.
    settings.logit_bias = R"({"5": -1, "6": false, "7": 1e-30})";
    EXPECT_EQ(narrow, Sample(settings, logits));
  }
}

TEST_F(SamplerTest, TokensThatBiasesTakeAwayMakeRoomForOthers) {
  std::vector<float> logits(size(), 0);
  std::string biases;
  // The best of as many blocks as top-k is, and one that is next.
  for (size_t i = 0; i < 40; ++i) {
    logits[i * 64] = 10;
    biases += (i == 0 ? "{\"" : ", \"") + std::to_string(i * 64) + "\": false";
  }
  logits[40 * 64 + 1] = 5;
  Settings settings;
  settings.temp = 0;
  settings.logit_bias = biases + "}";
  EXPECT_EQ(Sample(settings, logits), 40 * 64 + 1);
}

TEST_F(SamplerTest, PenalizedTokensMakeRoomForOthers) {
  std::vector<float> logits(size(), -1000);
  Settings settings;
  settings.temp = 0;
  settings.top_k = 1;
  settings.presence_penalty = 10;
  Sampler sampler(*model_, settings, 4096);
  for (llama_token i = 0; i < 64; ++i) {
    logits[static_cast<size_t>(i) * 64] = 10;
    sampler.AcceptPrompt(i * 64);
  }
  logits[64 * 64 + 3] = 5;
  EXPECT_EQ(sampler.Sample(logits.data()), 64 * 64 + 3);
}

TEST_F(SamplerTest, TheLastTokenOfTheVocabularyCounts) {
  std::vector<float> logits(size(), 0);
  logits.back() = 1;
  Settings settings;
  settings.temp = 0;
  EXPECT_EQ(Sample(settings, logits), static_cast<llama_token>(size()) - 1);
}

TEST_F(SamplerTest, LogitsThatAreNotNumbersAreAnError) {
  for (const float wrong : {static_cast<float>(NAN), static_cast<float>(INFINITY)}) {
    for (const size_t at : {size_t{0}, size() / 2, size() - 1}) {
      std::vector<float> logits(size(), 0);
      logits[at] = wrong;
      EXPECT_THROW(Sample(Settings(), logits), Failure) << at;
    }
  }
}

TEST_F(SamplerTest, ManyBreakersAreRefused) {
  const std::vector<float> logits(size(), 0);
  Settings settings;
  settings.dry_multiplier = 1;
  settings.dry_sequence_breakers.assign(32, "a");
  EXPECT_NE(Sample(settings, logits), std::nullopt);
  settings.dry_sequence_breakers.assign(33, "a");
  EXPECT_THROW(Sample(settings, logits), Failure);
}

// A large vocabulary of which few tokens fit, and one of which most do.
TEST_F(SamplerTest, AGrammarChoosesTheLikeliestThatFits) {
  std::vector<float> logits = RandomLogits();
  Settings settings;
  settings.temp = 0;
  for (const int64_t top_k : {int64_t{40}, int64_t{0}}) {
    settings.top_k = top_k;
    for (const char* grammar :
         {"root ::= [0-9]{3}", "root ::= [^z]*", "root ::= \"zq\" | \"x\"+"}) {
      settings.grammar = grammar;
      const auto token = Sample(settings, logits);
      ASSERT_NE(token, std::nullopt) << grammar;
      GrammarMatch match(std::make_shared<const Grammar>(grammar, nullptr));
      const llama_vocab& words = *llama_model_get_vocab(model_.get());
      std::optional<llama_token> best;
      for (llama_token one = 0; one < static_cast<llama_token>(size()); ++one) {
        const bool fits = llama_vocab_is_eog(&words, one)
                              ? match.complete()
                              : match.Allows(one, PieceOf(words, one, true));
        if (fits && (!best || logits[one] > logits[*best])) best = one;
      }
      EXPECT_EQ(token, best) << grammar;
    }
  }
}

TEST_F(SamplerTest, NoneIsChosenWhenAllAreImpossible) {
  EXPECT_EQ(Sample(Settings(), std::vector<float>(size(), -INFINITY)), std::nullopt);
}

}  // namespace
}  // namespace wasinn::ggml
