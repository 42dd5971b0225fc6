// Completions with draft tokens.
#include "ggml/draft.h"

#include "ggml/test_support.h"

namespace wasinn::ggml {
namespace {

Model WithDraft(const char* draft) { return Model(OptionList{{"draft", draft}}); }

// Uses draft tokens whether or not that is faster.
const OptionList kAlways = {{"draft-max", "8"}};

// Runs a prompt with and without the draft model, which must not change what comes.
void ExpectTheSame(Session& session, const std::string& prompt, nlohmann::json options) {
  options["draft-max"] = 0;
  const wasinn_code code = session.Ask(prompt, options.dump());
  const std::string text = session.text;
  const nlohmann::json usage = session.usage;
  EXPECT_EQ(usage["draft_tokens"], 0);
  options.erase("draft-max");
  EXPECT_EQ(session.Ask(prompt, options.dump()), code) << session.message;
  EXPECT_EQ(session.text, text) << options;
  EXPECT_EQ(session.usage["output_tokens"], usage["output_tokens"]) << options;
  EXPECT_EQ(session.usage["finish"], usage["finish"]) << options;
  if (options.contains("logprobs")) {
    ASSERT_EQ(session.usage["logprobs"].size(), usage["logprobs"].size());
    for (size_t i = 0; i < usage["logprobs"].size(); ++i) {
      EXPECT_EQ(session.usage["logprobs"][i]["token"], usage["logprobs"][i]["token"]);
    }
  }
}

TEST(GgmlDraftTest, AModelDraftsItsOwnCompletions) {
  const Model model = WithDraft(WASINN_ALPHABET_MODEL);
  EXPECT_EQ(model.graph.Metadata().count("custom:draft"), 1U);
  Session session(model, kAlways);
  EXPECT_EQ(session.Ask("abc", R"({"temp": 0})"), WASINN_OK) << session.message;
  EXPECT_EQ(session.text, LettersAfter('c'));
  EXPECT_EQ(session.usage["output_tokens"], 23);
  EXPECT_GT(session.usage["draft_tokens"], 15);
  EXPECT_EQ(session.usage["accepted_tokens"], session.usage["draft_tokens"]);
  EXPECT_EQ(session.chunks, 23U);
}

TEST(GgmlDraftTest, WrongDraftTokensChangeNothing) {
  const Model model = WithDraft(TestModel("errs").c_str());
  Session session(model, kAlways);
  EXPECT_EQ(session.Ask("abc", R"({"temp": 0})"), WASINN_OK) << session.message;
  EXPECT_EQ(session.text, LettersAfter('c'));
  EXPECT_GT(session.usage["accepted_tokens"], 0);
  EXPECT_LT(session.usage["accepted_tokens"], session.usage["draft_tokens"]);
  // Afterwards the cache holds exactly the conversation.
  EXPECT_EQ(session.Ask("abc" + LettersAfter('c'), R"({"temp": 0})"), WASINN_OK);
  EXPECT_EQ(session.usage["reused_tokens"], 26);
  EXPECT_EQ(session.text, "");
}

TEST(GgmlDraftTest, TheCompletionIsTheSameWithAndWithoutADraft) {
  const std::string errs = TestModel("errs");
  for (const char* draft : {WASINN_ALPHABET_MODEL, errs.c_str()}) {
    const Model model = WithDraft(draft);
    Session session(model, kAlways);
    for (const int seed : {1, 2, 3}) {
      for (const double temperature : {0.0, 1.0, 4.0}) {
        ExpectTheSame(session, "abcabc",
                      {{"temp", temperature}, {"seed", seed}, {"n-predict", 40}, {"top-k", 0}});
      }
    }
    ExpectTheSame(session, "abc", {{"temp", 0}, {"stop", "mno"}});
    ExpectTheSame(session, "abc", {{"temp", 0}, {"n-predict", 5}});
    ExpectTheSame(session, "abc", {{"temp", 0}, {"n-predict", 1}});
    ExpectTheSame(session, "abc", {{"temp", 0}, {"ctx-size", 16}});
    ExpectTheSame(session, "abc", {{"temp", 0}, {"logprobs", 2}});
    ExpectTheSame(session, "abc", {{"temp", 0}, {"grammar", "root ::= \"defg\" \"aaa\""}});
    ExpectTheSame(session, "abc", {{"temp", 0.9}, {"seed", 5}, {"mirostat", 2}, {"n-predict", 30}});
    ExpectTheSame(session, "abc",
                  {{"temp", 0.9}, {"seed", 5}, {"repeat-penalty", 1.3}, {"n-predict", 30}});
    ExpectTheSame(session, "abc",
                  {{"temp", 0},
                   {"ctx-size", 20},
                   {"context-shift", true},
                   {"ignore-eos", true},
                   {"n-predict", 80}});
  }
}

TEST(GgmlDraftTest, DraftTokensAreAsManyAndAsLikelyAsWanted) {
  const Model model = WithDraft(WASINN_ALPHABET_MODEL);
  Session session(model, {{"temp", "0"}, {"draft-max", "8"}});
  EXPECT_EQ(session.Ask("abc", R"({"draft-max": 1, "n-predict": 3})"), WASINN_OK);
  EXPECT_EQ(session.usage["draft_tokens"], 1);
  EXPECT_EQ(session.Ask("abc", R"({"draft-max": 4, "draft-min": 5})"), WASINN_OK);
  EXPECT_EQ(session.usage["draft_tokens"], 0);
  // Most tokens are bytes, after which no token is likely.
  nlohmann::json wild = {{"temp", 100}, {"seed", 1},       {"top-k", 0},      {"top-p", 1},
                         {"min-p", 0},  {"n-predict", 40}, {"draft-p-min", 0}};
  EXPECT_EQ(session.Ask("abc", wild.dump()), WASINN_OK);
  const int any = session.usage["draft_tokens"];
  wild["draft-p-min"] = 1;
  EXPECT_EQ(session.Ask("abc", wild.dump()), WASINN_OK);
  EXPECT_LT(session.usage["draft_tokens"], any);
  EXPECT_EQ(session.Set(1, R"({"draft-max": 33})"), WASINN_INVALID_ARGUMENT);
}

TEST(GgmlDraftTest, EightAtOnceCompleteAsOneAlone) {
  const Model model = WithDraft(TestModel("errs").c_str());
  std::vector<std::unique_ptr<Session>> sessions;
  std::vector<std::unique_ptr<RunRecord>> runs;
  for (int i = 0; i < 8; ++i) {
    sessions.push_back(
        std::make_unique<Session>(model, OptionList{{"temp", "0"}, {"draft-max", "8"}}));
    runs.push_back(std::make_unique<RunRecord>());
    EXPECT_EQ(sessions.back()->Set(0, std::string(1, static_cast<char>('a' + 2 * i))), WASINN_OK);
  }
  for (size_t i = 0; i < runs.size(); ++i) sessions[i]->Start(*runs[i]);
  for (size_t i = 0; i < runs.size(); ++i) {
    ASSERT_TRUE(runs[i]->Wait(std::chrono::minutes(5)));
    EXPECT_EQ(sessions[i]->Take(*runs[i]), WASINN_OK) << sessions[i]->message;
    EXPECT_EQ(sessions[i]->text, LettersAfter(static_cast<char>('a' + 2 * i)));
  }
}

TEST(GgmlDraftTest, ACancelEndsARunWithDraftTokens) {
  const Model model = WithDraft(TestModel("errs").c_str());
  Session session(model, kAlways);
  for (size_t chunks = 1; chunks < 20; ++chunks) {
    EXPECT_EQ(session.Set(0, "abc"), WASINN_OK);
    EXPECT_EQ(session.Set(1, R"({"temp": 0, "ctx-size": 64, "context-shift": true,
                                 "ignore-eos": true})"),
              WASINN_OK);
    RunRecord run;
    session.Start(run);
    ASSERT_TRUE(run.WaitForChunks(chunks));
    session.context().Cancel(run.number());
    ASSERT_TRUE(run.Wait());
    EXPECT_EQ(run.code(), WASINN_CANCELLED);
    EXPECT_EQ(session.Ask("x", R"({"temp": 0})"), WASINN_OK);
    EXPECT_EQ(session.text, "yz");
  }
}

TEST(GgmlDraftTest, OnItsOwnTheEngineDoesWhatIsFaster) {
  const Model model = WithDraft(WASINN_ALPHABET_MODEL);
  Session session(model, {{"temp", "0"}, {"ctx-size", "64"}, {"context-shift", "true"}});
  EXPECT_EQ(session.Ask("abc", R"({"ignore-eos": true, "n-predict": 100})"), WASINN_OK);
  const std::string text = session.text;
  // It has tried, whatever the result.
  EXPECT_GT(session.usage["draft_tokens"], 0);
  EXPECT_EQ(session.Ask("abc", R"({"draft-max": 0, "ignore-eos": true, "n-predict": 100})"),
            WASINN_OK);
  EXPECT_EQ(session.text, text);
}

TEST(DraftPaceTest, DraftsWhileThatIsFaster) {
  DraftPace pace;
  const auto note = [&](bool drafted, double milliseconds, size_t tokens) {
    for (int i = 0; i < 6; ++i) pace.Note(1, drafted, milliseconds, tokens);
  };
  EXPECT_FALSE(pace.IsFaster(1));
  note(false, 10, 1);
  EXPECT_TRUE(pace.IsFaster(1));  // to try
  EXPECT_FALSE(pace.IsFaster(2));
  note(true, 25, 4);
  EXPECT_TRUE(pace.IsFaster(1));
  for (int i = 0; i < 10; ++i) note(true, 50, 3);
  EXPECT_FALSE(pace.IsFaster(1));
  // Now and then it is tried again.
  int refused = 0;
  while (!pace.IsFaster(1)) ++refused;
  EXPECT_GT(refused, 200);
  note(true, 25, 4);
  EXPECT_TRUE(pace.IsFaster(1));
}

// Loads the alphabet with a file as its draft; the error.
std::string Refusal(const std::string& draft) {
  const wasinn::testing::TestHost host(1);
  const wasinn::testing::Instance instance(GgmlBackend(), host);
  const wasinn::testing::Graph graph(instance, WASINN_ALPHABET_MODEL, nullptr, 0,
                                     {{"draft", draft}}, WASINN_TARGET_CPU);
  EXPECT_EQ(graph.get(), nullptr);
  return graph.error.message;
}

TEST(GgmlDraftTest, ADraftMustFitTheModel) {
  EXPECT_NE(Refusal(WASINN_SMOLLM2_MODEL)
                .find("option 'draft': expected a model with the "
                      "vocabulary of the main model"),
            std::string::npos);
  EXPECT_NE(Refusal("/nowhere.gguf").find("/nowhere.gguf"), std::string::npos);
  EXPECT_NE(Refusal("/dev/null").find("a device"), std::string::npos);
}

}  // namespace
}  // namespace wasinn::ggml
