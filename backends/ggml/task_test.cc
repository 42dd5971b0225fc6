// Embeddings, rankings and tokens.
#include "ggml/task.h"

#include <cmath>
#include <thread>

#include "ggml/test_support.h"

namespace wasinn::ggml {
namespace {

using wasinn::testing::Tensor;

constexpr uint32_t kTexts = 4;

const std::vector<int64_t> kNone = {0, 0};

double Dot(const float* a, const float* b, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

TEST(GgmlTaskTest, AnAnswerHasNoEmbedding) {
  const Model model;
  Session session(model, {{"temp", "0"}});
  EXPECT_EQ(session.Ask("y"), WASINN_OK);
  EXPECT_EQ(session.embedding.dims, kNone);
  EXPECT_EQ(session.embedding.dtype, WASINN_DTYPE_F32);
}

TEST(GgmlTaskTest, AnEmbeddingIsATensorToo) {
  const Model model;
  Session session(model, {{"task", "embedding"}});
  EXPECT_EQ(session.Ask("abc"), WASINN_OK) << session.message;
  EXPECT_EQ(session.embedding.dims, (std::vector<int64_t>{1, 64}));
  const auto values = session.embedding.values<float>();
  const auto json = nlohmann::json::parse(session.text)["embedding"].get<std::vector<float>>();
  EXPECT_EQ(values, json);
  EXPECT_EQ(session.usage["finish"], "embedding");
}

// Texts of different lengths, more than fit into one batch; each result is the same as alone.
TEST(GgmlTaskTest, ManyTextsAreAsEachAlone) {
  const Model model(OptionList{{"max-batch", "64"}});
  nlohmann::json texts;
  for (int i = 0; i < 90; ++i) {
    texts.push_back(
        std::string(static_cast<size_t>(1 + i * 7 % 40), static_cast<char>('a' + i % 26)) +
        std::to_string(i));
  }
  texts.push_back(std::string(150, 'q'));  // a batch of its own
  for (const char* pooling : {"mean", "last", "cls"}) {
    Session session(model, {{"task", "embedding"}, {"pooling", pooling}});
    EXPECT_EQ(session.Set(kTexts, texts.dump()), WASINN_OK) << session.refusal;
    const uint64_t tokens = session.EarlyUsage()["input_tokens"];
    EXPECT_EQ(session.Run(), WASINN_OK) << session.message;
    EXPECT_EQ(session.usage["input_tokens"], tokens);
    ASSERT_EQ(session.embedding.dims, (std::vector<int64_t>{91, 64}));
    EXPECT_EQ(nlohmann::json::parse(session.text),
              (nlohmann::json{{"n_embedding", 64}, {"texts", 91}}));
    const auto all = session.embedding.values<float>();
    Session alone(model, {{"embedding", "true"}, {"pooling", pooling}});
    for (size_t i = 0; i < texts.size(); i += 9) {
      EXPECT_EQ(alone.Ask(texts[i]), WASINN_OK) << alone.message;
      const auto one = alone.embedding.values<float>();
      EXPECT_NEAR(Dot(&all[i * 64], one.data(), 64), 1, 1e-4) << pooling << " " << i;
    }
    // All are of length 1, and not all the same.
    EXPECT_NEAR(Dot(&all[0], &all[0], 64), 1, 1e-4);
    if (pooling != std::string("cls")) {
      EXPECT_LT(Dot(&all[0], &all[64], 64), 0.99);
    }
  }
}

TEST(GgmlTaskTest, NormalizingIsAChoice) {
  const Model model;
  Session session(model, {{"task", "embedding"}, {"normalize", "false"}});
  EXPECT_EQ(session.Set(kTexts, R"(["abc", "abcabcabc"])"), WASINN_OK);
  EXPECT_EQ(session.Run(), WASINN_OK) << session.message;
  const auto values = session.embedding.values<float>();
  ASSERT_EQ(values.size(), 128U);
  EXPECT_GT(Dot(values.data(), values.data(), 64), 1.5);
}

TEST(GgmlTaskTest, ManyContextsShareThePasses) {
  const Model model(OptionList{{"max-batch", "64"}});
  std::vector<std::unique_ptr<Session>> sessions;
  std::vector<std::unique_ptr<RunRecord>> runs;
  nlohmann::json texts = nlohmann::json::array();
  for (int i = 0; i < 40; ++i) texts.push_back(std::string(10, static_cast<char>('a' + i % 26)));
  for (int i = 0; i < 6; ++i) {
    sessions.push_back(std::make_unique<Session>(model, OptionList{{"task", "embedding"}}));
    runs.push_back(std::make_unique<RunRecord>());
    EXPECT_EQ(sessions.back()->Set(kTexts, texts.dump()), WASINN_OK);
  }
  for (size_t i = 0; i < runs.size(); ++i) sessions[i]->Start(*runs[i]);
  for (size_t i = 0; i < runs.size(); ++i) {
    ASSERT_TRUE(runs[i]->Wait(std::chrono::minutes(2)));
    EXPECT_EQ(sessions[i]->Take(*runs[i]), WASINN_OK) << sessions[i]->message;
    ASSERT_EQ(sessions[i]->embedding.dims, (std::vector<int64_t>{40, 64}));
    const auto values = sessions[i]->embedding.values<float>();
    EXPECT_NEAR(Dot(&values[0], &values[26 * 64], 64), 1, 1e-4);  // the same text
    EXPECT_LT(Dot(&values[0], &values[64], 64), 0.9);
  }
}

TEST(GgmlTaskTest, ACancelEndsManyTextsBetweenPasses) {
  const Model model(OptionList{{"max-batch", "32"}});
  Session session(model, {{"task", "embedding"}});
  nlohmann::json texts;
  for (int i = 0; i < 4000; ++i) texts.push_back(std::string(30, 'a'));
  EXPECT_EQ(session.Set(kTexts, texts.dump()), WASINN_OK);
  RunRecord run;
  session.Start(run);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  session.context().Cancel(run.number());
  ASSERT_TRUE(run.Wait(std::chrono::minutes(1)));
  EXPECT_EQ(run.code(), WASINN_CANCELLED);
  EXPECT_EQ(session.Set(kTexts, R"(["a"])"), WASINN_OK);
  EXPECT_EQ(session.Run(), WASINN_OK) << session.message;
}

TEST(GgmlTaskTest, BadTextsFailWhenTheyAreSet) {
  const Model model;
  Session session(model, {{"task", "embedding"}});
  EXPECT_EQ(session.Set(kTexts, "nothing"), WASINN_INVALID_ENCODING);
  for (const char* texts :
       {"[]", "[1]", "{}", R"({"query": "a"})", R"({"documents": ["a"]})", "\"a\"",
        R"({"query": 1, "documents": ["a"]})", R"({"query": "a", "documents": "b"})"}) {
    EXPECT_EQ(session.Set(kTexts, texts), WASINN_INVALID_ARGUMENT) << texts;
    EXPECT_TRUE(session.refusal.starts_with("ggml: input 'texts': expected a list of 1 to 4096"))
        << session.refusal;
  }
  EXPECT_EQ(session.Set(kTexts, nlohmann::json(std::vector<std::string>(4097, "a")).dump()),
            WASINN_INVALID_ARGUMENT);
  EXPECT_EQ(session.Run(), WASINN_INVALID_ARGUMENT);
  EXPECT_EQ(session.Set(kTexts, R"({"query": "a", "documents": ["b"]})"), WASINN_OK);
  EXPECT_EQ(session.Run(), WASINN_INVALID_ARGUMENT);
  EXPECT_NE(session.message.find("expected for the task embedding a list of texts"),
            std::string::npos)
      << session.message;
  EXPECT_EQ(session.Set(kTexts, nlohmann::json{std::string(5000, 'a')}.dump()), WASINN_OK);
  EXPECT_EQ(session.Run(), WASINN_PROMPT_TOO_LONG);
}

TEST(GgmlTaskTest, DocumentsAreRanked) {
  const Model model({}, TestModel("rank").c_str());
  Session session(model, {{"task", "rerank"}});
  EXPECT_EQ(session.Set(kTexts, R"({"query": "abc", "documents": ["zza", "aaz", "m", "{query}"]})"),
            WASINN_OK);
  EXPECT_EQ(session.Run(), WASINN_OK) << session.message;
  ASSERT_EQ(session.embedding.dims, (std::vector<int64_t>{4, 1}));
  const auto scores = session.embedding.values<float>();
  // By the last letter; text that looks like a placeholder of the template is ordinary text.
  EXPECT_LT(scores[0], 0.3);
  EXPECT_GT(scores[1], 0.7);
  EXPECT_NEAR(scores[2], 0.5, 0.2);
  const auto json = nlohmann::json::parse(session.text)["scores"].get<std::vector<float>>();
  EXPECT_EQ(json, scores);
  EXPECT_EQ(session.usage["finish"], "rerank");
  // It has no embeddings unless the pooling is given.
  EXPECT_EQ(session.Set(kTexts, R"(["abc"])"), WASINN_OK);
  EXPECT_EQ(session.Set(1, R"({"task": "embedding"})"), WASINN_OK);
  EXPECT_EQ(session.Run(), WASINN_UNSUPPORTED_OPERATION);
  EXPECT_NE(session.message.find("the task rerank"), std::string::npos) << session.message;
  EXPECT_EQ(session.Set(1, R"({"task": "embedding", "pooling": "mean"})"), WASINN_OK);
  EXPECT_EQ(session.Run(), WASINN_OK) << session.message;
}

TEST(GgmlTaskTest, RankingNeedsAModelForIt) {
  const Model model;
  Session session(model, {{"task", "rerank"}});
  EXPECT_EQ(session.Run(), WASINN_INVALID_ARGUMENT);
  EXPECT_EQ(session.message, "ggml: expected the input 'texts', given none");
  EXPECT_EQ(session.Set(kTexts, R"({"query": "a", "documents": ["b"]})"), WASINN_OK);
  EXPECT_EQ(session.Run(), WASINN_UNSUPPORTED_OPERATION);
  EXPECT_NE(session.message.find("expected for rerank a model that ranks"), std::string::npos)
      << session.message;
}

TEST(GgmlTaskTest, TextBecomesTokensAndTextAgain) {
  const Model model;
  Session session(model, {{"task", "tokenize"}});
  EXPECT_EQ(session.Ask("abc"), WASINN_OK) << session.message;
  EXPECT_EQ(session.text, R"({"tokens":[1,260,261,262]})");
  EXPECT_EQ(session.usage["input_tokens"], 4);
  EXPECT_EQ(session.usage["output_tokens"], 0);
  EXPECT_EQ(session.usage["finish"], "tokenize");
  EXPECT_EQ(session.embedding.dims, kNone);
  EXPECT_EQ(session.Set(kTexts, R"(["ab", "c"])"), WASINN_OK);
  EXPECT_EQ(session.Run(), WASINN_OK) << session.message;
  EXPECT_EQ(session.text, R"({"tokens":[[1,260,261],[1,262]]})");

  Session back(model, {{"task", "detokenize"}});
  EXPECT_EQ(back.Ask("[1, 260, 261, 262]"), WASINN_OK) << back.message;
  EXPECT_EQ(back.text, "abc");
  EXPECT_EQ(back.Ask("[1, 260]", R"({"special": true})"), WASINN_OK) << back.message;
  EXPECT_EQ(back.text, "<s>a");
  EXPECT_EQ(back.Ask("[]"), WASINN_OK);
  EXPECT_EQ(back.text, "");
  for (const char* tokens : {"[296]", "[-1]", "[1.5]", "[\"a\"]", "{}", "7", "[1e30]"}) {
    EXPECT_EQ(back.Ask(tokens), WASINN_INVALID_ARGUMENT) << tokens;
    EXPECT_NE(back.message.find("tokens from 0 to 295"), std::string::npos) << back.message;
  }
  EXPECT_EQ(back.Ask("abc"), WASINN_INVALID_ENCODING);
}

TEST(GgmlTaskTest, AChatIsCountedToo) {
  const Model model;
  Session session(model, {{"task", "tokenize"}});
  EXPECT_EQ(session.Set(2, R"([{"role": "user", "content": "abc"}])"), WASINN_OK);
  const uint64_t early = session.EarlyUsage()["input_tokens"];
  EXPECT_GT(early, 20);
  EXPECT_EQ(session.Run(), WASINN_OK) << session.message;
  EXPECT_EQ(session.usage["input_tokens"], early);
}

TEST(GgmlTaskTest, EnginesOfAGraphAreBounded) {
  const Model model(OptionList{{"max-engines", "2"}});
  Session answer(model, {{"temp", "0"}});
  EXPECT_EQ(answer.Ask("abcdef"), WASINN_OK);
  // Each pooling has its own cache; idle caches make room.
  for (const char* pooling : {"mean", "cls", "last", "auto"}) {
    Session session(model, {{"task", "embedding"}, {"pooling", pooling}});
    EXPECT_EQ(session.Ask("abc"), WASINN_OK) << session.message;
  }
  EXPECT_EQ(answer.Ask("abcdef"), WASINN_OK);
  EXPECT_EQ(answer.text, LettersAfter('f'));
  EXPECT_EQ(answer.usage["reused_tokens"], 0);
}

TEST(GgmlTaskTest, EnginesThatAreNeededStay) {
  const Model model(OptionList{{"max-engines", "1"}});
  Session endless(model);
  EXPECT_EQ(endless.Set(0, "abc"), WASINN_OK);
  EXPECT_EQ(endless.Set(1, R"({"temp": 0, "ctx-size": 64, "context-shift": true,
                               "ignore-eos": true})"),
            WASINN_OK);
  RunRecord run;
  endless.Start(run);
  ASSERT_TRUE(run.WaitForChunks(1));
  Session session(model, {{"task", "embedding"}});
  EXPECT_EQ(session.Ask("abc"), WASINN_TOO_LARGE);
  EXPECT_NE(session.message.find("the host's option max-engines"), std::string::npos)
      << session.message;
  endless.context().Cancel(run.number());
  ASSERT_TRUE(run.Wait());
  EXPECT_EQ(session.Ask("abc"), WASINN_OK) << session.message;
}

}  // namespace
}  // namespace wasinn::ggml
