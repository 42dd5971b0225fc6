#include "capi/config.h"

// Errors as values, so that nothing is thrown.
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <array>
#include <filesystem>
#include <sstream>

#include "base/os.h"
#include "base/text.h"

namespace wasinn {
namespace fs = std::filesystem;
namespace {

constexpr size_t kMostBytes = 16 << 20;

std::unexpected<Error> At(const std::string& path, const toml::source_region& where,
                          std::string_view text) {
  return Fail(Code::kINVALID_ARGUMENT, "{}:{}: {}", path, where.begin.line, text);
}

// A scalar as the text that a flag would have.
std::optional<std::string> ScalarText(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  return std::nullopt;
}

std::string Resolve(const std::string& dir, const std::string& path) {
  return fs::path(path).is_absolute() || dir.empty() ? path : (fs::path(dir) / path).string();
}

Result<ModelConfig> ReadModel(const std::string& path, const std::string& dir,
                              std::string_view name, const toml::node& node) {
  const toml::table* table = node.as_table();
  if (table == nullptr) {
    return At(path, node.source(), fmt::format("models.{}: expected a table, given a value", name));
  }
  ModelConfig config;
  config.name = name;
  for (const auto& [key, value] : *table) {
    const auto text = ScalarText(value);
    if (!text) {
      return At(path, value.source(),
                fmt::format("models.{}.{}: expected text, a number or a flag", name, key.str()));
    }
    if (key.str() == "path") {
      config.path = Resolve(dir, *text);
    } else if (const auto set = SetModelProperty(config, key.str(), *text); !set) {
      return At(path, value.source(), set.error().message);
    }
  }
  if (config.path.empty()) {
    return At(path, node.source(), fmt::format("models.{}: expected a path, given none", name));
  }
  return config;
}

Result<std::vector<std::string>> ReadList(const std::string& path, std::string_view key,
                                          const toml::node& node) {
  std::vector<std::string> list;
  const toml::array* array = node.as_array();
  if (array == nullptr) {
    return At(path, node.source(), fmt::format("{}: expected a list of texts", key));
  }
  for (const toml::node& item : *array) {
    const auto* text = item.as_string();
    if (text == nullptr) {
      return At(path, item.source(), fmt::format("{}: expected a list of texts", key));
    }
    list.push_back(text->get());
  }
  return list;
}

Result<> ReadPolicy(const std::string& path, const toml::table& table, Config& config) {
  for (const auto& [key, value] : table) {
    const std::string rule(key.str());
    auto text = ScalarText(value);
    if (!text && value.is_array()) {
      WASINN_TRY(list, ReadList(path, rule, value));
      text = fmt::format("{}", fmt::join(list, ","));
    }
    if (!text) return At(path, value.source(), fmt::format("policy.{}: expected a value", rule));
    Policy scratch;
    if (const auto set = scratch.Set(rule, *text); !set) {
      return At(path, value.source(), set.error().message);
    }
    config.policy.emplace_back(rule, *text);
  }
  return {};
}

}  // namespace

Result<Config> ParseConfig(std::string_view text, const std::string& path, const std::string& dir) {
  const toml::parse_result parsed = toml::parse(text, path);
  if (!parsed) {
    return At(path, parsed.error().source(), parsed.error().description());
  }
  Config config;
  for (const auto& [key, value] : parsed.table()) {
    if (key.str() == "model_dirs") {
      WASINN_TRY(list, ReadList(path, "model_dirs", value));
      for (const std::string& item : list) config.model_dirs.push_back(Resolve(dir, item));
    } else if (key.str() == "models" && value.is_table()) {
      for (const auto& [name, model] : *value.as_table()) {
        WASINN_TRY(read, ReadModel(path, dir, name.str(), model));
        config.models.push_back(std::move(read));
      }
    } else if (key.str() == "policy" && value.is_table()) {
      WASINN_CHECK(ReadPolicy(path, *value.as_table(), config));
    } else {
      constexpr std::array<std::string_view, 3> kKeys = {"models", "model_dirs", "policy"};
      return At(path, value.source(),
                fmt::format("unknown key '{}'{}", Printable(key.str()), Suggest(key.str(), kKeys)));
    }
  }
  return config;
}

Result<> LoadConfig(Engine& engine, const std::string& path, Policy* policy) {
  WASINN_TRY(text, os::ReadFile(path, kMostBytes));
  WASINN_TRY(config, ParseConfig(text, path, fs::path(path).parent_path().string()));
  for (ModelConfig& model : config.models) {
    WASINN_CHECK(engine.models().Add(std::move(model)));
  }
  for (const std::string& dir : config.model_dirs) {
    WASINN_CHECK(engine.models().AddDir(dir, Encoding::kAUTODETECT));
  }
  if (policy != nullptr) {
    for (const auto& [rule, value] : config.policy) WASINN_CHECK(policy->Set(rule, value));
  }
  return {};
}

}  // namespace wasinn
