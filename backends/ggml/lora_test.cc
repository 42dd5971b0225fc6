#include "ggml/lora.h"

#include <fstream>

#include "ggml/gguf_check.h"
#include "ggml/test_support.h"

namespace wasinn::ggml {
namespace {

OptionList WithBackwards() { return {{"lora:backwards", TestModel("backwards")}}; }

std::string LettersBefore(char from) {
  std::string text;
  for (char letter = static_cast<char>(from - 1); letter >= 'a'; --letter) text += letter;
  return text;
}

TEST(GgmlLoraTest, ContextsWithAndWithoutAtTheSameTime) {
  const Model model(WithBackwards());
  const OptionList with = {{"temp", "0"}, {"lora", "backwards"}};
  Session plain(model, {{"temp", "0"}});
  Session changed(model, with);
  EXPECT_EQ(plain.Set(0, "m"), WASINN_OK);
  EXPECT_EQ(changed.Set(0, "m"), WASINN_OK);
  for (int round = 0; round < 3; ++round) {
    RunRecord plain_run;
    RunRecord changed_run;
    plain.Start(plain_run);
    changed.Start(changed_run);
    ASSERT_TRUE(plain_run.Wait());
    ASSERT_TRUE(changed_run.Wait());
    EXPECT_EQ(plain.Take(plain_run), WASINN_OK) << plain.message;
    EXPECT_EQ(changed.Take(changed_run), WASINN_OK) << changed.message;
    EXPECT_EQ(plain.text, LettersAfter('m'));
    EXPECT_EQ(changed.text, LettersBefore('m'));
  }
}

TEST(GgmlLoraTest, AdaptersHaveAScale) {
  const Model model(WithBackwards());
  Session session(model, {{"temp", "0"}, {"n-predict", "1"}});
  const auto answer = [&](const char* options) {
    EXPECT_EQ(session.Ask("m", options), WASINN_OK) << session.message;
    return session.text;
  };
  EXPECT_EQ(answer(R"({"lora": {"backwards": 0}})"), "n");
  EXPECT_EQ(answer(R"({"lora": {"backwards": 0.2}})"), "n");
  EXPECT_EQ(answer(R"({"lora": {"backwards": 0.8}})"), "l");
  EXPECT_EQ(answer(R"({"lora": ["backwards"]})"), "l");
  EXPECT_EQ(answer(R"({"lora": []})"), "n");
  EXPECT_EQ(answer(R"({"lora": ""})"), "n");
}

TEST(GgmlLoraTest, OnlyWhatTheHostRegistered) {
  const Model model(WithBackwards());
  Session session(model);
  for (const char* options :
       {R"({"lora": "other"})", R"({"lora": "/etc/passwd"})", R"({"lora": {"backwards": "x"}})",
        R"({"lora": 5})", R"({"lora": [5]})", R"({"lora": {"backwards": 1000}})"}) {
    EXPECT_EQ(session.Set(1, options), WASINN_INVALID_ARGUMENT) << options;
  }
  EXPECT_EQ(session.Set(1, R"({"lora": "other"})"), WASINN_INVALID_ARGUMENT);
  EXPECT_EQ(session.refusal,
            "ggml: option 'lora': expected adapters that the host registered with lora: "
            "(backwards), given 'other'");
  // A guest's own registration is no one's.
  EXPECT_EQ(session.Set(1, R"({"lora:mine": "/etc/passwd"})"), WASINN_OK);
  EXPECT_NE(session.Set(1, R"({"lora": "mine"})"), WASINN_OK);
  const Session refused(model, {{"lora", "[\"other\"]"}});
  EXPECT_EQ(refused.context().get(), nullptr);
}

TEST(GgmlLoraTest, AnAdapterMustFitTheModel) {
  wasinn::testing::TestHost host(1);
  const wasinn::testing::Instance instance(GgmlBackend(), host);
  const auto refusal = [&](const std::string& model, const std::string& adapter) {
    const auto graph =
        wasinn::testing::Graph::FromPath(instance, TestModel(model), {{"lora:one", adapter}});
    EXPECT_EQ(graph.get(), nullptr);
    return std::string(graph.error.message);
  };
  EXPECT_EQ(refusal("rank", TestModel("backwards")),
            "ggml: option 'lora:one': expected an adapter of this model: expected "
            "'general.architecture' to be 'qwen3', given 'llama'");
  EXPECT_NE(refusal("alphabet", TestModel("alphabet")).find("'general.type' to be 'adapter'"),
            std::string::npos);
  EXPECT_NE(refusal("alphabet", "/nowhere").find("/nowhere"), std::string::npos);
  const auto smollm2 = wasinn::testing::Graph::FromPath(instance, WASINN_SMOLLM2_MODEL,
                                                        {{"lora:one", TestModel("backwards")}});
  EXPECT_EQ(smollm2.get(), nullptr);  // the right architecture, and another size
  EXPECT_NE(std::string(smollm2.error.message).find("llama.cpp does not accept"), std::string::npos)
      << smollm2.error.message;
}

std::optional<std::string> Check(const std::string& bytes) {
  return CheckAdapter({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}, "llama", 0);
}

TEST(GgmlLoraTest, DamagedAdaptersAreSeen) {
  std::ifstream file(TestModel("backwards"), std::ios::binary);
  const std::string good{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(Check(good), std::nullopt);
  for (size_t size = 0; size < good.size(); size += size < 1000 ? 7 : 4001) {
    EXPECT_NE(Check(good.substr(0, size)), std::nullopt) << size;
  }
  const auto with = [&](const std::string& behind, size_t skip, auto value) {
    std::string bytes = good;
    const size_t at = bytes.find(behind) + behind.size() + skip;
    std::memcpy(bytes.data() + at, &value, sizeof value);
    return Check(bytes).value_or("");
  };
  // Behind a tensor's name: its rank, dims, type.
  EXPECT_NE(with("output.weight.lora_a", 4 + 16, uint32_t{26}), "");  // i32
  EXPECT_NE(with("output.weight.lora_b", 4, uint64_t{32}).find("the same rank"), std::string::npos);
  EXPECT_NE(with("output.weight.lora_", 0, 'c'), "");
  EXPECT_NE(with("adapter.lora.alpha", 0, uint32_t{4}), "");
}

}  // namespace
}  // namespace wasinn::ggml
