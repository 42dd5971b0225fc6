// Reading a model's registration from text, and from folders.
#include <utility>

#include "base/text.h"
#include "model/store.h"

namespace wasinn {

Result<> SetModelProperty(ModelConfig& config, std::string_view key, std::string_view value) {
  if (key == "backend") {
    config.backend = value;
  } else if (key == "encoding") {
    const auto encoding = EncodingFromName(Lower(value));
    if (!encoding) {
      return Fail(Code::kINVALID_ARGUMENT, "model '{}': encoding: expected one of {}, given '{}'",
                  config.name, EncodingNames(), Printable(value));
    }
    config.encoding = *encoding;
  } else if (key == "target") {
    const auto target = TargetFromName(Lower(value));
    if (!target) {
      return Fail(Code::kINVALID_ARGUMENT,
                  "model '{}': target: expected cpu, gpu, tpu or auto, given '{}'", config.name,
                  Printable(value));
    }
    config.target = *target;
  } else if (key == "load") {
    if (value != "start" && value != "lazy") {
      return Fail(Code::kINVALID_ARGUMENT, "model '{}': load: expected start or lazy, given '{}'",
                  config.name, Printable(value));
    }
    config.load_at_start = value == "start";
  } else {
    config.options[std::string(key)] = value;
  }
  return {};
}

Result<ModelConfig> ParseModelSpec(std::string_view spec) {
  const size_t equals = spec.find('=');
  if (equals == std::string_view::npos || equals == 0 || equals + 1 == spec.size()) {
    return Fail(Code::kINVALID_ARGUMENT,
                "model: expected NAME=PATH[,backend=..][,target=..][,option=value..], given '{}'",
                Printable(spec));
  }
  ModelConfig config;
  config.name = spec.substr(0, equals);
  const auto parts = Split(spec.substr(equals + 1), ',');
  config.path = parts[0];
  if (config.path.empty()) {
    return Fail(Code::kINVALID_ARGUMENT, "model '{}': expected a path after NAME=, given none",
                Printable(config.name));
  }
  for (std::string_view part : std::span(parts).subspan(1)) {
    const size_t at = part.find('=');
    if (at == std::string_view::npos || at == 0) {
      return Fail(Code::kINVALID_ARGUMENT,
                  "model '{}': expected NAME=VALUE after a comma, given '{}'",
                  Printable(config.name), Printable(part));
    }
    WASINN_CHECK(SetModelProperty(config, part.substr(0, at), part.substr(at + 1)));
  }
  return config;
}

Result<> ModelStore::AddDir(const std::string& dir, Encoding encoding) {
  WASINN_TRY(found, ModelsInFolder(dir));
  for (const std::string& entry : found.left_out) {
    log_.Log(WASINN_LOG_WARN, "model folder {}: left out {}", dir, entry);
  }
  for (FolderModels::Model& model : found.models) {
    ModelConfig config;
    config.name = std::move(model.name);
    config.path = std::move(model.path);
    config.encoding = encoding;
    WASINN_CHECK(Add(std::move(config)));
  }
  return {};
}

}  // namespace wasinn
