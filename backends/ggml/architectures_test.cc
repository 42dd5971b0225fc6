// Each task on each kind of architecture gives a result or an error.
#include <cmath>

#include "ggml/test_support.h"

namespace wasinn::ggml {
namespace {

struct Kind {
  const char* name;
  bool writes;
  bool embeds;
  bool ranks;
};
constexpr Kind kKinds[] = {
    {"noncausal", false, true, false},
    {"t5", false, true, false},
    {"t5encoder", false, true, false},
    {"bert", false, true, false},
    {"bert-nopool", false, true, false},
    {"bert-rank", false, false, true},
    {"gemma-embedding", false, true, false},
    {"mamba", true, true, false},
    {"rwkv7", true, true, false},
    {"lfm2", true, true, false},
    {"qwen3moe", true, true, false},
};

// Random weights of a recurrent model may come to no numbers, which is an error, too.
bool ComputedNoNumbers(const Session& session) {
  return session.message.find("the model computed others") != std::string::npos;
}

class GgmlArchitecturesTest : public ::testing::TestWithParam<Kind> {
 protected:
  std::string path_ = std::string(WASINN_GGML_ARCHITECTURES) + GetParam().name + ".gguf";
};

INSTANTIATE_TEST_SUITE_P(All, GgmlArchitecturesTest, ::testing::ValuesIn(kKinds),
                         [](const auto& test) {
                           std::string name = test.param.name;
                           std::erase(name, '-');
                           return name;
                         });

TEST_P(GgmlArchitecturesTest, EachTaskIsAnAnswerOrAnError) {
  const Model model({}, path_.c_str());
  const std::string texts = R"(["ab", "c"])";
  const std::string query = R"({"query": "a", "documents": ["ab", "c"]})";
  for (const char* task : {"generate", "embedding", "rerank", "tokenize", "detokenize"}) {
    for (const char* pooling : {"auto", "mean", "cls", "last"}) {
      SCOPED_TRACE(std::string(task) + " " + pooling);
      Session session(model, {{"task", task}, {"n-predict", "6"}, {"pooling", pooling}});
      const bool ranks = std::string_view(task) == "rerank";
      const std::string prompt = std::string_view(task) == "detokenize" ? "[4, 5]" : "abc";
      EXPECT_EQ(session.Set(ranks ? 4 : 0, ranks ? query : prompt), WASINN_OK);
      const wasinn_code code = session.Run();
      bool can = true;
      if (std::string_view(task) == "generate") can = GetParam().writes;
      if (std::string_view(task) == "rerank") can = GetParam().ranks;
      if (std::string_view(task) == "embedding") {
        can = GetParam().embeds || std::string_view(pooling) != "auto";
        for (size_t i = 0; code == WASINN_OK && i < session.embedding.bytes.size(); i += 4) {
          float value;
          std::memcpy(&value, session.embedding.bytes.data() + i, 4);
          EXPECT_TRUE(std::isfinite(value));
        }
      }
      if (can && ComputedNoNumbers(session)) continue;
      EXPECT_EQ(code, can ? WASINN_OK : WASINN_UNSUPPORTED_OPERATION) << session.message;
      // The graph still works.
      Session other(model, {{"task", "tokenize"}});
      EXPECT_EQ(other.Ask("a"), WASINN_OK) << other.message;
    }
  }
  Session several(model, {{"task", "embedding"}});
  EXPECT_EQ(several.Set(4, texts), WASINN_OK);
  const wasinn_code code = several.Run();
  EXPECT_TRUE(ComputedNoNumbers(several) ||
              code == (GetParam().embeds ? WASINN_OK : WASINN_UNSUPPORTED_OPERATION))
      << several.message;
}

// With options that a guest may combine with a task.
TEST_P(GgmlArchitecturesTest, EachWishIsAnAnswerOrAnError) {
  const Model model({{"chat-template", "{% for m in messages %}{{ m.content }}{% endfor %}"}},
                    path_.c_str());
  const std::string chat = R"([{"role": "user", "content": "abc"}])";
  for (const char* options :
       {R"({"context-shift": true, "ctx-size": 16, "n-predict": 40})", R"({"state-save": "a"})",
        R"({"state-load": "a"})", R"({"grammar": "root ::= [a-c]{2}"})",
        R"({"json-schema": {"type": "integer"}})", R"({"lora": "none"})", R"({"image": "a.png"})",
        R"({"draft-max": 8})", R"({"mirostat": 2, "n-predict": 3})", R"({"ctx-size": 100000})",
        R"({"ubatch-size": 1, "batch-size": 1, "n-predict": 3})",
        R"({"logprobs": 5, "n-predict": 3})",
        R"({"ignore-eos": true, "n-predict": 20, "dry-multiplier": 1, "cache-prompt": false})"}) {
    for (const char* task : {"generate", "embedding"}) {
      SCOPED_TRACE(std::string(task) + options);
      Session session(model, {{"task", task}, {"temp", "0"}, {"n-predict", "6"}});
      // Once as text and once as a chat; the second may go on from the first.
      if (session.Set(1, options) != WASINN_OK) continue;
      session.Ask("abcdefgh");
      session.Set(2, chat);
      session.Run();
    }
  }
  Session images(model);
  images.Set(3, "no image");
  EXPECT_NE(images.Ask("abc"), WASINN_OK);
  Session tools(model);
  tools.Set(2, R"({"messages": [{"role": "user", "content": "a"}], "tools": [{"type": "function",
      "function": {"name": "f", "parameters": {"type": "object"}}}], "tool_choice": "required"})");
  EXPECT_NE(tools.Run(), WASINN_OK);
  // Runs side by side.
  std::vector<std::unique_ptr<Session>> sessions;
  std::vector<std::unique_ptr<RunRecord>> runs;
  for (int i = 0; i < 4; ++i) {
    sessions.push_back(std::make_unique<Session>(
        model, OptionList{{"n-predict", "10"}, {"task", i % 2 == 0 ? "generate" : "embedding"}}));
    runs.push_back(std::make_unique<RunRecord>());
    EXPECT_EQ(sessions.back()->Set(0, "abc"), WASINN_OK);
    sessions.back()->Start(*runs.back());
  }
  for (const auto& run : runs) EXPECT_TRUE(run->Wait(std::chrono::minutes(5)));
  for (int i = 0; i < 4; ++i) {
    const bool can = i % 2 == 0 ? GetParam().writes : GetParam().embeds;
    if (can && runs[i]->code() == WASINN_RUNTIME_ERROR) continue;
    EXPECT_EQ(runs[i]->code(), can ? WASINN_OK : WASINN_UNSUPPORTED_OPERATION)
        << runs[i]->message();
  }
}

// An assertion of llama.cpp outside of its threads' work is an error of the run.
TEST(GgmlArchitecturesOfOthersTest, AnAssertionIsAnError) {
  const Model model({}, WASINN_GGML_ARCHITECTURES "gemma-embedding-one.gguf");
  Session session(model, {{"task", "embedding"}});
  EXPECT_EQ(session.Ask("abc"), WASINN_RUNTIME_ERROR);
  EXPECT_NE(session.message.find("GGML_ASSERT"), std::string::npos) << session.message;
  EXPECT_EQ(session.Ask("abc"), WASINN_RUNTIME_ERROR);
  Session tokens(model, {{"task", "tokenize"}});
  EXPECT_EQ(tokens.Ask("abc"), WASINN_OK) << tokens.message;
}

}  // namespace
}  // namespace wasinn::ggml
