#include "ggml/schema.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "ggml/number_range.h"
#include "ggml/options.h"
#include "ggml/pattern.h"
#include "ggml/runtime.h"
#include "ggml/schema_parts.h"

namespace wasinn::ggml {
namespace {

using Json = SchemaJson;

std::string Joined(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) text += part;
  return text;
}

constexpr size_t kMaxGrammar = 1 << 20;
constexpr int64_t kLargest = 999'999'999'999'999;

// For these keywords a grammar cannot guarantee that a completion conforms.
constexpr std::string_view kRefused[] = {"not",
                                         "if",
                                         "then",
                                         "else",
                                         "dependencies",
                                         "dependentRequired",
                                         "dependentSchemas",
                                         "patternProperties",
                                         "propertyNames",
                                         "minProperties",
                                         "maxProperties",
                                         "contains",
                                         "minContains",
                                         "maxContains",
                                         "unevaluatedItems",
                                         "unevaluatedProperties",
                                         "$dynamicRef",
                                         "$recursiveRef",
                                         "$id",
                                         "id",
                                         "$anchor",
                                         "$dynamicAnchor",
                                         "contentEncoding",
                                         "contentMediaType",
                                         "contentSchema",
                                         "extends",
                                         "disallow",
                                         "divisibleBy",
                                         "nullable"};

struct Rule {
  const char* name;
  const char* text;
};
const Rule kRules[] = {
    {"space", R"((" " | "\n"{1,2} [ \t]{0,20})?)"},
    {"escape",
     R"("\\" (["\\bfnrt] | "u" ([0-9a-cA-CefEF] [0-9a-fA-F]{3} | [dD] [0-7] [0-9a-fA-F]{2})))"},
    {"char", R"([^"\\\x00-\x1F\x7F] | escape)"},
    {"string", R"("\"" ([^"\\\x00-\x1F\x7F] | escape)* "\"")"},
    {"whole", R"("0" | [1-9] [0-9]{0,14})"},
    {"integer", R"("-"? whole)"},
    {"number", R"("-"? whole ("." [0-9]{1,16})? ([eE] [-+]? [0-9]{1,2})?)"},
    {"boolean", R"("true" | "false")"},
    {"null", R"("null")"},
    {"array", R"("[" space (value (space "," space value)*)? space "]")"},
    {"object",
     R"("{" space (string space ":" space value (space "," space string space ":" space value)*)? space "}")"},
    {"value", R"(object | array | string | number | boolean | null)"},
};

// The formats of strings, as GBNF for the text between the quotes.
const Rule kFormats[] = {
    {"date",
     R"([1-9] [0-9]{3} "-" (("0" [13578] | "1" [02]) "-" ("0" [1-9] | [12] [0-9] | "3" [01]) | )"
     R"(("0" [469] | "11") "-" ("0" [1-9] | [12] [0-9] | "30") | "02-" ("0" [1-9] | "1" [0-9] | "2" [0-8])))"},
    {"time", R"(([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9] ":" [0-5] [0-9] ("." [0-9]{1,6})? )"
             R"(("Z" | [-+] ([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9]))"},
    {"uuid", R"([0-9a-f]{8} "-" [0-9a-f]{4} "-" [0-9a-f]{4} "-" [0-9a-f]{4} "-" [0-9a-f]{12})"},
    {"ipv4", R"(("25" [0-5] | "2" [0-4] [0-9] | "1" [0-9] [0-9] | [1-9]? [0-9]) )"
             R"(("." ("25" [0-5] | "2" [0-4] [0-9] | "1" [0-9] [0-9] | [1-9]? [0-9])){3})"},
    {"hostname", R"([a-z] [a-z0-9]{0,30} ("." [a-z] [a-z0-9]{0,30}){0,5})"},
    {"email",
     R"([a-zA-Z0-9]+ ([._-] [a-zA-Z0-9]+){0,8} "@" [a-z] [a-z0-9]{0,30} ("." [a-z] [a-z0-9]{1,30}){1,5})"},
    {"uri",
     R"(("http" "s"? "://") [a-z] [a-z0-9]{0,30} ("." [a-z] [a-z0-9]{1,30}){1,5} ("/" [a-zA-Z0-9._~-]*)*)"},
};

std::string_view TypeOf(const Json& value) {
  if (value.is_object()) return "object";
  if (value.is_array()) return "array";
  if (value.is_string()) return "string";
  if (value.is_boolean()) return "boolean";
  if (value.is_null()) return "null";
  return value.is_number_integer() ? "integer" : "number";
}

class Converter {
 public:
  explicit Converter(const Json& root) : root_(root), parts_(root) {}

  std::string Convert() {
    for (const Rule& rule : kRules) Define(rule.name, rule.text);
    Define("root", Visit(root_, "#"));
    return std::move(grammar_);
  }

 private:
  void Define(const std::string& name, const std::string& text) {
    grammar_ += name + " ::= " + text + "\n";
    if (grammar_.size() > kMaxGrammar) {
      throw Failure(WASINN_TOO_LARGE,
                    "ggml: option 'json-schema': expected a schema whose grammar has at most " +
                        std::to_string(kMaxGrammar) + " bytes, given a larger one");
    }
  }
  std::string NewName() { return "r" + std::to_string(++names_); }
  std::string NewRule(const std::string& text) {
    std::string name = NewName();
    Define(name, text);
    return name;
  }

  // The name of a rule for the schema.
  std::string Visit(const Json& schema, const std::string& place) {
    parts_.Count();
    if (schema == true || schema == Json::object()) return "value";
    if (schema == false)
      RefuseSchema(place, "expected a schema that something conforms to, given false");
    if (!schema.is_object()) RefuseSchema(place, "expected a schema, given something else");
    // A schema that is only a reference becomes one rule, which may call itself.
    if (const auto only = SchemaParts::OnlyReference(schema, place)) {
      const auto [known, is_new] = references_.emplace(*only, "");
      if (is_new) {
        known->second = NewName();
        Define(known->second, Visit(parts_.Target(*only, place), *only));
      }
      return known->second;
    }
    return VisitMerged(parts_.Merged(schema, place, 0), place);
  }

  std::string VisitMerged(const Json& schema, const std::string& place) {
    for (const auto& [keyword, value] : schema.items()) CheckKeyword(keyword, value, schema, place);
    for (const char* choice : {"anyOf", "oneOf"}) {
      if (schema.contains(choice)) return Choices(schema, choice, place);
    }
    const std::set<std::string_view> types = SchemaParts::Types(schema, place);
    if (schema.contains("const") || schema.contains("enum")) return Values(schema, types, place);
    std::string text;
    for (const JsonType& type : JsonTypes()) {
      if (!types.contains(type.name) || (type.name == "integer" && types.contains("number")))
        continue;
      if (!text.empty()) text += " | ";
      text += OfType(type.name, schema, place);
    }
    return NewRule(text);
  }

  std::string OfType(std::string_view type, const Json& schema, const std::string& place) {
    if (type == "object") return Object(schema, place);
    if (type == "array") return Array(schema, place);
    if (type == "string") return String(schema, place);
    if (type == "integer" || type == "number") return Number(schema, type == "integer", place);
    return std::string(type);
  }

  static void CheckKeyword(const std::string& keyword, const Json& value, const Json& schema,
                           const std::string& place) {
    // Keywords without effect.
    if (value == false && (keyword == "uniqueItems" || keyword == "nullable")) return;
    const bool one_at_most = keyword == "uniqueItems" && schema.contains("maxItems") &&
                             schema["maxItems"].is_number() && schema["maxItems"] <= 1;
    const bool whole = keyword == "multipleOf" && value == 1 && schema.contains("type") &&
                       schema["type"] == "integer";
    if (one_at_most || whole) return;
    if (std::ranges::find(kRefused, keyword) != std::end(kRefused) || keyword == "uniqueItems" ||
        keyword == "multipleOf") {
      RefuseSchema(place, "expected a schema without " + keyword +
                              ", for which conformance cannot be guaranteed; given one with it");
    }
  }

  // ---------------------------------------------------------------- choices

  std::string Choices(const Json& schema, const std::string& keyword, const std::string& place) {
    const std::string at = place + "/" + keyword;
    Json rest = schema;
    rest.erase(keyword);
    if (rest.contains("anyOf") || rest.contains("oneOf")) {
      RefuseSchema(place, "expected anyOf or oneOf, given both");
    }
    std::vector<Json> choices;
    for (const Json& choice : SchemaParts::List(schema[keyword], at)) {
      if (choice == false) continue;
      choices.push_back(parts_.Merged(choice, at, 0));
    }
    if (keyword == "oneOf") CheckExclusive(choices, at);
    std::string text;
    size_t number = 0;
    for (const Json& choice : SchemaParts::List(schema[keyword], at)) {
      const std::string its_place = at + "/" + std::to_string(number++);
      if (choice == false) continue;
      if (!text.empty()) text += " | ";
      if (rest.empty()) {
        text += Visit(choice, its_place);
        continue;
      }
      Json merged = parts_.Merged(choice, its_place, 0);
      SchemaParts::Merge(rest, merged, its_place);
      text += VisitMerged(merged, its_place);
    }
    if (text.empty()) RefuseSchema(at, "expected a schema that something conforms to, given none");
    return NewRule(text);
  }

  // The choices must exclude each other: by types, by values, or by a property's values.
  void CheckExclusive(const std::vector<Json>& choices, const std::string& place) {
    for (size_t i = 0; i < choices.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        parts_.Count();
        if (AreApart(choices[i], choices[j], place)) continue;
        RefuseSchema(
            place,
            "expected choices of which a value conforms to exactly one (by different types, "
            "or with a required property of other values), given " +
                std::to_string(j) + " and " + std::to_string(i) + "; anyOf takes any");
      }
    }
  }

  bool AreApart(const Json& a, const Json& b, const std::string& place) {
    const std::set<std::string_view> one = SchemaParts::Types(a, place);
    const bool shared =
        std::ranges::any_of(SchemaParts::Types(b, place), [&](std::string_view type) {
          return HasType(one, type) || (type == "number" && one.contains("integer"));
        });
    if (!shared || ValuesAreApart(a, b)) return true;
    if (!a.contains("properties") || !b.contains("properties")) return false;
    for (const auto& [name, property] : a["properties"].items()) {
      const Json other = b["properties"].is_object() ? b["properties"].value(name, Json()) : Json();
      if (IsRequired(a, name) && IsRequired(b, name) && ValuesAreApart(property, other))
        return true;
    }
    return false;
  }

  static bool IsRequired(const Json& schema, const std::string& name) {
    const auto required = schema.find("required");
    const auto type = schema.find("type");
    return required != schema.end() && type != schema.end() && *type == "object" &&
           std::find(required->begin(), required->end(), name) != required->end();
  }

  static bool ValuesAreApart(const Json& a, const Json& b) {
    if (!a.is_object() || !b.is_object()) return false;
    const auto values = [](const Json& schema) {
      if (schema.contains("const")) return Json::array({schema["const"]});
      return schema.value("enum", Json::array());
    };
    const Json one = values(a);
    const Json other = values(b);
    for (const Json& value : one) {
      if (std::find(other.begin(), other.end(), value) != other.end()) return false;
    }
    return !one.empty() && !other.empty();
  }

  // ---------------------------------------------------------------- types and values

  std::string Values(const Json& schema, const std::set<std::string_view>& types,
                     const std::string& place) {
    Json values = schema.value("enum", Json::array());
    if (schema.contains("const")) {
      if (schema.contains("enum")) RefuseSchema(place, "expected const or enum, given both");
      values = Json::array({schema["const"]});
    }
    if (!values.is_array()) RefuseSchema(place, "expected a list as enum, given something else");
    for (const JsonType& type : JsonTypes()) {
      for (const std::string_view keyword : type.keywords) {
        if (schema.contains(keyword)) {
          RefuseSchema(place, "expected values (const, enum) without " + std::string(keyword) +
                                  ", given both");
        }
      }
    }
    std::string text;
    for (const Json& value : values) {
      if (!HasType(types, TypeOf(value))) continue;
      if (!text.empty()) text += " | ";
      text += Literal(value.dump());
    }
    if (text.empty()) RefuseSchema(place, "expected a value of its type, given none");
    return NewRule(text);
  }

  // ---------------------------------------------------------------- strings and numbers

  static std::optional<uint32_t> Count(const Json& schema, const char* keyword,
                                       const std::string& place) {
    const auto given = schema.find(keyword);
    if (given == schema.end()) return std::nullopt;
    const double value = given->is_number() ? given->get<double>() : -1;
    if (!(value >= 0 && value <= 1e6) || value != std::floor(value)) {
      RefuseSchema(place, std::string("expected a whole number from 0 to 1000000 as ") + keyword +
                              ", given " + given->dump().substr(0, 60));
    }
    return static_cast<uint32_t>(value);
  }

  // "{MIN,MAX}" for these keywords.
  struct Counts {
    uint32_t min;
    std::optional<uint32_t> max;
  };
  static Counts CountsOf(const Json& schema, const char* min, const char* max,
                         const std::string& place) {
    const Counts counts{Count(schema, min, place).value_or(0), Count(schema, max, place)};
    if (counts.max && counts.min > *counts.max) {
      RefuseSchema(place, std::string("expected ") + min + " up to " + max + ", given " +
                              std::to_string(counts.min) + " and " + std::to_string(*counts.max));
    }
    return counts;
  }
  static std::string Times(uint32_t min, std::optional<uint32_t> max) {
    return "{" + std::to_string(min) + "," + (max ? std::to_string(*max) : "") + "}";
  }

  std::string String(const Json& schema, const std::string& place) {
    const bool lengths = schema.contains("minLength") || schema.contains("maxLength");
    const int kinds = (schema.contains("pattern") ? 1 : 0) + (schema.contains("format") ? 1 : 0) +
                      (lengths ? 1 : 0);
    if (kinds > 1) {
      RefuseSchema(
          place, "expected one of pattern, format and a length (minLength, maxLength), given more");
    }
    if (lengths) {
      const Counts counts = CountsOf(schema, "minLength", "maxLength", place);
      return "\"\\\"\" char" + Times(counts.min, counts.max) + " \"\\\"\"";
    }
    if (schema.contains("pattern")) return Pattern(schema["pattern"], place);
    if (!schema.contains("format")) return "string";
    const Json& format = schema["format"];
    if (format == "date-time")
      return "\"\\\"\" " + Format("date") + " \"T\" " + Format("time") + " \"\\\"\"";
    for (const Rule& known : kFormats) {
      if (format == known.name) return "\"\\\"\" " + Format(known.name) + " \"\\\"\"";
    }
    std::string names = "date-time";
    for (const Rule& known : kFormats) names += std::string(", ") + known.name;
    RefuseSchema(place,
                 "expected as format one of " + names + ", given " + format.dump().substr(0, 60));
  }

  std::string Format(std::string_view name) {
    std::string& rule = formats_[std::string(name)];
    if (rule.empty()) {
      const auto known =
          std::ranges::find_if(kFormats, [&](const Rule& one) { return name == one.name; });
      rule = NewRule(known->text);
    }
    return rule;
  }

  std::string Pattern(const Json& pattern, const std::string& place) {
    if (!pattern.is_string())
      RefuseSchema(place, "expected a text as pattern, given something else");
    try {
      return NewRule("\"\\\"\" " + GrammarOfPattern(pattern.get<std::string>()) + " \"\\\"\"");
    } catch (const std::invalid_argument& wrong) {
      RefuseSchema(place, std::string("expected a pattern that can be a grammar, given one ") +
                              wrong.what());
    }
  }

  static std::string Number(const Json& schema, bool whole, const std::string& place) {
    NumberRange range;
    range.whole = whole;
    bool bounded = false;
    for (const char* keyword : {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}) {
      const auto given = schema.find(keyword);
      if (given == schema.end()) continue;
      bounded = true;
      const double value = given->is_number() ? given->get<double>() : NAN;
      if (!(std::abs(value) <= static_cast<double>(kLargest)) ||
          (!whole && value != std::floor(value))) {
        RefuseSchema(place, std::string("expected a whole number of at most 15 digits as ") +
                                keyword + ", given " + given->dump().substr(0, 60));
      }
      const bool is_least = std::string_view(keyword).ends_with("inimum");
      const bool open = keyword[0] == 'e';
      if (is_least) {
        const auto bound = static_cast<int64_t>(std::ceil(value));
        const bool is_open = open && static_cast<double>(bound) == value;
        if (bound > range.min || (bound == range.min && is_open)) {
          range.min = bound;
          range.min_open = is_open;
        }
      } else {
        const auto bound = static_cast<int64_t>(std::floor(value));
        const bool is_open = open && static_cast<double>(bound) == value;
        if (bound < range.max || (bound == range.max && is_open)) {
          range.max = bound;
          range.max_open = is_open;
        }
      }
    }
    if (!bounded) return whole ? "integer" : "number";
    const std::string text = GrammarOfRange(range);
    if (text.empty())
      RefuseSchema(place, "expected a number between minimum and maximum, given none");
    return text;
  }

  // ---------------------------------------------------------------- arrays

  std::string Array(const Json& schema, const std::string& place) {
    const Counts counts = CountsOf(schema, "minItems", "maxItems", place);
    // Older schemas have the first items in `items`, and the rest in `additionalItems`.
    const bool old = schema.contains("items") && schema["items"].is_array();
    if (old && schema.contains("prefixItems")) {
      RefuseSchema(place, "expected prefixItems with one schema as items, given a list as items");
    }
    const Json first = old ? schema["items"] : schema.value("prefixItems", Json::array());
    if (!first.is_array())
      RefuseSchema(place, "expected a list as prefixItems, given something else");
    const char* others_name = old ? "additionalItems" : "items";
    const Json others = schema.value(others_name, Json(true));
    const size_t max = counts.max.value_or(UINT32_MAX);
    const size_t firsts = std::min(first.size(), max);

    std::string rest = "\"\"";
    if (others == false) {
      if (counts.min > firsts) {
        RefuseSchema(place,
                     "expected at most so many items in minItems as there are schemas, given more");
      }
    } else if (max > firsts) {
      const std::string item = Visit(others, place + "/" + others_name);
      const uint32_t min = counts.min > firsts ? counts.min - static_cast<uint32_t>(firsts) : 0;
      std::optional<uint32_t> left;
      if (counts.max) left = *counts.max - static_cast<uint32_t>(firsts);
      const std::string next = "(space \",\" space " + item + ")";
      if (firsts > 0) {
        rest = next + Times(min, left);
      } else {
        if (left) left = *left - 1;
        rest = item + " " + next + Times(min > 0 ? min - 1 : 0, left);
        if (min == 0) rest = "(" + rest + ")?";
      }
    }
    // From the last of the first items to the first.
    for (size_t i = firsts; i-- > 0;) {
      const std::string item =
          Visit(first[i], place + (old ? "/items/" : "/prefixItems/") + std::to_string(i));
      std::string text = (i > 0 ? "space \",\" space " : "") + item + " " + NewRule(rest);
      if (i >= counts.min) text += " | \"\"";
      rest = std::move(text);
    }
    return "\"[\" space " + NewRule(rest) + " space \"]\"";
  }

  // ---------------------------------------------------------------- objects

  std::string Object(const Json& schema, const std::string& place) {
    const Json properties = schema.value("properties", Json::object());
    const Json required = schema.value("required", Json::array());
    if (!properties.is_object())
      RefuseSchema(place, "expected an object as properties, given something else");
    if (!required.is_array())
      RefuseSchema(place, "expected a list as required, given something else");
    std::set<std::string> needed;
    for (const Json& name : required) {
      if (!name.is_string())
        RefuseSchema(place, "expected names in required, given something else");
      needed.insert(name.get<std::string>());
    }
    // Properties without a name in the schema are allowed only if the schema describes them, or
    // names none.
    const bool speaks = schema.contains("additionalProperties");
    const Json others = speaks ? schema["additionalProperties"] : Json(properties.empty());
    struct Property {
      std::string name;
      std::string rule;
      bool needed;
    };
    std::vector<Property> named;
    std::set<std::string> names;
    for (const auto& [name, property] : properties.items()) {
      const bool is_needed = needed.erase(name) > 0;
      names.insert(name);
      if (property == false && !is_needed) continue;
      named.push_back({name, Visit(property, Joined({place, "/properties/", name})), is_needed});
    }
    for (const std::string& name : needed) {
      if (speaks && others == false) {
        RefuseSchema(place,
                     "expected in required names of properties, since there are no "
                     "additionalProperties; given " +
                         name.substr(0, 60));
      }
      names.insert(name);
      named.push_back(
          {name, speaks ? Visit(others, place + "/additionalProperties") : "value", true});
    }
    // The rest of the object when nothing comes before it, and when something does.
    std::string first = "\"\"";
    std::string next = "\"\"";
    if (others != false) {
      const std::string value = Visit(others, place + "/additionalProperties");
      const std::string pair = NewRule(OtherName(names) + " space \":\" space " + value);
      next = NewRule("(space \",\" space " + pair + ")*");
      first = NewRule("(" + pair + " " + next + ")?");
    }
    for (size_t i = named.size(); i-- > 0;) {
      const std::string pair = NewRule(
          Joined({Literal(Json(named[i].name).dump()), " space \":\" space ", named[i].rule}));
      const std::string_view or_not = named[i].needed ? "" : " | ";
      first = NewRule(Joined({pair, " ", next, or_not, named[i].needed ? "" : first}));
      next = NewRule(
          Joined({"space \",\" space ", pair, " ", next, or_not, named[i].needed ? "" : next}));
    }
    return "\"{\" space " + first + " space \"}\"";
  }

  // A quoted name that is none of these; it has no escapes, which could hide one of these names.
  std::string OtherName(const std::set<std::string>& names) {
    std::vector<std::string_view> sorted(names.begin(), names.end());
    return "\"\\\"\" " + OtherRest(sorted, 0) + " \"\\\"\"";
  }

  // The rest of a name after the first bytes, which all `names` share.
  std::string OtherRest(const std::vector<std::string_view>& names, size_t bytes) {
    constexpr const char* kPlain = "\"\\\\\\x00-\\x1F\\x7F";
    std::map<std::string_view, std::vector<std::string_view>> by_next;
    bool is_name = false;
    for (const std::string_view name : names) {
      if (name.size() == bytes) {
        is_name = true;
        continue;
      }
      size_t end = bytes + 1;
      while (end < name.size() && (static_cast<uint8_t>(name[end]) & 0xC0) == 0x80) ++end;
      const std::string_view letter = name.substr(bytes, end - bytes);
      // Characters that must be escaped do not occur in other names anyway.
      if (letter[0] == '"' || letter[0] == '\\' || static_cast<uint8_t>(letter[0]) < 0x20) continue;
      by_next[letter].push_back(name);
    }
    std::string taken;
    std::string text;
    for (const auto& [letter, with] : by_next) {
      const bool special = letter == "]" || letter == "-" || letter == "[";
      taken += (special ? "\\" : "") + std::string(letter);
      text += Literal(letter) + " " + OtherRest(with, bytes + letter.size()) + " | ";
    }
    // A ^ at the beginning would negate the class, so it is not placed there.
    text += std::string("[^") + kPlain + taken + "] [^" + kPlain + "]*";
    if (!is_name) text += " | \"\"";
    return NewRule(text);
  }

  const Json& root_;
  SchemaParts parts_;
  std::string grammar_;
  std::map<std::string, std::string> references_;  // rules by reference
  std::map<std::string, std::string> formats_;     // rules by format
  size_t names_ = 0;
};

}  // namespace

std::string GrammarOfSchema(const std::string& schema) {
  // Checks the size and depth.
  ParseJson("ggml: option 'json-schema'", schema);
  const Json root = Json::parse(schema);
  return Converter(root).Convert();
}

}  // namespace wasinn::ggml
