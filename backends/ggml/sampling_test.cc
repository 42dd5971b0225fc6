// The effect of each sampling option on the next token.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <set>

#include "ggml/runtime.h"
#include "ggml/sampler.h"
#include "ggml/test_support.h"

namespace wasinn::ggml {
namespace {

struct FreeVocabulary {
  void operator()(llama_model* model) const { llama_model_free(model); }
};

constexpr int kDraws = 300;
constexpr llama_token kEnd = 2;
constexpr llama_token TokenOf(char letter) { return 260 + letter - 'a'; }

class GgmlSamplingTest : public ::testing::Test {
 protected:
  GgmlSamplingTest() {
    StartLlama();
    llama_model_params params = llama_model_default_params();
    params.vocab_only = true;
    model_.reset(llama_model_load_from_file(WASINN_ALPHABET_MODEL, params));
    // Nothing but chance.
    plain_.temp = 1;
    plain_.top_k = 0;
    plain_.top_p = 1;
    plain_.min_p = 0;
  }

  static std::vector<float> Logits(const std::map<llama_token, float>& given) {
    std::vector<float> logits(296, -INFINITY);
    for (const auto& [token, logit] : given) logits[static_cast<size_t>(token)] = logit;
    return logits;
  }
  // a, b, c, ... with these likelihoods.
  static std::vector<float> Likelihoods(const std::vector<float>& list) {
    std::map<llama_token, float> logits;
    for (size_t i = 0; i < list.size(); ++i) {
      logits[TokenOf(static_cast<char>('a' + i))] = std::log(list[i]);
    }
    return Logits(logits);
  }

  // How often each letter comes.
  std::map<char, int> Counts(Settings settings, const std::vector<float>& logits) {
    std::map<char, int> counts;
    for (settings.seed = 0; settings.seed < kDraws; ++settings.seed) {
      Sampler sampler(*model_, settings, 100);
      const auto token = sampler.Sample(logits.data());
      if (token) ++counts[static_cast<char>('a' + *token - 260)];
    }
    return counts;
  }
  std::string Letters(const Settings& settings) {
    std::string letters;
    for (const auto& [letter, count] : Counts(settings, Likelihoods(kUsual))) letters += letter;
    return letters;
  }
  // The likeliest after `before`.
  char After(const std::string& before, Settings settings,
             const std::map<llama_token, float>& logits) {
    settings.temp = 0;
    Sampler sampler(*model_, settings, 100);
    for (const char letter : before) sampler.AcceptPrompt(TokenOf(letter));
    const auto token = sampler.Sample(Logits(logits).data());
    return token ? static_cast<char>('a' + *token - 260) : '-';
  }

  static inline const std::vector<float> kUsual = {0.5, 0.25, 0.15, 0.07, 0.03};
  static inline const std::map<llama_token, float> kAThenB = {{TokenOf('a'), 5}, {TokenOf('b'), 4}};
  std::unique_ptr<llama_model, FreeVocabulary> model_;
  Settings plain_;
};

TEST_F(GgmlSamplingTest, ChanceAlone) {
  const auto counts = Counts(plain_, Likelihoods(kUsual));
  EXPECT_EQ(Letters(plain_), "abcde");
  EXPECT_NEAR(counts.at('a'), kDraws * 0.5, kDraws * 0.1);
  EXPECT_NEAR(counts.at('c'), kDraws * 0.15, kDraws * 0.08);
}

TEST_F(GgmlSamplingTest, Temperature) {
  Settings settings = plain_;
  settings.temp = 0;
  EXPECT_EQ(Letters(settings), "a");
  settings.temp = 100;
  EXPECT_GT(Counts(settings, Likelihoods(kUsual)).at('e'), kDraws / 8);
}

TEST_F(GgmlSamplingTest, TopK) {
  plain_.top_k = 2;
  EXPECT_EQ(Letters(plain_), "ab");
}

TEST_F(GgmlSamplingTest, TopP) {
  plain_.top_p = 0.7;
  EXPECT_EQ(Letters(plain_), "ab");
}

TEST_F(GgmlSamplingTest, MinP) {
  plain_.min_p = 0.2;  // of the likeliest: 0.1
  EXPECT_EQ(Letters(plain_), "abc");
}

TEST_F(GgmlSamplingTest, Typical) {
  plain_.typical = 0.2;  // b is nearest to what is to be expected
  EXPECT_EQ(Letters(plain_), "b");
}

TEST_F(GgmlSamplingTest, TopNSigma) {
  plain_.top_n_sigma = 1;
  EXPECT_EQ(Letters(plain_), "ab");
}

TEST_F(GgmlSamplingTest, Xtc) {
  plain_.xtc_probability = 1;
  plain_.xtc_threshold = 0.1;  // of a, b and c the last stays
  EXPECT_EQ(Letters(plain_), "cde");
  plain_.xtc_probability = 0;
  EXPECT_EQ(Letters(plain_), "abcde");
}

TEST_F(GgmlSamplingTest, Dynatemp) {
  const std::vector<float> certain = Likelihoods({0.9, 0.025, 0.025, 0.025, 0.025});
  const int with_a = Counts(plain_, certain).at('a');
  plain_.dynatemp_range = 1;
  // An almost certain token becomes even more likely.
  EXPECT_LT(kDraws - Counts(plain_, certain).at('a'), (kDraws - with_a) / 2);
  plain_.dynatemp_exponent = 0;  // always the highest temperature, 2
  EXPECT_GT(kDraws - Counts(plain_, certain).at('a'), kDraws - with_a);
}

TEST_F(GgmlSamplingTest, Mirostat) {
  for (const int version : {1, 2}) {
    plain_.mirostat = version;
    plain_.mirostat_tau = 0;
    EXPECT_EQ(Letters(plain_), "a") << version;
    plain_.mirostat_tau = 20;
    EXPECT_EQ(Letters(plain_), "abcde") << version;
  }
}

TEST_F(GgmlSamplingTest, Seed) {
  const auto row = [&](int64_t seed) {
    plain_.seed = seed;
    Sampler sampler(*model_, plain_, 100);
    std::vector<llama_token> tokens;
    for (int i = 0; i < 30; ++i) {
      const auto token = sampler.Sample(Likelihoods(kUsual).data());
      if (!token) break;
      tokens.push_back(*token);
      sampler.Accept(*token);
    }
    return tokens;
  };
  EXPECT_EQ(row(5).size(), 30U);
  EXPECT_EQ(row(5), row(5));
  EXPECT_NE(row(5), row(6));
  EXPECT_NE(row(-1), row(-1));
}

TEST_F(GgmlSamplingTest, Penalties) {
  EXPECT_EQ(After("a", plain_, kAThenB), 'a');
  Settings settings = plain_;
  settings.repeat_penalty = 2;
  EXPECT_EQ(After("a", settings, kAThenB), 'b');
  EXPECT_EQ(After("c", settings, kAThenB), 'a');
  settings.repeat_last_n = 1;
  EXPECT_EQ(After("ac", settings, kAThenB), 'a');
  settings = plain_;
  settings.presence_penalty = 2;
  EXPECT_EQ(After("a", settings, kAThenB), 'b');
  settings = plain_;
  settings.frequency_penalty = 0.6;
  EXPECT_EQ(After("a", settings, kAThenB), 'a');
  EXPECT_EQ(After("aa", settings, kAThenB), 'b');
}

TEST_F(GgmlSamplingTest, Dry) {
  const std::map<llama_token, float> logits = {{TokenOf('c'), 5}, {TokenOf('d'), 4}};
  EXPECT_EQ(After("abcab", plain_, logits), 'c');
  plain_.dry_multiplier = 10;
  EXPECT_EQ(After("abcab", plain_, logits), 'd');
  EXPECT_EQ(After("abcxb", plain_, logits), 'c');  // shorter than what is allowed
  Settings settings = plain_;
  settings.dry_allowed_length = 3;
  EXPECT_EQ(After("abcab", settings, logits), 'c');
  settings = plain_;
  settings.dry_penalty_last_n = 3;
  EXPECT_EQ(After("abcab", settings, logits), 'c');
  settings = plain_;
  settings.dry_sequence_breakers = {"b"};
  EXPECT_EQ(After("abcab", settings, logits), 'c');
}

TEST_F(GgmlSamplingTest, LogitBias) {
  plain_.logit_bias = R"({"261": 2})";
  EXPECT_EQ(After("", plain_, kAThenB), 'b');
  plain_.logit_bias = R"({"260": false})";
  EXPECT_EQ(After("", plain_, kAThenB), 'b');
}

TEST_F(GgmlSamplingTest, IgnoreEos) {
  const std::map<llama_token, float> logits = {{kEnd, 9}, {TokenOf('a'), 5}};
  EXPECT_EQ(After("", plain_, logits), static_cast<char>('a' + kEnd - 260));
  plain_.ignore_eos = true;
  EXPECT_EQ(After("", plain_, logits), 'a');
}

// ------------------------------------------------------------------ in runs

TEST(GgmlSamplingRunTest, ASchemaHoldsForEveryPromptOfAContext) {
  const Model model;
  Session session(model, {{"temp", "0"}, {"json-schema", R"({"enum": ["x", "yz"]})"}});
  for (const char* prompt : {"abc", "abcd", "xyz"}) {
    EXPECT_EQ(session.Ask(prompt), WASINN_OK) << session.message;
    EXPECT_TRUE(session.text == "\"x\"" || session.text == "\"yz\"") << session.text;
  }
}

TEST(GgmlSamplingRunTest, AModelThatCannotShiftSaysSo) {
  const Model model({}, TestModel("sections").c_str());
  Session session(model, {{"temp", "0"}, {"ignore-eos", "true"}, {"ctx-size", "16"}});
  EXPECT_EQ(session.Ask("abcdefgh", R"({"context-shift": true})"), WASINN_CONTEXT_FULL)
      << session.message;
  EXPECT_TRUE(session.text.starts_with("ijkl")) << session.text;
  EXPECT_NE(session.message.find("cannot drop the older half"), std::string::npos)
      << session.message;
}

TEST(GgmlSamplingRunTest, NKeepIsNotForgotten) {
  // Dropped tokens are computed again when they return, and kept ones are not.
  const Model model;
  for (const auto& [keep, min] : {std::pair{0, 0}, std::pair{6, 6}}) {
    Session session(model, {{"temp", "0"}});
    const std::string options = R"({"ctx-size": 14, "context-shift": true, "ignore-eos": true,
                                    "n-predict": 30, "n-keep": )" +
                                std::to_string(keep) + "}";
    EXPECT_EQ(session.Ask("aabbcc", options), WASINN_OK) << session.message;
    EXPECT_EQ(session.Ask("aabbcc", options), WASINN_OK) << session.message;
    EXPECT_GE(session.usage["reused_tokens"], min);
    if (keep == 0) {
      EXPECT_LT(session.usage["reused_tokens"], 6);
    }
  }
}

// With random sampling, seven other runs change nothing.
TEST(GgmlSamplingRunTest, ASeedGivesTheSameBesideOthers) {
  const Model model;
  const OptionList wild = {{"temp", "50"}, {"top-k", "0"},      {"top-p", "1"},
                           {"min-p", "0"}, {"n-predict", "40"}, {"ignore-eos", "true"},
                           {"seed", "11"}};
  Session alone(model, wild);
  EXPECT_EQ(alone.Ask("abc"), WASINN_OK);
  std::vector<std::unique_ptr<Session>> sessions;
  std::vector<std::unique_ptr<RunRecord>> runs;
  for (int i = 0; i < 8; ++i) {
    sessions.push_back(std::make_unique<Session>(model, wild));
    runs.push_back(std::make_unique<RunRecord>());
    EXPECT_EQ(sessions.back()->Set(0, i % 2 == 0 ? "abc" : "xyz" + std::string(5, 'a')), WASINN_OK);
    sessions.back()->Start(*runs.back());
  }
  for (size_t i = 0; i < runs.size(); ++i) {
    ASSERT_TRUE(runs[i]->Wait(std::chrono::minutes(2)));
    EXPECT_EQ(sessions[i]->Take(*runs[i]), WASINN_OK);
    if (i % 2 == 0) {
      EXPECT_EQ(sessions[i]->text, alone.text);
    }
  }
}

TEST(GgmlSamplingRunTest, ASeedGivesTheSameOfARealModelAlone) {
  const Model model({}, WASINN_SMOLLM2_MODEL);
  std::set<std::string> texts;
  for (int i = 0; i < 2; ++i) {
    Session session(model, {{"seed", "3"}, {"n-predict", "16"}, {"cache-prompt", "false"}});
    EXPECT_EQ(session.Ask("The sea is"), WASINN_OK);
    texts.insert(session.text);
  }
  EXPECT_EQ(texts.size(), 1U);
}

}  // namespace
}  // namespace wasinn::ggml
