#include "ggml/options.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <deque>
#include <nlohmann/json.hpp>
#include <variant>
#include <wasinn/backend.hpp>

namespace wasinn::ggml {
namespace {

using backend::Failure;
using nlohmann::json;

// Bounds on a guest's options; real ones are far below.
constexpr size_t kMaxJson = 4 << 20;
constexpr size_t kMaxDepth = 64;
constexpr size_t kMaxText = 64 << 10;
constexpr size_t kMaxEntries = 256;
constexpr size_t kMaxBiases = 4096;
constexpr size_t kMaxScales = 16;
constexpr double kLargestScale = 100;

enum class Kind { kBool, kInt, kFloat, kEnum, kText, kJson, kList, kScales, kMap };
enum Flags : uint32_t { kNone = 0, kHost = 1, kHint = 2 };

struct Row {
  Kind kind;
  const char* name;
  const char* aliases;
  wasinn_option_scope scope;
  const char* default_text;
  const char* choices;
  double min;
  double max;
  uint32_t flags;
  const char* help;
  std::variant<bool Settings::*, int64_t Settings::*, double Settings::*, std::string Settings::*,
               std::vector<std::string> Settings::*, std::map<std::string, double> Settings::*,
               std::map<std::string, std::string> Settings::*>
      field;
};

constexpr Row kRows[] = {
#define LOAD WASINN_SCOPE_LOAD
#define CONTEXT WASINN_SCOPE_CONTEXT
#define NONE kNone
#define HOST kHost
#define HINT kHint
#define BOOL(field, name, aliases, scope, default, flags, help) \
  {Kind::kBool, name, aliases, scope, #default, nullptr, 0, 0, flags, help, &Settings::field},
#define INT(field, name, aliases, scope, default, min, max, flags, help) \
  {Kind::kInt, name, aliases, scope, #default, nullptr, min, max, flags, help, &Settings::field},
#define FLOAT(field, name, aliases, scope, default, min, max, flags, help) \
  {Kind::kFloat, name, aliases, scope, #default, nullptr, min, max, flags, help, &Settings::field},
#define ENUM(field, name, aliases, scope, default, choices, flags, help) \
  {Kind::kEnum, name, aliases, scope, default, choices, 0, 0, flags, help, &Settings::field},
#define TEXT(field, name, aliases, scope, flags, help) \
  {Kind::kText, name, aliases, scope, "", nullptr, 0, 0, flags, help, &Settings::field},
#define JSON(field, name, aliases, scope, flags, help) \
  {Kind::kJson, name, aliases, scope, "", nullptr, 0, 0, flags, help, &Settings::field},
#define LIST(field, name, aliases, scope, flags, help) \
  {Kind::kList, name, aliases, scope, "", nullptr, 0, 0, flags, help, &Settings::field},
#define SCALES(field, name, aliases, scope, flags, help) \
  {Kind::kScales, name, aliases, scope, "", nullptr, 0, 0, flags, help, &Settings::field},
#define MAP(field, name, aliases, scope, flags, help) \
  {Kind::kMap, name, aliases, scope, "", nullptr, 0, 0, flags, help, &Settings::field},
#include "ggml/options.def"
#undef LOAD
#undef CONTEXT
#undef NONE
#undef HOST
#undef HINT
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

// Calls `each` for every word of a list separated by |.
template <typename Each>
void ForWords(std::string_view list, Each&& each) {
  while (!list.empty()) {
    const size_t end = std::min(list.find('|'), list.size());
    each(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
}

bool HasWord(std::string_view list, std::string_view word) {
  bool found = false;
  ForWords(list, [&](std::string_view one) { found = found || one == word; });
  return found;
}

const Row* FindRow(std::string_view name) {
  for (const Row& row : kRows) {
    if (name == row.name || HasWord(row.aliases, name)) return &row;
    if (row.kind == Kind::kMap && name.starts_with(row.name)) return &row;
  }
  return nullptr;
}

// A value as errors quote it: long text is cut, and binary bytes are replaced.
std::string Quoted(const json& value) {
  std::string text = value.dump(-1, ' ', true, json::error_handler_t::replace);
  if (text.size() > 60) text.replace(57, std::string::npos, "...");
  return text;
}

std::string Number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.10g", value);
  return text;
}

std::string Expected(const Row& row) {
  switch (row.kind) {
    case Kind::kBool:
      return "true or false";
    case Kind::kInt:
      return "a whole number from " + Number(row.min) + " to " + Number(row.max);
    case Kind::kFloat:
      return "a number from " + Number(row.min) + " to " + Number(row.max);
    case Kind::kEnum:
      return std::string("one of ") + row.choices;
    case Kind::kText:
      return "text of at most " + std::to_string(kMaxText) + " bytes without NUL";
    case Kind::kJson:
      return "JSON of at most " + std::to_string(kMaxText) + " bytes";
    case Kind::kList:
      return "a text or a list of at most " + std::to_string(kMaxEntries) +
             " texts, none longer than " + std::to_string(kMaxText) + " bytes or with NUL";
    case Kind::kScales:
      return "a name, or at most " + std::to_string(kMaxScales) +
             " names as a list or as keys of numbers from " + Number(-kLargestScale) + " to " +
             Number(kLargestScale);
    case Kind::kMap:
      return std::string("a name behind ") + row.name + " and text";
  }
  return {};
}

bool GoodText(const json& value) {
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  return text.size() <= kMaxText && text.find('\0') == std::string::npos;
}

bool SetList(const json& value, std::vector<std::string>& list) {
  const json entries = value.is_array() ? value : json::array({value});
  if (entries.size() > kMaxEntries) return false;
  std::vector<std::string> read;
  for (const json& entry : entries) {
    // Some guests write tensor-split as numbers.
    const json text = entry.is_number() ? json(entry.dump()) : entry;
    if (!GoodText(text)) return false;
    if (!text.get_ref<const std::string&>().empty()) read.push_back(text);
  }
  list = std::move(read);
  return true;
}

bool SetScales(const json& value, std::map<std::string, double>& scales) {
  std::map<std::string, double> read;
  const auto add = [&](const json& name, double scale) {
    if (!GoodText(name) || name.empty() || !(std::abs(scale) <= kLargestScale)) return false;
    read[name] = scale;
    return read.size() <= kMaxScales;
  };
  if (value.is_object()) {
    for (const auto& [name, scale] : value.items()) {
      if (!scale.is_number() || !add(name, scale.get<double>())) return false;
    }
  } else {
    const json names = value.is_array() ? value : json::array({value});
    for (const json& name : names) {
      if (name != json("") && !add(name, 1)) return false;
    }
  }
  scales = std::move(read);
  return true;
}

// False if the row does not accept the value. `name` is used instead of the row's own name.
bool Set(const Row& row, std::string_view name, const json& value, Settings& settings) {
  const auto text = [&]() -> std::string& {
    return settings.*std::get<std::string Settings::*>(row.field);
  };
  switch (row.kind) {
    case Kind::kBool:
      if (!value.is_boolean()) return false;
      settings.*std::get<bool Settings::*>(row.field) = value.get<bool>();
      return true;
    case Kind::kInt:
    case Kind::kFloat: {
      if (!value.is_number()) return false;
      const auto number = value.get<double>();
      if (!(number >= row.min && number <= row.max)) return false;
      if (row.kind == Kind::kFloat) {
        settings.*std::get<double Settings::*>(row.field) = number;
        return true;
      }
      if (number != std::floor(number)) return false;
      settings.*std::get<int64_t Settings::*>(row.field) = static_cast<int64_t>(number);
      return true;
    }
    case Kind::kEnum:
      if (!GoodText(value) || !HasWord(row.choices, value.get_ref<const std::string&>())) {
        return false;
      }
      text() = value;
      return true;
    case Kind::kText:
      if (!GoodText(value)) return false;
      text() = value;
      return true;
    case Kind::kJson: {
      // The value is JSON, or text that contains JSON.
      std::string dumped = value.is_string()
                               ? value.get<std::string>()
                               : value.dump(-1, ' ', false, json::error_handler_t::replace);
      if (dumped.size() > kMaxText) return false;
      if (!dumped.empty()) ParseJson(std::string("ggml: option '") + row.name + "'", dumped);
      text() = std::move(dumped);
      return true;
    }
    case Kind::kList:
      return SetList(value, settings.*std::get<std::vector<std::string> Settings::*>(row.field));
    case Kind::kScales:
      return SetScales(value,
                       settings.*std::get<std::map<std::string, double> Settings::*>(row.field));
    case Kind::kMap: {
      const std::string key(name.substr(std::string_view(row.name).size()));
      if (key.empty() || !GoodText(value)) return false;
      (settings.*std::get<std::map<std::string, std::string> Settings::*>(row.field))[key] = value;
      return true;
    }
  }
  return false;
}

void SetOrThrow(const Row& row, std::string_view name, const json& value, Settings& settings) {
  if (Set(row, name, value, settings)) return;
  throw Failure(WASINN_INVALID_ARGUMENT, std::string("ggml: option '") + row.name + "': expected " +
                                             Expected(row) + ", given " + Quoted(value));
}

// An option's text as the JSON value that it would have in a guest's options.
json ValueOfText(const Row& row, std::string_view text) {
  const bool bare = row.kind == Kind::kBool || row.kind == Kind::kInt || row.kind == Kind::kFloat;
  const bool list = (row.kind == Kind::kList || row.kind == Kind::kScales) && text.starts_with("[");
  const bool object = row.kind == Kind::kScales && text.starts_with("{");
  if (bare || list || object) return json::parse(text, nullptr, false);
  return std::string(text);
}

}  // namespace

const std::vector<wasinn_option_spec>& OptionTable() {
  static const std::vector<wasinn_option_spec> table = [] {
    static std::deque<std::string> texts;
    std::vector<wasinn_option_spec> specs;
    for (const Row& row : kRows) {
      wasinn_option_type type = WASINN_OPTION_TEXT;
      if (row.kind == Kind::kBool) type = WASINN_OPTION_BOOL;
      if (row.kind == Kind::kInt) type = WASINN_OPTION_INT;
      if (row.kind == Kind::kFloat) type = WASINN_OPTION_FLOAT;
      if (row.kind == Kind::kEnum) type = WASINN_OPTION_ENUM;
      uint32_t flags = (row.flags & kHost) != 0 ? WASINN_OPTION_FLAG_HOST_ONLY : 0;
      if (row.kind == Kind::kMap) flags |= WASINN_OPTION_FLAG_PREFIX;
      const auto add = [&](const char* name, const char* help, uint32_t more) {
        specs.push_back({name, type, row.scope, row.default_text, row.choices, row.min, row.max,
                         help, flags | more});
      };
      add(row.name, row.help, 0);
      ForWords(row.aliases, [&](std::string_view alias) {
        const char* name = texts.emplace_back(alias).c_str();
        add(name, texts.emplace_back(std::string("the same as ") + row.name).c_str(),
            WASINN_OPTION_FLAG_ALIAS);
      });
    }
    return specs;
  }();
  return table;
}

void ApplyOptions(const wasinn_option* options, size_t count, Settings& settings) {
  for (size_t i = 0; i < count; ++i) {
    const std::string_view name = backend::View(options[i].name);
    const Row* row = FindRow(name);
    if (row == nullptr) {
      throw Failure(WASINN_INVALID_ARGUMENT,
                    "ggml: expected an option of the table, given '" + std::string(name) + "'");
    }
    SetOrThrow(*row, name, ValueOfText(*row, backend::View(options[i].value)), settings);
  }
}

Task TaskOf(const Settings& settings) {
  if (settings.task == "rerank") return Task::kRerank;
  if (settings.task == "tokenize") return Task::kTokenize;
  if (settings.task == "detokenize") return Task::kDetokenize;
  if (settings.task == "embedding" || settings.embedding) return Task::kEmbedding;
  return Task::kGenerate;
}

json ParseJson(std::string_view what, std::string_view text) {
  const auto bad = [&](wasinn_code code, const std::string& why) {
    return Failure(code, std::string(what) + ": expected JSON, given " + why);
  };
  if (text.size() > kMaxJson) {
    throw bad(WASINN_TOO_LARGE, "more than " + std::to_string(kMaxJson) + " bytes");
  }
  size_t depth = 0;
  bool in_text = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_text) {
      if (c == '\\') ++i;
      in_text = c != '"';
    } else if (c == '"') {
      in_text = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxDepth) {
        throw bad(WASINN_INVALID_ARGUMENT,
                  "some that is nested deeper than " + std::to_string(kMaxDepth) + " levels");
      }
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  try {
    return json::parse(text);
  } catch (const json::exception& error) {
    // The text after the parser's own prefix "[json.exception.parse_error.101] ".
    const std::string_view why = error.what();
    throw bad(WASINN_INVALID_ENCODING,
              "text that is not JSON: " +
                  std::string(why.substr(std::min(why.find("] ") + 2, why.size()))));
  }
}

void ApplyJson(std::string_view text, const std::function<void(const std::string&)>& warn,
               Settings& settings) {
  const json object = ParseJson("ggml: options", text);
  if (!object.is_object()) {
    throw Failure(WASINN_INVALID_ARGUMENT,
                  "ggml: options: expected a JSON object, given " + Quoted(object));
  }
  Settings changed = settings;
  for (const auto& [key, value] : object.items()) {
    std::string name = key;
    std::ranges::replace(name, '_', '-');
    const Row* row = FindRow(name);
    if (row == nullptr) {
      warn("ggml: option " + Quoted(key) + " is not known and was ignored");
    } else if ((row->flags & kHost) != 0) {
      warn("ggml: option " + Quoted(key) + " is reserved for the host and was ignored");
    } else if (!value.is_null()) {
      SetOrThrow(*row, name, value, changed);
    }
  }
  settings = std::move(changed);
}

std::vector<TokenBias> LogitBias(const Settings& settings, int32_t tokens) {
  std::vector<TokenBias> biases;
  if (settings.logit_bias.empty()) return biases;
  const json given = ParseJson("ggml: option 'logit-bias'", settings.logit_bias);
  const auto add = [&](const json& token, const json& bias) {
    int64_t number = -1;
    if (token.is_number_integer()) number = token.get<int64_t>();
    if (token.is_string()) {
      const auto& text = token.get_ref<const std::string&>();
      const char* end = text.data() + text.size();
      if (std::from_chars(text.data(), end, number).ptr != end) number = -1;
    }
    const bool never = bias.is_boolean() && !bias.get<bool>();
    if (number < 0 || number >= tokens || !(never || bias.is_number()) ||
        biases.size() == kMaxBiases) {
      throw Failure(WASINN_INVALID_ARGUMENT,
                    "ggml: option 'logit-bias': expected at most " + std::to_string(kMaxBiases) +
                        " pairs of a token from 0 to " + std::to_string(tokens - 1) +
                        " and a number or false, given " + Quoted(token) + " and " + Quoted(bias));
    }
    const float value = never ? -INFINITY : bias.get<float>();
    biases.push_back({static_cast<int32_t>(number), std::clamp(value, -INFINITY, 1e6F)});
  };
  if (given.is_object()) {
    for (const auto& [token, bias] : given.items()) add(token, bias);
  } else {
    for (const json& pair : given) {
      const bool good = pair.is_array() && pair.size() == 2;
      add(good ? pair[0] : json(), good ? pair[1] : pair);
    }
  }
  return biases;
}

}  // namespace wasinn::ggml
