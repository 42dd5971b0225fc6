#include "ggml/schema_parts.h"

#include <algorithm>

#include "ggml/runtime.h"

namespace wasinn::ggml {
namespace {

using Json = SchemaJson;

constexpr size_t kMaxVisits = 10000;
constexpr size_t kMaxReferences = 32;  // in a chain

// Keywords for people, and keywords that only other schemas refer to.
constexpr std::string_view kAnnotations[] = {"title",       "description", "default",  "examples",
                                             "example",     "$schema",     "$comment", "$defs",
                                             "definitions", "deprecated",  "readOnly", "writeOnly"};

bool IsAnnotation(std::string_view keyword) {
  return std::ranges::find(kAnnotations, keyword) != std::end(kAnnotations);
}

std::string ReferenceText(const Json& reference, const std::string& place) {
  if (!reference.is_string()) RefuseSchema(place, "expected a text as $ref, given something else");
  const std::string text = reference;
  if (text != "#" && !text.starts_with("#/")) {
    RefuseSchema(place,
                 "expected a $ref into the schema itself (#/...), given " + text.substr(0, 100));
  }
  return text;
}

std::set<std::string_view> TypeNames(const Json& type, const std::string& place) {
  std::set<std::string_view> types;
  const Json list = type.is_array() ? type : Json::array({type});
  for (const Json& one : list) {
    const std::string name = one.is_string() ? one.get<std::string>() : std::string();
    const auto known =
        std::ranges::find_if(JsonTypes(), [&](const JsonType& row) { return name == row.name; });
    if (known == JsonTypes().end()) {
      RefuseSchema(place, "expected a type of JSON as type, given " + one.dump().substr(0, 60));
    }
    types.insert(known->name);
  }
  if (types.empty()) RefuseSchema(place, "expected a type, given none");
  return types;
}

Json CommonTypes(const Json& a, const Json& b, const std::string& place) {
  const std::set<std::string_view> one = TypeNames(a, place);
  const std::set<std::string_view> other = TypeNames(b, place);
  Json common = Json::array();
  for (const JsonType& type : JsonTypes()) {
    if (HasType(one, type.name) && HasType(other, type.name)) common.push_back(type.name);
  }
  if (common.empty()) RefuseSchema(place, "expected a type that all of them have, given none");
  return common;
}

}  // namespace

const std::vector<JsonType>& JsonTypes() {
  static const std::vector<JsonType> types = {
      {"object", {"properties", "required", "additionalProperties"}},
      {"array", {"items", "prefixItems", "additionalItems", "minItems", "maxItems", "uniqueItems"}},
      {"string", {"minLength", "maxLength", "pattern", "format"}},
      {"number", {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}},
      {"integer", {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}},
      {"boolean", {}},
      {"null", {}},
  };
  return types;
}

void RefuseSchema(const std::string& place, const std::string& why) {
  throw Failure(WASINN_INVALID_ARGUMENT,
                "ggml: option 'json-schema': at " + place.substr(0, 120) + ": " + why);
}

bool HasType(const std::set<std::string_view>& types, std::string_view type) {
  return types.contains(type) || (type == "integer" && types.contains("number"));
}

void SchemaParts::Count() {
  if (++visits_ <= kMaxVisits) return;
  throw Failure(WASINN_TOO_LARGE, "ggml: option 'json-schema': expected at most " +
                                      std::to_string(kMaxVisits) + " schemas in one, given more");
}

std::optional<std::string> SchemaParts::OnlyReference(const Json& schema,
                                                      const std::string& place) {
  const auto reference = schema.find("$ref");
  if (reference == schema.end()) return std::nullopt;
  for (const auto& [keyword, value] : schema.items()) {
    if (keyword != "$ref" && !IsAnnotation(keyword)) return std::nullopt;
  }
  return ReferenceText(*reference, place);
}

const Json& SchemaParts::Target(const std::string& reference, const std::string& place) const {
  try {
    if (reference == "#") return root_;
    if (reference.find('%') == std::string::npos) {
      return root_.at(Json::json_pointer(reference.substr(1)));
    }
  } catch (const Json::exception&) {
    // The exception is dropped: the missing part is reported below.
  }
  RefuseSchema(place, "expected a $ref to a part of the schema, given " + reference.substr(0, 100));
}

Json SchemaParts::Merged(const Json& schema, const std::string& place, size_t references) {
  Count();
  if (references > kMaxReferences) {
    RefuseSchema(place, "expected at most " + std::to_string(kMaxReferences) +
                            " references one behind the other, given more, or a circle of them");
  }
  if (schema == true) return Json::object();
  if (!schema.is_object())
    RefuseSchema(place, "expected a schema with keywords, given something else");
  Json merged = Json::object();
  for (const auto& [keyword, value] : schema.items()) {
    if (keyword != "$ref" && keyword != "allOf" && !IsAnnotation(keyword)) {
      merged[keyword] = value;
    }
  }
  if (schema.contains("$ref")) {
    const std::string text = ReferenceText(schema["$ref"], place);
    Merge(Merged(Target(text, place), text, references + 1), merged, place + "/$ref");
  }
  if (schema.contains("allOf")) {
    const std::string inside = place + "/allOf";
    for (const Json& part : List(schema["allOf"], inside)) {
      Merge(Merged(part, inside, references + 1), merged, inside);
    }
  }
  return merged;
}

const Json& SchemaParts::List(const Json& value, const std::string& place) {
  if (!value.is_array() || value.empty()) {
    RefuseSchema(place, "expected a list of schemas, given something else or none");
  }
  return value;
}

void SchemaParts::Merge(const Json& from, Json& to, const std::string& place) {
  const auto closes = [](const Json& one, const Json& other) {
    if (!one.contains("additionalProperties") || one["additionalProperties"] == true ||
        !other.contains("properties")) {
      return false;
    }
    const Json own = one.value("properties", Json::object());
    for (const auto& [name, property] : other["properties"].items()) {
      if (!own.contains(name)) return true;
    }
    return false;
  };
  // The `items` of one schema also apply to the first items of another.
  const auto splits = [](const Json& one, const Json& other) {
    return other.contains("items") && one.contains("prefixItems") &&
           !(one.contains("items") && other.contains("prefixItems"));
  };
  if (splits(from, to) || splits(to, from)) {
    RefuseSchema(place, "expected items beside prefixItems, given some elsewhere");
  }
  if (closes(from, to) || closes(to, from)) {
    RefuseSchema(place,
                 "expected additionalProperties beside all properties, given some elsewhere");
  }
  for (const auto& [keyword, value] : from.items()) {
    if (!to.contains(keyword)) {
      to[keyword] = value;
    } else if (to[keyword] == value) {
      continue;
    } else if (keyword == "required" && value.is_array() && to[keyword].is_array()) {
      for (const Json& name : value) to[keyword].push_back(name);
    } else if (keyword == "properties" && value.is_object() && to[keyword].is_object()) {
      for (const auto& [name, property] : value.items()) {
        Json& own = to[keyword][name];
        own = own.is_null() ? property : Json{{"allOf", Json::array({own, property})}};
      }
    } else if (keyword == "type") {
      to[keyword] = CommonTypes(value, to[keyword], place);
    } else {
      RefuseSchema(
          place, "expected " + keyword + " once among schemas that hold together, given it twice");
    }
  }
}

std::set<std::string_view> SchemaParts::Types(const Json& schema, const std::string& place) {
  if (schema.contains("type")) return TypeNames(schema["type"], place);
  std::set<std::string_view> all;
  std::set<std::string_view> meant;
  const bool values = schema.contains("const") || schema.contains("enum");
  for (const JsonType& type : JsonTypes()) {
    all.insert(type.name);
    const bool has = std::ranges::any_of(
        type.keywords, [&](std::string_view keyword) { return schema.contains(keyword); });
    if (has && !values) meant.insert(type.name);
  }
  return meant.empty() ? all : meant;
}

}  // namespace wasinn::ggml
