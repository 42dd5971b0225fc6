// Completions with a JSON schema conform to it, whatever the model would generate.
#include "ggml/schema.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <regex>
#include <string>

#include "ggml/grammar_match.h"
#include "ggml/runtime.h"
#include "ggml/test_support.h"

namespace wasinn::ggml {
namespace {

using nlohmann::json;

size_t Characters(const std::string& text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; }));
}

// A validator that follows JSON Schema, independent of the converter.
bool Conforms(const json& value, const json& schema, const json& root) {
  if (schema.is_boolean()) return schema.get<bool>();
  const auto good = [&](const json& one) { return Conforms(value, one, root); };
  const auto count = [&](const json& list) {
    return std::count_if(list.begin(), list.end(), good);
  };
  const auto is = [&](const json& type) {
    if (type == "integer") {
      return value.is_number() && value.get<double>() == std::floor(value.get<double>());
    }
    return type == (value.is_number() ? "number" : value.type_name());
  };
  for (const auto& [keyword, given] : schema.items()) {
    bool fits = true;
    if (keyword == "$ref") {
      fits = good(given == "#" ? root
                               : root.at(json::json_pointer(given.get<std::string>().substr(1))));
    } else if (keyword == "type") {
      fits = given.is_array() ? std::any_of(given.begin(), given.end(), is) : is(given);
    } else if (keyword == "enum") {
      fits = std::find(given.begin(), given.end(), value) != given.end();
    } else if (keyword == "const") {
      fits = value == given;
    } else if (keyword == "anyOf") {
      fits = count(given) > 0;
    } else if (keyword == "oneOf") {
      fits = count(given) == 1;
    } else if (keyword == "allOf") {
      fits = count(given) == static_cast<std::ptrdiff_t>(given.size());
    } else if (value.is_number()) {
      const double number = value;
      if (keyword == "minimum") fits = number >= given;
      if (keyword == "maximum") fits = number <= given;
      if (keyword == "exclusiveMinimum") fits = number > given;
      if (keyword == "exclusiveMaximum") fits = number < given;
    } else if (value.is_string()) {
      if (keyword == "minLength") fits = Characters(value) >= given;
      if (keyword == "maxLength") fits = Characters(value) <= given;
      if (keyword == "pattern") {
        fits = std::regex_search(value.get<std::string>(), std::regex(given.get<std::string>()));
      }
    } else if (value.is_array()) {
      if (keyword == "minItems") fits = value.size() >= given;
      if (keyword == "maxItems") fits = value.size() <= given;
      const json first = schema.value("prefixItems", json::array());
      for (size_t i = 0; i < value.size(); ++i) {
        if (keyword == "prefixItems" && i < given.size())
          fits = fits && Conforms(value[i], given[i], root);
        if (keyword == "items" && i >= first.size()) fits = fits && Conforms(value[i], given, root);
      }
    } else if (value.is_object()) {
      const json named = schema.value("properties", json::object());
      for (const auto& [name, property] : value.items()) {
        if (keyword == "properties" && given.contains(name)) {
          fits = fits && Conforms(property, given[name], root);
        }
        if (keyword == "additionalProperties" && !named.contains(name)) {
          fits = fits && Conforms(property, given, root);
        }
      }
      if (keyword == "required") {
        for (const json& name : given) fits = fits && value.contains(name);
      }
    }
    if (!fits) return false;
  }
  return true;
}

// A text of the grammar, at random, of the first so many bytes; "" when it has not ended after
// many.
std::string RandomText(const std::shared_ptr<const Grammar>& grammar, int bytes,
                       std::mt19937& random) {
  GrammarMatch match(grammar);
  std::string text;
  while (text.size() < 1000) {
    if (match.complete() && random() % 2 == 0) return text;
    std::string may;
    for (int byte = 0; byte < bytes; ++byte) {
      const auto c = static_cast<char>(byte);
      if (match.MayBegin(static_cast<uint8_t>(byte)) && match.Allows(0, {&c, 1})) may += c;
    }
    if (may.empty()) {
      EXPECT_TRUE(match.complete()) << text;
      return text;
    }
    // Long ones are to end.
    std::string ends;
    for (const char c : may) {
      if (std::string_view("\"}]").find(c) != std::string_view::npos) ends += c;
    }
    const std::string& from = !ends.empty() && random() % 100 < text.size() ? ends : may;
    text += from[random() % from.size()];
    EXPECT_TRUE(match.Accept(0, {&text.back(), 1}));
  }
  return {};
}

TEST(GgmlSchemaTest, WhatIsWrittenConforms) {
  std::mt19937 random(11);
  for (
      const char* text :
      {R"({})",
       R"(true)",
       R"({"title": "t", "x-mine": 1, "description": "any"})",
       R"({"type": "string"})",
       R"({"type": ["string", "null"]})",
       R"({"type": "string", "minLength": 2, "maxLength": 5})",
       R"({"minLength": 3})",
       R"({"type": "integer", "minimum": -12, "maximum": 345})",
       R"({"type": "integer", "exclusiveMinimum": 99, "exclusiveMaximum": 102})",
       R"({"type": "integer", "minimum": 7})",
       R"({"type": "integer", "maximum": -3})",
       R"({"type": "integer", "minimum": 0.5, "maximum": 3.5})",
       R"({"type": "integer", "minimum": 123456789, "maximum": 123456791})",
       R"({"type": "number", "minimum": 0, "maximum": 1})",
       R"({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1})",
       R"({"type": "number", "minimum": -2, "exclusiveMaximum": 10})",
       R"({"type": "number", "maximum": -5})",
       R"({"type": "number", "minimum": 1000000007})",
       R"({"type": "number"})",
       R"({"type": "integer", "multipleOf": 1})",
       R"({"type": "string", "pattern": "b"})",
       R"({"type": "string", "pattern": "^a|b$"})",
       R"({"type": "string", "pattern": "^[a-c\"\\\\]{2,3}$"})",
       R"({"type": "string", "pattern": "^(?:\\d{3}-)?\\d{4}$"})",
       R"({"type": "string", "pattern": "^\\w+\\s\\S.\\u0041[^a-z]$"})",
       R"({"type": "string", "pattern": "^(a|bc)*?d+?$"})",
       R"({"pattern": "x{0,2}y"})",
       R"({"enum": ["a", 1, null, {"b": [true]}]})",
       R"({"type": "integer", "enum": ["a", 1, 2.5]})",
       R"({"const": "\"\\\n\u00e4"})",
       R"({"const": {"a": 1}})",
       R"({"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "boolean"}, "c": {"type": "null"}}, "required": ["b"]})",
       R"({"type": "object", "required": ["a"]})",
       R"({"type": "object", "properties": {"a": {"const": 1}}, "required": ["a", "b"]})",
       R"({"type": "object", "properties": {"ab": {"const": 1}, "abc": {"const": 2}, "]^-": {"const": 3}}, "additionalProperties": {"type": "boolean"}, "required": ["ab", "z"]})",
       R"({"type": "object", "properties": {"*": {"const": 1}, "\u00e4": {"const": 2}}, "additionalProperties": {"type": "null"}})",
       R"({"type": "object", "properties": {"a b": {"const": 1}, "a-b": {"const": 2}}, "additionalProperties": false})",
       R"({"type": "object", "additionalProperties": {"type": "integer"}})",
       R"({"type": "object", "properties": {"a": false, "b": true}})",
       R"({"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 3})",
       R"({"type": "array", "maxItems": 0})",
       R"({"type": "array", "items": false})",
       R"({"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}]})",
       R"({"type": "array", "prefixItems": [{"const": 1}, {"const": 2}], "items": {"const": 3}, "minItems": 1, "maxItems": 4})",
       R"({"type": "array", "prefixItems": [{"const": 1}, {"const": 2}, {"const": 3}], "items": false, "maxItems": 2})",
       R"({"items": {"enum": [1, 2]}, "uniqueItems": true, "maxItems": 1})",
       R"({"anyOf": [{"type": "string"}, {"type": "integer"}]})",
       R"({"type": "object", "anyOf": [{"required": ["a"]}, {"required": ["b"]}], "properties": {"a": {"const": 1}, "b": {"const": 2}}})",
       R"({"oneOf": [{"type": "string"}, {"type": "null"}, {"type": "integer"}]})",
       R"({"oneOf": [{"type": "object", "properties": {"k": {"const": "x"}, "v": {"type": "integer"}}, "required": ["k"]}, {"type": "object", "properties": {"k": {"const": "y"}, "w": {"type": "boolean"}}, "required": ["k"]}]})",
       R"({"allOf": [{"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}, {"properties": {"b": {"const": 2}, "a": {"minimum": 5}}, "required": ["b"]}]})",
       R"({"allOf": [{"type": ["integer", "string"]}, {"type": ["number", "null"]}, {"$ref": "#/$defs/small"}], "$defs": {"small": {"maximum": 4}}})",
       R"({"$ref": "#/$defs/a b", "$defs": {"a b": {"type": "object", "properties": {"n": {"$ref": "#/$defs/a-b"}}, "required": ["n"]}, "a-b": {"const": 7}}})",
       R"({"type": "object", "properties": {"v": {"type": "integer"}, "next": {"$ref": "#"}}, "required": ["v"], "additionalProperties": false})",
       R"({"$ref": "#/$defs/t", "minimum": 3, "$defs": {"t": {"type": "integer", "maximum": 5}}})"}) {
    SCOPED_TRACE(text);
    const json schema = json::parse(text);
    const auto grammar = std::make_shared<const Grammar>(GrammarOfSchema(text), nullptr);
    // The validator's expressions know bytes alone.
    const int bytes = std::string_view(text).find("pattern") == std::string_view::npos ? 256 : 128;
    int ended = 0;
    for (int i = 0; i < 20; ++i) {
      const std::string answer = RandomText(grammar, bytes, random);
      if (answer.empty()) continue;
      ++ended;
      const json value = json::parse(answer, nullptr, false);
      ASSERT_FALSE(value.is_discarded()) << answer;
      ASSERT_TRUE(Conforms(value, schema, schema)) << answer;
    }
    EXPECT_GT(ended, 0);
  }
}

// Whether the grammar of a schema takes the whole text.
bool Takes(const char* schema, const std::string& text) {
  GrammarMatch match(std::make_shared<const Grammar>(GrammarOfSchema(schema), nullptr));
  return match.Accept(0, text) && match.complete();
}

TEST(GgmlSchemaTest, TakesWhatConforms) {
  EXPECT_TRUE(Takes(R"({"type": "integer", "minimum": -12, "maximum": 345})", "-12"));
  EXPECT_TRUE(Takes(R"({"type": "integer", "minimum": -12, "maximum": 345})", "345"));
  EXPECT_TRUE(Takes(R"({"type": "integer", "minimum": -12, "maximum": 345})", "99"));
  EXPECT_TRUE(Takes(R"({"type": "number", "minimum": 0, "maximum": 1})", "0.25"));
  EXPECT_TRUE(Takes(R"({"type": "number", "minimum": 0, "maximum": 1})", "1"));
  EXPECT_TRUE(Takes(R"({"type": "string", "pattern": "b"})", R"("abc\n\"")"));
  EXPECT_TRUE(Takes(R"({"type": "string", "format": "date-time"})", R"("2024-02-28T23:59:59.5Z")"));
  EXPECT_FALSE(Takes(R"({"type": "string", "format": "date"})", R"("2024-02-31")"));
  EXPECT_TRUE(Takes(R"({"type": "string", "format": "email"})", R"("a.b@example.org")"));
  EXPECT_TRUE(Takes(R"({"type": "string", "format": "uri"})", R"("https://example.org/a")"));
  EXPECT_TRUE(Takes(R"({"type": "string", "format": "ipv4"})", R"("10.0.255.1")"));
  EXPECT_FALSE(Takes(R"({"type": "string", "format": "ipv4"})", R"("10.0.256.1")"));
  EXPECT_TRUE(Takes(R"({"type": "string", "format": "uuid"})",
                    R"("123e4567-e89b-12d3-a456-426614174000")"));
  EXPECT_FALSE(Takes("{}", R"("\ud800")"));
  EXPECT_TRUE(Takes("{}", R"({"a": [1, -2.5e3, "x\u00e4", null], "b": {}})"));
}

TEST(GgmlSchemaTest, WhatCannotBePromisedIsRefusedByName) {
  for (
      const auto& [text, why] : std::initializer_list<std::pair<const char*, const char*>>{
          {R"({"type": "string", "minLength": 3, "maxLength": 2})",
           "at #: expected minLength up to maxLength"},
          {R"({"type": "array", "minItems": 3, "maxItems": 2})", "minItems up to maxItems"},
          {R"({"properties": {"a": {"type": "string", "pattern": "^a{5,2}$"}}})",
           "at #/properties/a: expected a pattern"},
          {R"({"type": "string", "pattern": "^(?=a)b$"})", "looks ahead"},
          {R"({"type": "string", "pattern": "(a)\\1"})", "refers to a group"},
          {R"({"type": "string", "pattern": "\\bword"})", "with \\b"},
          {R"x({"type": "string", "pattern": "a(^b)"})x", "in its middle"},
          {R"({"type": "string", "pattern": "(a"})", "parenthesis too few"},
          {R"x({"type": "string", "pattern": "a)"})x", "parenthesis too many"},
          {R"({"type": "string", "pattern": "[b-a]"})", "range out of order"},
          {R"({"type": "string", "pattern": "*"})", "repeats nothing"},
          {R"({"type": "string", "pattern": 5})", "expected a text as pattern"},
          {R"({"type": "string", "pattern": "a", "maxLength": 5})", "one of pattern, format"},
          {R"({"type": "string", "format": "regex"})", "expected as format one of"},
          {R"({"type": "object", "required": ["a"], "properties": {}, "additionalProperties": false})",
           "in required names"},
          {R"({"type": "object", "required": ["a"], "properties": {"a": false}})", "given false"},
          {R"({"not": {"type": "string"}})", "without not"},
          {R"({"if": {}, "then": {}})", "without if"},
          {R"({"type": "object", "dependentRequired": {"a": ["b"]}})", "without dependentRequired"},
          {R"({"type": "object", "patternProperties": {"a": {}}})", "without patternProperties"},
          {R"({"type": "object", "propertyNames": {"maxLength": 2}})", "without propertyNames"},
          {R"({"type": "object", "minProperties": 2})", "without minProperties"},
          {R"({"type": "array", "uniqueItems": true})", "without uniqueItems"},
          {R"({"type": "array", "contains": {"const": 1}})", "without contains"},
          {R"({"type": "number", "multipleOf": 0.5})", "without multipleOf"},
          {R"({"type": "integer", "multipleOf": 3})", "without multipleOf"},
          {R"({"type": "number", "minimum": 0.5})", "whole number of at most 15 digits as minimum"},
          {R"({"type": "integer", "minimum": 1e30})", "as minimum"},
          {R"({"type": "integer", "exclusiveMinimum": true})", "as exclusiveMinimum"},
          {R"({"type": "integer", "minimum": 5, "maximum": 4})", "between minimum and maximum"},
          {R"({"type": "integer", "exclusiveMinimum": 4, "exclusiveMaximum": 5})",
           "between minimum and maximum"},
          {R"({"type": "string", "enum": [1]})", "a value of its type"},
          {R"({"enum": ["abc"], "maxLength": 2})", "without maxLength"},
          {R"({"enum": []})", "a value of its type"},
          {R"({"type": "nonsense"})", "expected a type of JSON"},
          {R"({"type": []})", "expected a type"},
          {R"({"$ref": "https://example.org/schema"})", "into the schema itself"},
          {R"({"$ref": "#/nowhere"})", "to a part of the schema"},
          {R"({"$ref": "#anchor"})", "into the schema itself"},
          {R"({"anyOf": []})", "a list of schemas"},
          {R"({"anyOf": [false]})", "something conforms to"},
          {R"({"oneOf": [{"type": "integer"}, {"type": "number"}]})", "conforms to exactly one"},
          {R"({"oneOf": [{"type": "object", "properties": {"a": {}}}, {"type": "object"}]})",
           "conforms to exactly one"},
          {R"({"allOf": [{"minimum": 1}, {"minimum": 2}]})", "expected minimum once"},
          {R"({"allOf": [{"type": "string"}, {"type": "null"}]})", "a type that all of them have"},
          {R"({"allOf": [{"properties": {"a": {}}, "additionalProperties": false}, {"properties": {"b": {}}}]})",
           "additionalProperties beside all properties"},
          {R"({"allOf": [{"$ref": "#"}]})", "references"},
          {R"({"allOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}})",
           "references"},
          {"[]", "expected a schema"},
          {"5", "expected a schema"},
          {"false", "given false"}}) {
    try {
      GrammarOfSchema(text);
      ADD_FAILURE() << text << " was taken";
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.code(), WASINN_INVALID_ARGUMENT) << text;
      EXPECT_NE(failure.message().find(why), std::string::npos)
          << text << ": " << failure.message();
    }
  }
}

// Each would be a grammar, or work, of a size that grows with powers of that of the schema.
TEST(GgmlSchemaTest, LargeOnesAreRefused) {
  std::string types = R"({"type": "string"})";
  std::string choices = R"({"type": "integer"})";
  json defs = json::object();
  for (int i = 0; i < 25; ++i) {
    types = R"({"type": ["object", "object", "array"], "properties": {"a": )" + types +
            R"(, "b": {}}})";
    choices = R"({"properties": {"a": )" + choices +
              R"(}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}, {"required": ["c"]}]})";
    const std::string next = "#/$defs/d" + std::to_string(i + 1);
    defs["d" + std::to_string(i)] = {{"allOf", {{{"$ref", next}}, {{"$ref", next}}}}};
  }
  defs["d25"] = {{"type", "string"}};
  json wide = {{"type", "object"}};
  for (int i = 0; i < 3000; ++i) wide["properties"]["p" + std::to_string(i)] = {{"type", "string"}};
  json longest = {{"type", "object"}, {"additionalProperties", true}};
  for (int i = 0; i < 300; ++i)
    longest["properties"][std::string(200, 'x') + std::to_string(i)] = true;
  for (const std::string& schema :
       {types, choices, json{{"$ref", "#/$defs/d0"}, {"$defs", defs}}.dump(), wide.dump(),
        longest.dump(), std::string(R"({"type": "string", "maxLength": 1000000})"),
        std::string(R"({"type": "array", "minItems": 1000000})"),
        std::string(R"({"type": "string", "pattern": "^(((a{100}){100}){100}){100}$"})"),
        R"({"type": "string", "pattern": ")" + std::string(300, '(') + "\"}",
        R"({"type": "string", "pattern": ")" + std::string(60000, 'a') + "\"}"}) {
    size_t nodes = 0;
    try {
      nodes = Grammar(GrammarOfSchema(schema), nullptr).nodes().size();
    } catch (const std::exception&) {
      continue;
    }
    EXPECT_LE(nodes, Grammar::kMaxNodes) << schema.substr(0, 100);
  }
}

TEST(GgmlSchemaTest, HostileOnesOfAGuestEndItsRun) {
  const Model model;
  Session session(model, {{"temp", "0"}});
  for (const char* schema : {R"({"type": "string", "minLength": 3, "maxLength": 2})",
                             R"({"type": "array", "minItems": 3, "maxItems": 2})",
                             R"({"type": "string", "pattern": "^a{5,2}$"})",
                             R"({"type": "string", "maxLength": 1000000})"}) {
    EXPECT_EQ(session.Ask("abc", json{{"json-schema", json::parse(schema)}}.dump()),
              WASINN_INVALID_ARGUMENT)
        << schema;
    EXPECT_TRUE(session.message.starts_with("ggml: option 'json-schema': ")) << session.message;
  }
}

}  // namespace
}  // namespace wasinn::ggml
