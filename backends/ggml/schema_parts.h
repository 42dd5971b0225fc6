// Merges schemas: references, conjunctions and types of JSON schemas.
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

// A JSON type and the keywords that apply to its values.
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

// Reads the parts of one schema, and counts them, since references can multiply them. All functions
// throw Failure, which names the place.
class SchemaParts {
 public:
  explicit SchemaParts(const SchemaJson& root) : root_(root) {}

  // Counts a part; throws if there are too many.
  void Count();
  // The $ref of a schema that has no other keywords.
  static std::optional<std::string> OnlyReference(const SchemaJson& schema,
                                                  const std::string& place);
  // The target of a $ref.
  const SchemaJson& Target(const std::string& reference, const std::string& place) const;
  // The schema merged with its $ref and allOf, after this many references.
  SchemaJson Merged(const SchemaJson& schema, const std::string& place, size_t references);
  // Merges both schemas into `to`.
  static void Merge(const SchemaJson& from, SchemaJson& to, const std::string& place);
  // The value, which must be a list that is not empty.
  static const SchemaJson& List(const SchemaJson& value, const std::string& place);
  static const SchemaJson& List(SchemaJson&& value, const std::string& place) = delete;
  // The types of the keyword `type`; without it, the types to which the other keywords apply.
  static std::set<std::string_view> Types(const SchemaJson& schema, const std::string& place);

 private:
  const SchemaJson& root_;
  size_t visits_ = 0;
};

}  // namespace wasinn::ggml
