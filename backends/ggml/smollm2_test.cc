// A real model, small and slow: few tokens.
#include "ggml/test_support.h"

namespace wasinn::ggml {
namespace {

// With the system message of its own template, the model writes poems on Paris instead.
constexpr const char* kQuestion =
    R"([{"role": "system", "content": "You are a helpful assistant."}, {"role": "user", "content": "What is the capital of France?"}])";

TEST(SmolLm2Test, KnowsTheCapitalOfFrance) {
  const Model model({}, WASINN_SMOLLM2_MODEL);
  Session session(model, {{"temp", "0"}, {"n-predict", "12"}});
  EXPECT_EQ(session.Set(2, kQuestion), WASINN_OK);
  EXPECT_EQ(session.Run(), WASINN_OK) << session.message;
  EXPECT_EQ(session.text, "The capital of France is Paris.");
  EXPECT_EQ(session.usage["finish"], "end");
  EXPECT_GT(session.usage["input_tokens"], 20);
  // The same as a prompt in the model's own form, which guests of other hosts write themselves.
  Session plain(model, {{"temp", "0"}, {"n-predict", "12"}});
  EXPECT_EQ(plain.Ask("<|im_start|>user\nWhat is the capital of France?<|im_end|>\n"
                      "<|im_start|>assistant\n"),
            WASINN_OK);
  EXPECT_NE(plain.text.find("Paris"), std::string::npos) << plain.text;
}

TEST(SmolLm2Test, TwoStreamsAtOnceAreEqualToThoseAlone) {
  const Model model({{"deterministic", "true"}}, WASINN_SMOLLM2_MODEL);
  const OptionList options = {{"temp", "0"}, {"n-predict", "10"}, {"cache-prompt", "false"}};
  const std::string prompts[] = {"The sun rises in the", "One, two, three, four,"};
  std::string alone[2];
  for (int i = 0; i < 2; ++i) {
    Session session(model, options);
    EXPECT_EQ(session.Ask(prompts[i]), WASINN_OK);
    alone[i] = session.text;
    EXPECT_NE(alone[i], "");
  }
  Session first(model, options);
  Session second(model, options);
  EXPECT_EQ(first.Set(0, prompts[0]), WASINN_OK);
  EXPECT_EQ(second.Set(0, prompts[1]), WASINN_OK);
  RunRecord first_run;
  RunRecord second_run;
  first.Start(first_run);
  ASSERT_TRUE(first_run.WaitForChunks(2));
  second.Start(second_run);
  ASSERT_TRUE(first_run.Wait(std::chrono::minutes(5)));
  ASSERT_TRUE(second_run.Wait(std::chrono::minutes(5)));
  EXPECT_EQ(first_run.text(), alone[0]);
  EXPECT_EQ(second_run.text(), alone[1]);
}

// Long completions, so that some tokens are nearly as likely as others.
TEST(SmolLm2Test, DeterministicAnswersDoNotDependOnOthers) {
  const Model model({{"deterministic", "true"}}, WASINN_SMOLLM2_MODEL);
  const OptionList options = {{"temp", "0"}, {"n-predict", "120"}, {"ignore-eos", "true"}};
  constexpr const char* kThings[] = {"the sea", "Paris",  "cats",  "the moon",
                                     "bread",   "trains", "music", "winter"};
  constexpr size_t kRuns = std::size(kThings);
  std::vector<std::string> prompts;
  std::vector<std::string> alone;
  for (size_t i = 0; i < kRuns; ++i) {
    prompts.push_back(
        "<|im_start|>system\nYou are a helpful assistant who answers at length and in detail."
        "<|im_end|>\n<|im_start|>user\nTell me about " +
        std::string(kThings[i]) + ".<|im_end|>\n<|im_start|>assistant\n");
    Session session(model, options);
    // Read in other steps than below.
    EXPECT_EQ(session.Ask(prompts[i], R"({"cache-prompt": false, "batch-size": 5})"), WASINN_OK);
    alone.push_back(session.text);
  }
  EXPECT_NE(alone[0], alone[1]);
  std::vector<std::unique_ptr<Session>> sessions;
  std::vector<RunRecord> runs(kRuns);
  for (size_t i = 0; i < kRuns; ++i) {
    sessions.push_back(std::make_unique<Session>(model, options));
    EXPECT_EQ(sessions[i]->Set(0, prompts[i]), WASINN_OK);
  }
  for (size_t i = 0; i < kRuns; ++i) {
    sessions[i]->Start(runs[i]);
    ASSERT_TRUE(runs[i].WaitForChunks(3));
  }
  for (size_t i = 0; i < kRuns; ++i) {
    ASSERT_TRUE(runs[i].Wait(std::chrono::minutes(5)));
    EXPECT_EQ(runs[i].text(), alone[i]);
    EXPECT_EQ(sessions[i]->Take(runs[i]), WASINN_OK) << sessions[i]->message;
  }
  EXPECT_GT(sessions[7]->usage["reused_tokens"], 16);  // of another one
}

TEST(SmolLm2Test, DraftsItsOwnCompletions) {
  const Model model({{"draft", WASINN_SMOLLM2_MODEL}, {"deterministic", "true"}},
                    WASINN_SMOLLM2_MODEL);
  Session session(model, {{"temp", "0"}, {"n-predict", "24"}, {"draft-p-min", "0"}});
  EXPECT_EQ(session.Ask("One, two, three, four,", R"({"draft-max": 0})"), WASINN_OK);
  const std::string alone = session.text;
  EXPECT_EQ(session.Ask("One, two, three, four,", R"({"draft-max": 8})"), WASINN_OK);
  EXPECT_EQ(session.text, alone);
  EXPECT_GT(session.usage["draft_tokens"], 12);
  EXPECT_EQ(session.usage["accepted_tokens"], session.usage["draft_tokens"]);
}

TEST(SmolLm2Test, AConversationGoesOnFromWhatIsThere) {
  const Model model({}, WASINN_SMOLLM2_MODEL);
  Session session(model, {{"temp", "0"}, {"n-predict", "12"}});
  EXPECT_EQ(session.Set(2, kQuestion), WASINN_OK);
  EXPECT_EQ(session.Run(), WASINN_OK);
  const auto first = session.usage["input_tokens"].get<size_t>();
  nlohmann::json chat = nlohmann::json::parse(kQuestion);
  chat.push_back({{"role", "assistant"}, {"content", session.text}});
  chat.push_back({{"role", "user"}, {"content", "And of Italy?"}});
  EXPECT_EQ(session.Set(2, chat.dump()), WASINN_OK);
  EXPECT_EQ(session.Run(), WASINN_OK);
  EXPECT_GE(session.usage["reused_tokens"], first);
  EXPECT_NE(session.text.find("Rome"), std::string::npos) << session.text;
}

TEST(SmolLm2Test, ASchemaMakesJsonOfIt) {
  const Model model({}, WASINN_SMOLLM2_MODEL);
  Session session(model, {{"temp", "0"}, {"n-predict", "40"}});
  EXPECT_EQ(session.Set(2, kQuestion), WASINN_OK);
  EXPECT_EQ(session.Set(1, R"({"json-schema": {"type": "object", "properties":
      {"city": {"type": "string", "maxLength": 12}}, "required": ["city"],
      "additionalProperties": false}})"),
            WASINN_OK);
  EXPECT_EQ(session.Run(), WASINN_OK) << session.message;
  const auto object = nlohmann::json::parse(session.text, nullptr, false);
  ASSERT_TRUE(object.is_object()) << session.text;
  EXPECT_TRUE(object["city"].is_string());
}

TEST(SmolLm2Test, EmbeddingsOfLikeTextsAreNear) {
  const Model model({}, WASINN_SMOLLM2_MODEL);
  Session session(model, {{"embedding", "true"}});
  const auto embedding = [&](const char* text) {
    EXPECT_EQ(session.Ask(text), WASINN_OK) << session.message;
    return nlohmann::json::parse(session.text)["embedding"].get<std::vector<double>>();
  };
  const auto cat = embedding("A cat sleeps on the sofa.");
  const auto kitten = embedding("A kitten sleeps on the couch.");
  const auto stocks = embedding("Stock prices fell 3% in 1987!");
  ASSERT_EQ(cat.size(), 576U);
  const auto near = [](const std::vector<double>& a, const std::vector<double>& b) {
    double sum = 0;
    for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
  };
  EXPECT_GT(near(cat, kitten), near(cat, stocks));
}

TEST(SmolLm2Test, ManyTextsTogetherAreAsEachAlone) {
  const Model model({}, WASINN_SMOLLM2_MODEL);
  Session session(model, {{"task", "embedding"}});
  nlohmann::json texts;
  for (int i = 0; i < 64; ++i) texts.push_back("Fact " + std::to_string(i * i) + " is about cats.");
  EXPECT_EQ(session.Set(4, texts.dump()), WASINN_OK);
  EXPECT_EQ(session.Run(), WASINN_OK) << session.message;
  const auto together = session.usage["prompt_ms"].get<double>();
  ASSERT_EQ(session.embedding.dims, (std::vector<int64_t>{64, 576}));
  const auto all = session.embedding.values<float>();
  double one_by_one = 0;
  Session alone(model, {{"task", "embedding"}});
  for (size_t text = 0; text < texts.size(); ++text) {
    EXPECT_EQ(alone.Ask(texts[text]), WASINN_OK);
    one_by_one += alone.usage["prompt_ms"].get<double>();
    const auto one = alone.embedding.values<float>();
    double sum = 0;
    for (size_t i = 0; i < one.size(); ++i)
      sum += static_cast<double>(one[i]) * all[text * 576 + i];
    EXPECT_GT(sum, 0.999) << text;
  }
  RecordProperty("together_ms", std::to_string(together));
  RecordProperty("one_by_one_ms", std::to_string(one_by_one));
}

}  // namespace
}  // namespace wasinn::ggml
