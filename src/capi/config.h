// wasinn.toml.
#pragma once

#include <string>

#include "base/error.h"
#include "capi/engine.h"
#include "session/policy.h"

namespace wasinn {

// Reads models, model folders and, when `policy` is given, policy rules:
//
//   model_dirs = ["models"]
//   [models.NAME]           path, backend, encoding, target, load, and backend options
//   [policy]                rules of policy.def; `models` as a list of names
//   [compat]                switches of compat.def
//
// Relative paths are taken from the file's folder. An unknown key is an error that names the line.
Result<> LoadConfig(Engine& engine, const std::string& path, Policy* policy);

// Reads the configuration from text, for tests and fuzzers, and registers nothing. `dir` is the
// folder.
struct Config {
  std::vector<ModelConfig> models;
  std::vector<std::string> model_dirs;
  std::vector<std::pair<std::string, std::string>> policy;
};
Result<Config> ParseConfig(std::string_view text, const std::string& path, const std::string& dir);

}  // namespace wasinn
