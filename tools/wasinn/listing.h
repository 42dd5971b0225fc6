// The shared code of the listing commands, which print the core's JSON as it is or as text for
// people.
#pragma once

#include <wasinn/wasinn.hpp>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "exit_code.h"
#include "table.h"

namespace wasinn::cli {

// Keeps the core's order of keys.
using Json = nlohmann::ordered_json;

// Prints the core's JSON indented if `as_json`, otherwise with `show`. Text that is not JSON is a
// failure.
Outcome ShowListing(const Result<std::string>& text, bool as_json,
                    const std::function<void(const Json&)>& show);

// A member as text: "" when it is missing or null, numbers and booleans as JSON writes them.
std::string Text(const Json& object, const char* key);
// A member that is a list of texts.
std::vector<std::string> Texts(const Json& object, const char* key);
// A member that is a list; empty if it is missing.
const Json& List(const Json& object, const char* key);
// A member that is a size in bytes, for people.
std::string SizeText(const Json& object, const char* key);

// "name  value" lines, the names padded to one width; empty values are left out.
std::string Facts(const std::vector<std::pair<std::string, std::string>>& facts);
// As Facts, for a JSON object's members; long values are cut, since some contain whole
// dictionaries.
std::string FactsOf(const Json& object);

}  // namespace wasinn::cli
