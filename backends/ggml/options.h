// The settings of a graph, a context and a request, and how they are parsed. The table is
// options.def.
#pragma once

#include <wasinn/backend.h>

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace wasinn::ggml {

// A value; each level starts as a copy of the one above it.
struct Settings {
#define BOOL(field, name, aliases, scope, default, flags, help) bool field = default;
#define INT(field, name, aliases, scope, default, min, max, flags, help) int64_t field = default;
#define FLOAT(field, name, aliases, scope, default, min, max, flags, help) double field = default;
#define ENUM(field, name, aliases, scope, default, choices, flags, help) \
  std::string field = default;
#define TEXT(field, name, aliases, scope, flags, help) std::string field;
#define JSON(field, name, aliases, scope, flags, help) std::string field;
#define LIST(field, name, aliases, scope, flags, help) std::vector<std::string> field;
#define SCALES(field, name, aliases, scope, flags, help) std::map<std::string, double> field;
#define MAP(field, name, aliases, scope, flags, help) std::map<std::string, std::string> field;
#include "ggml/options.def"
#undef BOOL
#undef INT
#undef FLOAT
#undef ENUM
#undef TEXT
#undef JSON
#undef LIST
#undef SCALES
#undef MAP
};

enum class Task { kGenerate, kEmbedding, kRerank, kTokenize, kDetokenize };
Task TaskOf(const Settings& settings);

// The option table of the backend, aliases included; lives as long as the process.
const std::vector<wasinn_option_spec>& OptionTable();

// Sets the values of `options`, which wasinn has checked against the table. Throws Failure.
void ApplyOptions(const wasinn_option* options, size_t count, Settings& settings);

// Sets the values of a guest's JSON object. `warn` is called for keys that are unknown or reserved
// for the host, which are ignored. Throws Failure: WASINN_INVALID_ENCODING for text that is not
// JSON, WASINN_INVALID_ARGUMENT for a value of the wrong type or range.
void ApplyJson(std::string_view text, const std::function<void(const std::string&)>& warn,
               Settings& settings);

// Parses a guest's JSON text, bounded in size and depth. Throws Failure as ApplyJson does, with a
// text that begins with `what`.
nlohmann::json ParseJson(std::string_view what, std::string_view text);

// A bias that is added to a token's logit.
struct TokenBias {
  int32_t token;
  float bias;
};
// The biases of the option logit-bias for a vocabulary of `tokens`. Throws Failure.
std::vector<TokenBias> LogitBias(const Settings& settings, int32_t tokens);

}  // namespace wasinn::ggml
