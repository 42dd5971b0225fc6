// One context at a time, with the model whose completions are known.
#include <cmath>
#include <future>
#include <thread>

#include "ggml/runtime.h"
#include "ggml/test_support.h"

namespace wasinn::ggml {
namespace {

TEST(GgmlContextTest, TheModelIsDescribed) {
  const Model model;
  const wasinn_graph_info info = model.graph.Describe();
  ASSERT_EQ(info.input_count, 5U);
  EXPECT_EQ(wasinn::testing::Text(info.inputs[0].name), "prompt");
  EXPECT_EQ(wasinn::testing::Text(info.inputs[1].name), "options");
  EXPECT_EQ(wasinn::testing::Text(info.inputs[2].name), "chat");
  EXPECT_EQ(wasinn::testing::Text(info.inputs[3].name), "images");
  EXPECT_EQ(wasinn::testing::Text(info.inputs[4].name), "texts");
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(info.inputs[i].dtype, WASINN_DTYPE_U8);
    // The bytes of images are no text.
    EXPECT_EQ(info.inputs[i].flags,
              (i == 3 ? 0 : WASINN_PORT_TEXT) | static_cast<uint32_t>(WASINN_PORT_OPTIONAL));
  }
  ASSERT_EQ(info.output_count, 3U);
  EXPECT_EQ(wasinn::testing::Text(info.outputs[0].name), "response");
  EXPECT_EQ(wasinn::testing::Text(info.outputs[1].name), "usage");
  EXPECT_EQ(wasinn::testing::Text(info.outputs[2].name), "embedding");
  EXPECT_EQ(info.outputs[2].dtype, WASINN_DTYPE_F32);
  EXPECT_EQ(model.graph.Metadata()["graph"], "alphabet");
  EXPECT_EQ(model.graph.Metadata()["custom:vocabulary"], "296");
}

TEST(GgmlContextTest, AnswersAndCounts) {
  const Model model;
  Session session(model);
  EXPECT_EQ(session.Ask("abc", R"({"temp": 0})"), WASINN_OK) << session.message;
  EXPECT_EQ(session.text, LettersAfter('c'));
  EXPECT_EQ(session.chunks, 23U);               // one for each token
  EXPECT_EQ(session.usage["input_tokens"], 4);  // with the one that begins a prompt
  EXPECT_EQ(session.usage["output_tokens"], 23);
  EXPECT_EQ(session.usage["reused_tokens"], 0);
  EXPECT_EQ(session.usage["finish"], "end");
  EXPECT_EQ(session.usage["llama_commit"], GgmlBackend()->version);
  EXPECT_GT(session.usage["llama_build_number"], 0);
}

TEST(GgmlContextTest, TheUsageIsKnownBeforeARunAndFollowsThePrompt) {
  const Model model;
  Session session(model);
  EXPECT_EQ(session.EarlyUsage()["input_tokens"], 0);
  EXPECT_EQ(session.EarlyUsage()["llama_commit"], GgmlBackend()->version);
  EXPECT_EQ(session.Set(0, "abcdef"), WASINN_OK);
  EXPECT_EQ(session.EarlyUsage()["input_tokens"], 7);
  wasinn_backend_output output{};
  wasinn_error error{};
  EXPECT_EQ(GgmlBackend()->output_get(session.context().get(), 0, &output, &error),
            WASINN_INVALID_ARGUMENT);
}

TEST(GgmlContextTest, NPredictEndsTheAnswer) {
  const Model model;
  Session session(model);
  EXPECT_EQ(session.Ask("abc", R"({"temp": 0, "n-predict": 3})"), WASINN_OK);
  EXPECT_EQ(session.text, "def");
  EXPECT_EQ(session.usage["finish"], "length");
  EXPECT_EQ(session.Ask("abc", R"({"temp": 0, "n-predict": 0})"), WASINN_OK);
  EXPECT_EQ(session.text, "");
  EXPECT_EQ(session.usage["output_tokens"], 0);
}

TEST(GgmlContextTest, OptionsOfTheContextAreBelowThoseOfTheRun) {
  const Model model(OptionList{{"max-threads", "1"}});
  Session session(model, {{"n-predict", "2"}, {"temp", "0"}});
  EXPECT_EQ(session.Ask("abc"), WASINN_OK);
  EXPECT_EQ(session.text, "de");
  EXPECT_EQ(session.Ask("abc", R"({"n-predict": 1})"), WASINN_OK);
  EXPECT_EQ(session.text, "d");
  Session other(model, {{"temp", "0"}});
  EXPECT_EQ(other.Ask("xy"), WASINN_OK);
  EXPECT_EQ(other.text, "z");
}

TEST(GgmlContextTest, AStopTextEndsTheAnswerAndNoPartOfItIsGiven) {
  const Model model;
  Session session(model);
  EXPECT_EQ(session.Ask("abc", R"({"temp": 0, "reverse-prompt": "ghi"})"), WASINN_OK);
  EXPECT_EQ(session.text, "def");
  EXPECT_EQ(session.usage["finish"], "stop");
  EXPECT_EQ(session.usage["output_tokens"], 6);
  // The end of a completion that was held back is sent at the end.
  EXPECT_EQ(session.Ask("abc", R"({"temp": 0, "stop": ["ghx", "yz!"]})"), WASINN_OK);
  EXPECT_EQ(session.text, LettersAfter('c'));
}

TEST(GgmlContextTest, AFullContextKeepsTheAnswerSoFar) {
  const Model model;
  Session session(model);
  EXPECT_EQ(session.Ask("abcdefgh", R"({"temp": 0, "ctx-size": 16})"), WASINN_CONTEXT_FULL);
  EXPECT_EQ(session.text, "ijklmnop");
  EXPECT_EQ(session.usage["finish"], "context");
  EXPECT_NE(session.message.find("16 tokens is full"), std::string::npos) << session.message;
}

TEST(GgmlContextTest, AContextThatShiftsIsNeverFull) {
  const Model model;
  Session session(model);
  EXPECT_EQ(session.Ask("abc", R"({"temp": 0, "ctx-size": 12, "context-shift": true,
                                   "ignore-eos": true, "n-predict": 60, "n-keep": 2})"),
            WASINN_OK)
      << session.message;
  EXPECT_EQ(session.usage["output_tokens"], 60);
  EXPECT_TRUE(session.text.starts_with(LettersAfter('c'))) << session.text;
  // The contents of the cache are known: the next completion is right.
  EXPECT_EQ(session.Ask("abc", R"({"temp": 0})"), WASINN_OK);
  EXPECT_EQ(session.text, LettersAfter('c'));
}

TEST(GgmlContextTest, APromptMustFit) {
  const Model model;
  Session session(model);
  EXPECT_EQ(session.Ask("abcdefgh", R"({"ctx-size": 12})"), WASINN_PROMPT_TOO_LONG);
  EXPECT_EQ(session.message,
            "ggml: expected a prompt of at most 8 tokens in a context of 12, given 9");
  EXPECT_EQ(session.Ask("abcdefgh", R"({"ctx-size": 13, "temp": 0, "n-predict": 1})"), WASINN_OK);
  EXPECT_EQ(session.text, "i");
  EXPECT_EQ(session.Ask(std::string(1 << 20, 'a')), WASINN_PROMPT_TOO_LONG);
  EXPECT_EQ(session.Ask("a", R"({"ctx-size": 2})"), WASINN_PROMPT_TOO_LONG);
}

TEST(GgmlContextTest, ARunNeedsAPrompt) {
  const Model model;
  Session session(model);
  EXPECT_EQ(session.Run(), WASINN_INVALID_ARGUMENT);
  EXPECT_EQ(session.message, "ggml: expected the input 'prompt' or 'chat', given neither");
  EXPECT_EQ(session.Ask("", R"({"temp": 0})"), WASINN_INVALID_ARGUMENT);
  EXPECT_EQ(session.Ask("y"), WASINN_OK);
  EXPECT_EQ(session.text, "z");
}

TEST(GgmlContextTest, BadInputsFailWhenTheyAreSetAndTheOldOnesStay) {
  const Model model;
  Session session(model);
  EXPECT_EQ(session.Set(1, R"({"temp": 0, "n-predict": 2})"), WASINN_OK);
  EXPECT_EQ(session.Set(1, "no json"), WASINN_INVALID_ENCODING);
  EXPECT_EQ(session.Set(1, R"({"temp": "warm"})"), WASINN_INVALID_ARGUMENT);
  EXPECT_EQ(session.refusal,
            "ggml: option 'temp': expected a number from 0 to 100, given \"warm\"");
  EXPECT_EQ(session.Set(1, R"({"batch-size": 100000})"), WASINN_INVALID_ARGUMENT);
  EXPECT_EQ(session.Set(2, "[{]"), WASINN_INVALID_ENCODING);
  EXPECT_EQ(session.Ask("abc"), WASINN_OK);
  EXPECT_EQ(session.text, "de");
}

TEST(GgmlContextTest, UnknownOptionsAreWarnedOf) {
  const Model model;
  Session session(model);
  EXPECT_EQ(
      session.Ask(
          "y",
          R"({"temp": 0, "model_alias": "x", "enable-log": true, "enable-debug-log": false, "llama3": true})"),
      WASINN_OK);
  std::string log;
  for (const std::string& line : model.host.log()) log += line + "\n";
  EXPECT_NE(log.find("option \"model_alias\" is not known and was ignored"), std::string::npos);
  // The options that guests of WasmEdge send.
  EXPECT_EQ(log.find("enable-log"), std::string::npos);
}

TEST(GgmlContextTest, TheSamePromptAgainIsNotComputedAgain) {
  const Model model;
  Session session(model);
  EXPECT_EQ(session.Ask("abcdefgh", R"({"temp": 0})"), WASINN_OK);
  EXPECT_EQ(session.usage["reused_tokens"], 0);
  EXPECT_EQ(session.Ask("abcdefgh"), WASINN_OK);
  EXPECT_EQ(session.text, LettersAfter('h'));
  EXPECT_EQ(session.usage["reused_tokens"],
            8);  // all of 9 except the last, whose logits are needed
  // A conversation continues: the completion is a part of the next prompt.
  EXPECT_EQ(session.Ask("abcdefghijkabc"), WASINN_OK);
  EXPECT_EQ(session.text, LettersAfter('c'));
  EXPECT_EQ(session.usage["reused_tokens"], 12);
  EXPECT_EQ(session.Ask("abcdefgh", R"({"temp": 0, "cache-prompt": false})"), WASINN_OK);
  EXPECT_EQ(session.usage["reused_tokens"], 0);
}

TEST(GgmlContextTest, ASeedGivesTheSameAnswerAgain) {
  const Model model;
  Session session(model);
  const std::string wild = R"("temp": 50, "top-k": 0, "top-p": 1, "min-p": 0, "n-predict": 20,
                              "ignore-eos": true)";
  const auto answer = [&](const char* seed) {
    EXPECT_EQ(session.Ask("abc", "{" + wild + ", \"seed\": " + seed + "}"), WASINN_OK);
    return session.text;
  };
  const std::string first = answer("1");
  EXPECT_NE(first, LettersAfter('c').substr(0, 20));
  EXPECT_EQ(answer("1"), first);
  EXPECT_NE(answer("2"), first);
  EXPECT_NE(answer("-1"), answer("-1"));
}

TEST(GgmlContextTest, AGrammarHoldsForEveryPromptOfAContext) {
  const Model model;
  Session session(model);
  const std::string options = R"({"temp": 0, "grammar": "root ::= \"d\" [xy] \"f\""})";
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(session.Ask("abc", options), WASINN_OK) << session.message;
    EXPECT_TRUE(session.text == "dxf" || session.text == "dyf") << session.text;
  }
  // A grammar is of one request, unless the context has it.
  Session with(model, {{"grammar", "root ::= \"q\""}, {"temp", "0"}});
  EXPECT_EQ(with.Ask("abc"), WASINN_OK);
  EXPECT_EQ(with.text, "q");
  EXPECT_EQ(with.Ask("xyz"), WASINN_OK);
  EXPECT_EQ(with.text, "q");
}

TEST(GgmlContextTest, ABadGrammarIsAnError) {
  const Model model;
  Session session(model);
  for (const char* grammar : {"no grammar", "root ::= other", "other ::= \"a\"",
                              "root ::= root \"a\"", "root ::= \"a\"{1000000}", "%llguidance {}"}) {
    const std::string options = nlohmann::json{{"grammar", grammar}}.dump();
    EXPECT_EQ(session.Ask("abc", options), WASINN_INVALID_ARGUMENT) << grammar;
    EXPECT_TRUE(session.message.starts_with("ggml: option 'grammar': expected a grammar"))
        << session.message;
  }
  const std::string deep =
      nlohmann::json{{"grammar", "root ::= " + std::string(60000, '(')}}.dump();
  EXPECT_EQ(session.Ask("abc", deep), WASINN_INVALID_ARGUMENT);
  EXPECT_EQ(session.Ask("y", R"({"temp": 0})"), WASINN_OK);
  EXPECT_EQ(session.text, "z");
}

TEST(GgmlContextTest, ASchemaMakesTheAnswerJson) {
  const Model model;
  Session session(model);
  EXPECT_EQ(session.Ask("abc", R"({"temp": 0, "json-schema": {"const": "defghi"}})"), WASINN_OK)
      << session.message;
  EXPECT_EQ(session.text, "\"defghi\"");
  const std::string object = R"({"temp": 0, "json-schema":
      {"type": "object", "properties": {"a": {"type": "boolean"}, "b": {"enum": [1, 2]}},
       "required": ["a", "b"], "additionalProperties": false}})";
  EXPECT_EQ(session.Ask("abc", object), WASINN_OK) << session.message;
  const auto parsed = nlohmann::json::parse(session.text, nullptr, false);
  ASSERT_TRUE(parsed.is_object()) << session.text;
  EXPECT_TRUE(parsed["a"].is_boolean());
  EXPECT_TRUE(parsed["b"] == 1 || parsed["b"] == 2);
}

TEST(GgmlContextTest, ABadSchemaIsAnError) {
  const Model model;
  Session session(model);
  for (const char* schema : {R"({"type": "nonsense"})", R"({"$ref": "#/nowhere"})",
                             R"({"$ref": "file:///etc/passwd"})", "5"}) {
    const std::string options = std::string(R"({"json-schema": )") + schema + "}";
    const wasinn_code code = session.Ask("abc", options);
    EXPECT_EQ(code, WASINN_INVALID_ARGUMENT) << schema << ": " << session.message;
  }
  nlohmann::json wide = {{"type", "object"}};
  for (int i = 0; i < 5000; ++i) wide["properties"]["p" + std::to_string(i)] = {{"type", "null"}};
  EXPECT_NE(session.Set(1, nlohmann::json{{"json-schema", wide}}.dump()), WASINN_OK);
  EXPECT_EQ(session.Ask("y", R"({"temp": 0})"), WASINN_OK);
}

TEST(GgmlContextTest, BiasesAndPenaltiesChangeTheAnswer) {
  const Model model;
  Session session(model);
  // Token 260 is "a"; so 263 is "d".
  EXPECT_EQ(session.Ask("abc", R"({"temp": 0, "n-predict": 1, "logit-bias": {"263": false,
                                   "285": 1000}})"),
            WASINN_OK);
  EXPECT_EQ(session.text, "z");
  EXPECT_EQ(session.Ask("abc", R"({"logit-bias": {"296": 1}})"), WASINN_INVALID_ARGUMENT);
  // Nothing may follow.
  nlohmann::json none;
  for (int token = 0; token < 296; ++token) none["logit-bias"][std::to_string(token)] = false;
  EXPECT_EQ(session.Ask("abc", none.dump()), WASINN_OK) << session.message;
  EXPECT_EQ(session.text, "");
}

TEST(GgmlContextTest, EverySamplerTakesItsExtremes) {
  const Model model;
  Session session(model);
  for (const char* options :
       {R"("mirostat": 1)",
        R"("mirostat": 2)",
        R"("mirostat": 1, "mirostat-tau": 0)",
        R"("mirostat": 2, "mirostat-eta": 1000, "mirostat-tau": 0)",
        R"("top-k": 1)",
        R"("top-p": 0)",
        R"("min-p": 1)",
        R"("typical": 0)",
        R"("typical": 0.5)",
        R"("top-n-sigma": 0)",
        R"("top-n-sigma": 1)",
        R"("xtc-probability": 1, "xtc-threshold": 0)",
        R"("dynatemp-range": 100)",
        R"("dynatemp-range": 1, "dynatemp-exponent": 100)",
        R"("temp": 100)",
        R"("repeat-penalty": 0.01)",
        R"("repeat-penalty": 100, "repeat-last-n": -1)",
        R"("presence-penalty": -100, "frequency-penalty": 100)",
        R"("dry-multiplier": 1000, "dry-base": 1000, "dry-allowed-length": 0)",
        R"("dry-multiplier": 1, "dry-penalty-last-n": -1, "dry-sequence-breakers": ["a", "bcd"])",
        R"("repeat-last-n": 1048576, "dry-penalty-last-n": 1048576, "dry-multiplier": 1)"}) {
    EXPECT_EQ(session.Ask("ababababab", std::string("{") + options +
                                            R"(, "n-predict": 12, "seed": 3, "ignore-eos": true})"),
              WASINN_OK)
        << options << ": " << session.message;
    EXPECT_EQ(session.usage["output_tokens"], 12) << options;
  }
}

TEST(GgmlContextTest, LogprobsAreInTheUsage) {
  const Model model;
  Session session(model);
  EXPECT_EQ(session.Ask("abc", R"({"temp": 0, "n-predict": 2, "logprobs": 3})"), WASINN_OK);
  const auto& list = session.usage["logprobs"];
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0]["token"], "d");
  ASSERT_EQ(list[0]["top_logprobs"].size(), 3U);
  EXPECT_EQ(list[0]["top_logprobs"][0]["token"], "d");
  EXPECT_EQ(list[0]["logprob"], list[0]["top_logprobs"][0]["logprob"]);
  EXPECT_LE(list[0]["logprob"], 0);
  EXPECT_LT(list[0]["top_logprobs"][1]["logprob"], list[0]["logprob"]);
}

TEST(GgmlContextTest, AnEmbeddingIsTheResponse) {
  const Model model;
  Session session(model);
  const auto embedding = [&](const std::string& prompt, const std::string& options) {
    EXPECT_EQ(session.Ask(prompt, options), WASINN_OK) << session.message;
    EXPECT_EQ(session.chunks, 0U);
    const auto object = nlohmann::json::parse(session.text);
    EXPECT_EQ(object["n_embedding"], 64);
    return object["embedding"].get<std::vector<double>>();
  };
  const auto abc = embedding("abc", R"({"embedding": true})");
  ASSERT_EQ(abc.size(), 64U);
  double length = 0;
  for (const double value : abc) length += value * value;
  EXPECT_NEAR(length, 1, 1e-5);
  EXPECT_EQ(session.usage["input_tokens"], 4);
  EXPECT_EQ(embedding("abc", R"({"embedding": true, "pooling": "mean"})"), abc);
  EXPECT_NE(embedding("xyz", R"({"embedding": true})"), abc);
  EXPECT_NE(embedding("abc", R"({"embedding": true, "pooling": "last"})"), abc);
  const auto raw = embedding("abc", R"({"embedding": true, "normalize": false})");
  EXPECT_GT(std::abs(raw[0]), std::abs(abc[0]));
  // The context still works.
  EXPECT_EQ(session.Ask("y", R"({"temp": 0})"), WASINN_OK);
  EXPECT_EQ(session.text, "z");
}

TEST(GgmlContextTest, AChatIsWrittenByATemplate) {
  const Model model;
  Session session(model);
  // The model has no template of its own, so the default one is used, whose special tokens are
  // bytes to it.
  EXPECT_EQ(session.Set(2, R"([{"role": "user", "content": "abc"}])"), WASINN_OK);
  EXPECT_GT(session.EarlyUsage()["input_tokens"], 20);
  EXPECT_EQ(session.Set(1, R"({"temp": 0, "n-predict": 1})"), WASINN_OK);
  EXPECT_EQ(session.Run(), WASINN_OK) << session.message;
  for (const char* chat : {"{}", "[]", "5", R"([{"role": 5}])", R"({"messages": "x"})",
                           R"({"messages": [{"role": "user", "content": "a"}], "tools": 7})",
                           R"([{"role": "user", "content": {"a": 1}}])"}) {
    EXPECT_EQ(session.Set(2, chat), WASINN_OK);
    EXPECT_EQ(session.Run(), WASINN_INVALID_ARGUMENT) << chat << ": " << session.message;
  }
}

TEST(GgmlContextTest, WhatATemplateSaysComesFirstAndWhole) {
  const std::string words = "Roles must alternate: " + std::string(700, 'x');
  const Model model(
      {{"chat-template",
        "{%- if messages[0].role == 'assistant' -%}\n  {{- raise_exception('" + words +
            "') }}{%- endif %}{% for m in messages %}{{ m.content }}{% endfor %}"}});
  Session session(model, {{"temp", "0"}, {"n-predict", "1"}});
  EXPECT_EQ(session.Set(2, R"([{"role": "assistant", "content": "abc"}])"), WASINN_OK);
  EXPECT_EQ(session.Run(), WASINN_INVALID_ARGUMENT);
  EXPECT_EQ(session.message,
            "ggml: input 'chat': " + words + " (the model's chat template refuses it)");
  EXPECT_EQ(session.Set(2, R"([{"role": "user", "content": "abc"}])"), WASINN_OK);
  EXPECT_EQ(session.Run(), WASINN_OK) << session.message;
}

TEST(GgmlContextTest, TextsOfOthersAreCutToTheirReason) {
  EXPECT_EQ(ReasonOf("\n------------\nWhile executing CallExpression at line 1, column 3 in "
                     "source:\n{{ f() }}\n ^\nError: f is\n  no function"),
            "f is no function");
  EXPECT_EQ(ReasonOf("Failed to parse tools: Missing tool type; tools = [\n{\"a\": 1}]"),
            "Failed to parse tools: Missing tool type");
  EXPECT_EQ(ReasonOf("[json.exception.type_error.302] type must be string"), "type must be string");
  EXPECT_EQ(ReasonOf("/build/of/ggml.c:12: GGML_ASSERT(a == b) failed"),
            "GGML_ASSERT(a == b) failed");
  EXPECT_LE(ReasonOf(std::string(5000, 'x')).size(), 303U);
  // The cut is not inside a character.
  std::string euros;
  for (int i = 0; i < 200; ++i) euros += "\xE2\x82\xAC";
  EXPECT_EQ(ReasonOf("a" + euros), "a" + euros.substr(0, 297) + "...");
}

TEST(GgmlContextTest, ALongTextDoesNotHoldUpShortOnes) {
  const Model model;
  wasinn_backend_instance* instance = model.instance.get();
  std::promise<void> go;
  instance->WorkerFor(size_t{4} << 20).Post([wait = go.get_future().share()] { wait.wait(); });
  Session session(model, {{"temp", "0"}});
  EXPECT_EQ(session.Ask("y"), WASINN_OK) << session.message;
  EXPECT_EQ(session.text, "z");
  RunRecord late;
  Session longer(model, {{"temp", "0"}});
  EXPECT_EQ(longer.Set(0, std::string(100'000, 'a')), WASINN_OK);
  longer.Start(late);
  EXPECT_EQ(session.Ask("x"), WASINN_OK);
  EXPECT_EQ(late.done_count(), 0);
  go.set_value();
  EXPECT_TRUE(late.Wait(std::chrono::minutes(5)));
  EXPECT_EQ(late.code(), WASINN_PROMPT_TOO_LONG);
}

// A cancel that comes while a first run ends that never began.
TEST(GgmlContextTest, ARunThatDidNotBeginCanBeCancelled) {
  const Model model;
  for (int i = 0; i < 2000; ++i) {
    Session session(model);
    RunRecord run;
    std::thread canceller([&] { GgmlBackend()->cancel(session.context().get(), run.sink()->run); });
    session.Start(run);
    canceller.join();
    ASSERT_EQ(run.done_count(), 1);
    EXPECT_EQ(run.code(), WASINN_INVALID_ARGUMENT);
  }
}

}  // namespace
}  // namespace wasinn::ggml
