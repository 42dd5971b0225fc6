// Chats with tools, by a template that knows them.
#include "ggml/tools.h"

#include <fstream>

#include "ggml/test_support.h"

namespace wasinn::ggml {
namespace {

using nlohmann::json;

json Tools() {
  return json::parse(R"([
      {"type": "function", "function": {"name": "add", "description": "Adds two numbers.",
       "parameters": {"type": "object", "properties": {"a": {"type": "integer"},
       "b": {"type": "integer"}}, "required": ["a", "b"]}}},
      {"type": "function", "function": {"name": "open", "description": "Opens a door.",
       "parameters": {"type": "object", "properties": {"door": {"enum": ["left", "right"]}},
       "required": ["door"]}}}])");
}

json ChatOf(const std::string& question, const json& more = json::object()) {
  json chat = {{"messages", {{{"role", "user"}, {"content", question}}}}, {"tools", Tools()}};
  chat.update(more);
  return chat;
}

class GgmlToolsTest : public ::testing::Test {
 protected:
  wasinn_code Ask(const json& chat, const std::string& options = R"({"temp": 0})") {
    EXPECT_EQ(session.Set(2, chat.dump()), WASINN_OK) << session.refusal;
    EXPECT_EQ(session.Set(1, options), WASINN_OK) << session.refusal;
    return session.Run();
  }

  Model model{OptionList{}, TestModel("tools").c_str()};
  Session session{model, {{"ctx-size", "4096"}, {"n-predict", "600"}}};
};

TEST_F(GgmlToolsTest, ThePromptTellsOfTheTools) {
  EXPECT_EQ(session.Set(2, ChatOf("abc").dump()), WASINN_OK);
  EXPECT_EQ(session.Set(1, R"({"task": "tokenize"})"), WASINN_OK);
  EXPECT_EQ(session.Run(), WASINN_OK) << session.message;
  const std::string tokens = json::parse(session.text)["tokens"].dump();
  Session back(model, {{"task", "detokenize"}});
  EXPECT_EQ(back.Ask(tokens), WASINN_OK);
  EXPECT_NE(back.text.find("Adds two numbers."), std::string::npos) << back.text;
  EXPECT_NE(back.text.find("\"door\""), std::string::npos);
}

// The model only knows the alphabet: that it calls a tool is the grammar's doing.
TEST_F(GgmlToolsTest, ARequiredCallIsMade) {
  EXPECT_EQ(Ask(ChatOf("abc", {{"tool_choice", "required"}})), WASINN_OK) << session.message;
  EXPECT_EQ(session.usage["finish"], "end") << session.text;
  const json& message = session.usage["message"];
  EXPECT_EQ(message["role"], "assistant");
  ASSERT_EQ(message["tool_calls"].size(), 1U) << session.text;
  const json& call = message["tool_calls"][0];
  EXPECT_EQ(call["type"], "function");
  EXPECT_EQ(call["id"].get<std::string>().size(), 9U);
  const std::string name = call["function"]["name"];
  const json arguments = json::parse(call["function"]["arguments"].get<std::string>());
  if (name == "add") {
    EXPECT_TRUE(arguments["a"].is_number_integer());
    EXPECT_TRUE(arguments["b"].is_number_integer());
  } else {
    EXPECT_EQ(name, "open");
    EXPECT_TRUE(arguments["door"] == "left" || arguments["door"] == "right");
  }
  EXPECT_NE(session.text.find("<tool_call>"), std::string::npos) << session.text;
}

TEST_F(GgmlToolsTest, AFunctionByNameIsCalled) {
  for (const char* name : {"open", "add"}) {
    const json choice = {{"type", "function"}, {"function", {{"name", name}}}};
    EXPECT_EQ(Ask(ChatOf("abc", {{"tool_choice", choice}})), WASINN_OK) << session.message;
    ASSERT_EQ(session.usage["message"]["tool_calls"].size(), 1U) << session.text;
    EXPECT_EQ(session.usage["message"]["tool_calls"][0]["function"]["name"], name);
  }
}

// The grammar of calls applies from <tool_call> on; before that, the completion is free.
TEST_F(GgmlToolsTest, AnAnswerWithoutACallIsText) {
  const json chat = ChatOf("abc");
  EXPECT_EQ(Ask(chat, R"({"temp": 0, "n-predict": 8})"), WASINN_OK) << session.message;
  EXPECT_EQ(session.usage["message"]["content"], session.text);
  EXPECT_FALSE(session.usage["message"].contains("tool_calls"));
}

TEST(GgmlLazyGrammarTest, HoldsFromItsWordOn) {
  ChatGrammar grammar;
  grammar.text = "root ::= \"<go>\" [0-9]";
  grammar.lazy = true;
  grammar.words = {"<go>"};
  llama_model_params params = llama_model_default_params();
  const std::unique_ptr<llama_model, void (*)(llama_model*)> loaded(
      llama_model_load_from_file(TestModel("tools").c_str(), params), llama_model_free);
  ASSERT_NE(loaded, nullptr);
  Settings settings;
  settings.temp = 0;
  Sampler sampler(*loaded, settings, 100, grammar);
  // Token 3 + B is the byte B; 260 is "a", 286 "0".
  std::vector<float> logits(296, 0);
  logits[260] = 10;
  EXPECT_EQ(sampler.Sample(logits.data()), 260);
  sampler.Accept(260);
  for (const char byte : std::string("xx<go")) sampler.Accept(3 + byte);
  EXPECT_EQ(sampler.Sample(logits.data()), 260);
  sampler.Accept(3 + '>');
  const auto digit = sampler.Sample(logits.data());
  ASSERT_TRUE(digit);
  EXPECT_TRUE((*digit >= 3 + '0' && *digit <= 3 + '9') || (*digit >= 286 && *digit <= 295))
      << *digit;
  sampler.Accept(*digit);
  EXPECT_EQ(sampler.Sample(logits.data()), 2);  // the end alone is left
}

TEST_F(GgmlToolsTest, WithoutAChoiceOfToolsThereAreNone) {
  EXPECT_EQ(Ask(ChatOf("abc", {{"tool_choice", "none"}}), R"({"temp": 0, "n-predict": 4})"),
            WASINN_OK)
      << session.message;
  EXPECT_FALSE(session.usage.contains("message"));
}

TEST_F(GgmlToolsTest, AnAnswerThatWasCutIsReadAsFarAsItGoes) {
  EXPECT_EQ(Ask(ChatOf("abc", {{"tool_choice", "required"}}), R"({"temp": 0, "n-predict": 30})"),
            WASINN_OK);
  EXPECT_EQ(session.usage["finish"], "length");
  EXPECT_EQ(session.usage["message"]["role"], "assistant") << session.usage;
}

TEST_F(GgmlToolsTest, AResultOfAToolGoesIntoThePrompt) {
  json chat = ChatOf("abc");
  chat["messages"].push_back(
      {{"role", "assistant"},
       {"content", nullptr},
       {"tool_calls",
        {{{"id", "123456789"},
          {"type", "function"},
          {"function", {{"name", "add"}, {"arguments", R"({"a": 1, "b": 2})"}}}}}}});
  chat["messages"].push_back(
      {{"role", "tool"}, {"tool_call_id", "123456789"}, {"content", "xyz3"}});
  EXPECT_EQ(session.Set(2, chat.dump()), WASINN_OK);
  EXPECT_EQ(session.Set(1, R"({"task": "tokenize"})"), WASINN_OK);
  EXPECT_EQ(session.Run(), WASINN_OK) << session.message;
  Session back(model, {{"task", "detokenize"}});
  EXPECT_EQ(back.Ask(json::parse(session.text)["tokens"].dump()), WASINN_OK);
  EXPECT_NE(back.text.find("<tool_response>\nxyz3"), std::string::npos) << back.text;
}

TEST_F(GgmlToolsTest, BadToolsAreErrors) {
  const auto refused = [&](const json& more, wasinn_code code = WASINN_INVALID_ARGUMENT) {
    EXPECT_EQ(Ask(ChatOf("abc", more)), code) << more << ": " << session.message;
    return session.message;
  };
  refused({{"tools", 7}});
  refused({{"tools", {7}}});
  refused({{"tools", {{{"type", "function"}}}}});
  refused({{"tool_choice", "other"}});
  refused({{"tool_choice", {{"type", "function"}, {"function", {{"name", "close"}}}}}});
  refused({{"parallel_tool_calls", 3}});
  json many = json::array();
  for (int i = 0; i < 129; ++i) many.push_back(Tools()[0]);
  EXPECT_NE(refused({{"tools", many}}).find("at most 128"), std::string::npos);
  json wide = Tools();
  for (int i = 0; i < 300; ++i) {
    wide[0]["function"]["parameters"]["properties"]["p" + std::to_string(i)] = json::object();
  }
  refused({{"tools", wide}}, WASINN_TOO_LARGE);
  EXPECT_EQ(Ask(ChatOf("abc"), R"({"grammar": "root ::= \"a\""})"), WASINN_INVALID_ARGUMENT);
  EXPECT_NE(session.message.find("without the options grammar and json-schema"), std::string::npos)
      << session.message;
}

// Each would take llama.cpp all of its stack, or time that doubles with every part.
TEST_F(GgmlToolsTest, SchemasOfToolsHaveABound) {
  const auto refused = [&](const json& parameters, wasinn_code code) {
    json tools = Tools();
    tools[0]["function"]["parameters"] = parameters;
    EXPECT_EQ(Ask(ChatOf("abc", {{"tools", tools}, {"tool_choice", "required"}})), code)
        << session.message;
    EXPECT_TRUE(session.message.starts_with("ggml: input 'chat', tools: ")) << session.message;
  };
  json circle =
      json::parse(R"({"type": "object", "properties": {"a": {"allOf": [{"$ref": "#/$defs/a"}]}},
      "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}})");
  refused(circle, WASINN_INVALID_ARGUMENT);
  json types = {{"type", "string"}};
  for (int i = 0; i < 10; ++i) {
    types = {{"type", {"object", "object", "object"}}, {"properties", {{"a", types}}}};
  }
  refused(types, WASINN_INVALID_ARGUMENT);
  json defs;
  for (int i = 0; i < 40; ++i) {
    const json next = {{"$ref", "#/$defs/d" + std::to_string(i + 1)}};
    defs["d" + std::to_string(i)] = {{"anyOf", {next, next}}};
  }
  defs["d40"] = {{"type", "string"}};
  const json doubled = {{"type", "object"},
                        {"properties", {{"a", {{"anyOf", {{{"$ref", "#/$defs/d0"}}}}}}}},
                        {"$defs", defs}};
  refused(doubled, WASINN_TOO_LARGE);
  json names = {{"type", "object"}};
  for (int i = 0; i < 250; ++i) {
    names["properties"][std::string(500, 'x') + std::to_string(i)] = {{"type", "string"}};
  }
  refused({{"type", "object"}, {"properties", {{std::string(5000, 'x'), names}}}},
          WASINN_TOO_LARGE);
  json inverted = {
      {"type", "object"},
      {"properties", {{"a", {{"type", "string"}, {"minLength", 3}, {"maxLength", 2}}}}},
      {"required", {"a"}}};
  refused(inverted, WASINN_INVALID_ARGUMENT);
}

TEST(GgmlToolsOfOthersTest, AModelWhoseTemplateKnowsNoneSaysSo) {
  const Model model({}, WASINN_SMOLLM2_MODEL);
  Session session(model);
  EXPECT_EQ(session.Set(2, ChatOf("Add 1 and 2.").dump()), WASINN_OK);
  EXPECT_EQ(session.Run(), WASINN_UNSUPPORTED_OPERATION);
  EXPECT_NE(session.message.find("whose chat template knows tools"), std::string::npos)
      << session.message;
}

std::string ToolTemplate() {
  std::ifstream file(TestModel("tools"), std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  const std::string key = "tokenizer.chat_template";
  const size_t at = bytes.find(key) + key.size() + 4;
  uint64_t size = 0;
  std::memcpy(&size, bytes.data() + at, sizeof size);
  return bytes.substr(at + sizeof size, size);
}

TEST(GgmlToolsOfOthersTest, ARealModelCallsByTheHostsTemplate) {
  const Model model({{"chat-template", ToolTemplate()}}, WASINN_SMOLLM2_MODEL);
  Session session(model, {{"temp", "0"}, {"n-predict", "80"}});
  EXPECT_EQ(session.Set(2, ChatOf("What is 17 plus 25?", {{"tool_choice", "required"}}).dump()),
            WASINN_OK);
  EXPECT_EQ(session.Run(), WASINN_OK) << session.message;
  const json& message = session.usage["message"];
  ASSERT_GE(message["tool_calls"].size(), 1U) << session.text;
  const std::string name = message["tool_calls"][0]["function"]["name"];
  EXPECT_TRUE(name == "add" || name == "open") << name;
  EXPECT_TRUE(json::parse(message["tool_calls"][0]["function"]["arguments"].get<std::string>())
                  .is_object());
}

}  // namespace
}  // namespace wasinn::ggml
