// Schemas that hold together: references, conjunctions and types of JSON schemas.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace wasinn::ggml {

// In the order of the text.
using SchemaJson = nlohmann::ordered_json;

// A type of JSON, with the keywords that are about its values.
struct JsonType {
  std::string_view name;
  std::vector<std::string_view> keywords;
};
// In the order in which they are tried.
const std::vector<JsonType>& JsonTypes();

// Throws Failure for the schema at that place.
[[noreturn]] void RefuseSchema(const std::string& place, const std::string& why);

// Whether a value of the type is one of these types.
bool HasType(const std::set<std::string_view>& types, std::string_view type);

// Reads parts of one schema, and counts them, since references may make a few many. All of it
// throws Failure, which names the place.
class SchemaParts {
 public:
  explicit SchemaParts(const SchemaJson& root) : root_(root) {}

  // Counts a part; throws when there are too many.
  void Count();
  // The $ref of a schema that says nothing else.
  static std::optional<std::string> OnlyReference(const SchemaJson& schema,
                                                  const std::string& place);
  // What a $ref leads to.
  const SchemaJson& Target(const std::string& reference, const std::string& place) const;
  // The schema with what its $ref and allOf say, behind so many references.
  SchemaJson Merged(const SchemaJson& schema, const std::string& place, size_t references);
  // Makes `to` say what both say.
  static void Merge(const SchemaJson& from, SchemaJson& to, const std::string& place);
  // The value, a list that is not empty.
  static const SchemaJson& List(const SchemaJson& value, const std::string& place);
  static const SchemaJson& List(SchemaJson&& value, const std::string& place) = delete;
  // Without a keyword type, those that the other keywords are about.
  static std::set<std::string_view> Types(const SchemaJson& schema, const std::string& place);

 private:
  const SchemaJson& root_;
  size_t visits_ = 0;
};

}  // namespace wasinn::ggml
