#include "ggml/options.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>
#include <wasinn/backend.hpp>

namespace wasinn::ggml {
namespace {

std::vector<std::string> warnings;

Settings Apply(const std::string& json) {
  warnings.clear();
  Settings settings;
  ApplyJson(json, [](const std::string& text) { warnings.push_back(text); }, settings);
  return settings;
}

// "code: message" of what the text is refused with, "" when it is taken.
std::string Refused(const std::string& json) {
  try {
    Apply(json);
  } catch (const backend::Failure& failure) {
    return std::to_string(failure.code()) + ": " + failure.message();
  }
  return "";
}

TEST(GgmlOptionsTest, EveryKindIsRead) {
  const Settings settings = Apply(R"({"temp": 1, "top-k": 7, "embedding": true, "seed": 4294967295,
      "pooling": "last", "grammar": "root ::= \"a\"", "json-schema": {"type": "null"},
      "reverse-prompt": "stop", "logit-bias": {"5": -1.5}, "n-predict": 3.0})");
  EXPECT_EQ(settings.temp, 1);
  EXPECT_EQ(settings.top_k, 7);
  EXPECT_TRUE(settings.embedding);
  EXPECT_EQ(settings.seed, 4294967295);
  EXPECT_EQ(settings.pooling, "last");
  EXPECT_EQ(settings.grammar, "root ::= \"a\"");
  EXPECT_EQ(settings.json_schema, R"({"type":"null"})");
  EXPECT_EQ(settings.reverse_prompt, std::vector<std::string>{"stop"});
  EXPECT_EQ(settings.n_predict, 3);
  EXPECT_EQ(Settings().top_k, 40);
  EXPECT_TRUE(warnings.empty());
}

TEST(GgmlOptionsTest, AliasesAndUnderscoresMeanTheSame) {
  const Settings settings =
      Apply(R"({"max_tokens": 9, "temperature": 0.5, "stop": ["a", "b"], "ctx_size": 64})");
  EXPECT_EQ(settings.n_predict, 9);
  EXPECT_EQ(settings.temp, 0.5);
  EXPECT_EQ(settings.reverse_prompt, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(settings.ctx_size, 64);
}

TEST(GgmlOptionsTest, UnknownKeysAndTheHostsAreIgnoredWithAWarning) {
  const Settings settings = Apply(R"({"model_name": "x", "kv-cells": 5, "top-k": null})");
  EXPECT_EQ(settings.kv_cells, 0);
  EXPECT_EQ(settings.top_k, 40);
  ASSERT_EQ(warnings.size(), 2U);
  EXPECT_EQ(warnings[0], "ggml: option \"kv-cells\" is reserved for the host and was ignored");
  EXPECT_EQ(warnings[1], "ggml: option \"model_name\" is not known and was ignored");
}

TEST(GgmlOptionsTest, WhatIsNoJsonIsAnotherErrorThanAWrongValue) {
  EXPECT_TRUE(
      Refused("{").starts_with("2: ggml: options: expected JSON, given text that is not JSON"));
  EXPECT_TRUE(Refused("").starts_with("2: "));
  EXPECT_TRUE(Refused("not json").starts_with("2: "));
  EXPECT_EQ(Refused("[1]"), "1: ggml: options: expected a JSON object, given [1]");
  EXPECT_EQ(Refused(R"({"temp": "hot"})"),
            "1: ggml: option 'temp': expected a number from 0 to 100, given \"hot\"");
  EXPECT_EQ(Refused(R"({"top-k": 1.5})"),
            "1: ggml: option 'top-k': expected a whole number from 0 to 10000000, given 1.5");
  EXPECT_EQ(Refused(R"({"embedding": 1})"),
            "1: ggml: option 'embedding': expected true or false, given 1");
  EXPECT_EQ(Refused(R"({"pooling": "max"})"),
            "1: ggml: option 'pooling': expected one of auto|mean|cls|last, given \"max\"");
}

TEST(GgmlOptionsTest, WhatOtherHostsDieOfIsRefused) {
  for (const char* json :
       {R"({"batch-size": 1000000})", R"({"batch-size": 0})", R"({"batch-size": -1})",
        R"({"ctx-size": -5})", R"({"ctx-size": 1e30})", R"({"threads": -1})", R"({"temp": -1})",
        R"({"temp": 1e999})", R"({"repeat-penalty": 0})", R"({"mirostat": 3})",
        R"({"json-schema": "{"})", R"({"n-gpu-layers": "all"})", R"({"seed": -2})"}) {
    EXPECT_NE(Refused(json), "") << json;
  }
  nlohmann::json split = nlohmann::json::array();
  for (int i = 0; i < 100000; ++i) split.push_back(1);
  EXPECT_NE(Refused(nlohmann::json{{"tensor-split", split}}.dump()), "");
  EXPECT_EQ(Refused(R"({"tensor-split": [0.5, 0.5]})"), "");
  EXPECT_NE(Refused(nlohmann::json{{"grammar", std::string(1 << 20, 'a')}}.dump()), "");
  EXPECT_NE(Refused("{\"grammar\": \"a\\u0000b\"}"), "");
  EXPECT_TRUE(Refused(std::string(100000, '[')).starts_with("1: "));
  EXPECT_TRUE(Refused(std::string(5 << 20, ' ')).starts_with("6: "));
}

TEST(GgmlOptionsTest, NothingChangesWhenOneValueIsWrong) {
  Settings settings;
  EXPECT_THROW(ApplyJson(
                   R"({"top-k": 3, "temp": "x"})", [](const std::string&) {}, settings),
               backend::Failure);
  EXPECT_EQ(settings.top_k, 40);
}

TEST(GgmlOptionsTest, LogitBiasIsBoundToTheVocabulary) {
  const auto biases = [](const char* json) {
    Settings settings;
    settings.logit_bias = json;
    return LogitBias(settings, 10);
  };
  ASSERT_EQ(biases(R"({"3": 2, "4": false})").size(), 2U);
  EXPECT_EQ(biases(R"([[9, -1]])")[0].token, 9);
  for (const char* json :
       {R"({"10": 1})", R"({"-1": 1})", R"({"x": 1})", R"({"5x": 1})", R"({"": 1})",
        R"([[1, "a"]])", R"([1, 2])", R"([[18446744073709551615, 1]])", "5"}) {
    EXPECT_THROW(biases(json), backend::Failure) << json;
  }
}

TEST(GgmlOptionsTest, TheTableHasEveryNameOnceWithItsDefault) {
  std::set<std::string> names;
  for (const wasinn_option_spec& spec : OptionTable()) {
    EXPECT_TRUE(names.insert(spec.name).second) << spec.name;
    EXPECT_NE(spec.help[0], '\0') << spec.name;
    // The defaults in the table must equal the initial settings.
    if (spec.default_value[0] == '\0') continue;
    Settings settings;
    const wasinn_option option = {backend::Str(spec.name), backend::Str(spec.default_value)};
    EXPECT_NO_THROW(ApplyOptions(&option, 1, settings)) << spec.name;
  }
  EXPECT_TRUE(names.contains("max-tokens"));
}

TEST(GgmlOptionsTest, TheDocumentSaysWhatTheTableSays) {
  std::ifstream file("docs/llm.md");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  for (const wasinn_option_spec& spec : OptionTable()) {
    EXPECT_NE(text.find(std::string("`") + spec.name + "`"), std::string::npos) << spec.name;
    const std::string help = spec.help;
    if (help.starts_with("the same as ")) continue;
    EXPECT_NE(text.find("| " + help + " |"), std::string::npos) << spec.name;
    if (spec.default_value[0] == '\0') continue;
    EXPECT_NE(text.find(std::string("| `") + spec.default_value + "` | " + help), std::string::npos)
        << spec.name;
  }
}

TEST(GgmlOptionsTest, OptionsOfTheTableComeAsText) {
  const std::pair<const char*, const char*> given[] = {{"temp", "0.25"},
                                                       {"embedding", "true"},
                                                       {"reverse-prompt", "[\"x\",\"y\"]"},
                                                       {"stop", "plain"},
                                                       {"json-schema", "{\"type\":\"null\"}"}};
  Settings settings;
  for (const auto& [name, value] : given) {
    const wasinn_option option = {backend::Str(name), backend::Str(value)};
    ApplyOptions(&option, 1, settings);
    if (std::string(name) == "reverse-prompt") {
      EXPECT_EQ(settings.reverse_prompt.size(), 2U);
    }
  }
  EXPECT_EQ(settings.temp, 0.25);
  EXPECT_TRUE(settings.embedding);
  EXPECT_EQ(settings.reverse_prompt, std::vector<std::string>{"plain"});
}

}  // namespace
}  // namespace wasinn::ggml
