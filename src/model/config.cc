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
      return Fail(Code::kInvalidArgument, "model '{}': encoding: expected one of {}, given '{}'",
                  config.name, EncodingNames(), Printable(value));
    }
    config.encoding = *encoding;
  } else if (key == "target") {
    const auto target = TargetFromName(Lower(value));
    if (!target) {
      return Fail(Code::kInvalidArgument,
                  "model '{}': target: expected cpu, gpu, tpu or auto, given '{}'", config.name,
                  Printable(value));
    }
    config.target = *target;
  } else if (key == "load") {
    if (value != "start" && value != "lazy") {
      return Fail(Code::kInvalidArgument, "model '{}': load: expected start or lazy, given '{}'",
                  config.name, Printable(value));
    }
    config.load_at_start = value == "start";
  } else {
    config.options[std::string(key)] = value;
  }
  return {};
}

namespace {

// Whether `text` continues with NAME=, that is with an option and not with the rest of a path. The
// part of a name after a colon may contain anything (`free_dim:batch size`).
bool BeginsOption(std::string_view text) {
  constexpr std::string_view kLetters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
  const size_t first = std::min(text.find_first_not_of(kLetters), text.size());
  if (first == 0 || first == text.size()) return false;
  if (text[first] == '=') return true;
  const size_t end = text.find_first_of(",=", first);
  return text[first] == ':' && end != std::string_view::npos && text[end] == '=';
}

// Removes a path or value from the front of `rest`: the text up to the comma before the next
// option, or the text in double quotes, inside which "" is a quote.
Result<std::string> TakeValue(const ModelConfig& config, std::string_view& rest) {
  if (!rest.starts_with('"')) {
    size_t end = rest.find(',');
    while (end != std::string_view::npos && !BeginsOption(rest.substr(end + 1))) {
      end = rest.find(',', end + 1);
    }
    std::string value(rest.substr(0, end));
    rest.remove_prefix(value.size());
    return value;
  }
  std::string value;
  for (size_t at = 1; at < rest.size(); ++at) {
    if (rest[at] == '"') {
      const std::string_view after = rest.substr(++at);
      if (after.empty() || after.starts_with(',')) {
        rest = after;
        return value;
      }
      if (!after.starts_with('"')) break;
    }
    value += rest[at];
  }
  return Fail(Code::kInvalidArgument,
              "model '{}': expected a closing quote, and then a comma or the end, given '{}'",
              Printable(config.name), Printable(rest));
}

}  // namespace

Result<ModelConfig> ParseModelSpec(std::string_view spec) {
  const size_t equals = spec.find('=');
  if (equals == std::string_view::npos || equals == 0 || equals + 1 == spec.size()) {
    return Fail(Code::kInvalidArgument,
                "model: expected NAME=PATH[,backend=..][,target=..][,option=value..], given '{}'",
                Printable(spec));
  }
  ModelConfig config;
  config.name = spec.substr(0, equals);
  std::string_view rest = spec.substr(equals + 1);
  WASINN_TRY(path, TakeValue(config, rest));
  config.path = std::move(path);
  if (config.path.empty()) {
    return Fail(Code::kInvalidArgument, "model '{}': expected a path after NAME=, given none",
                Printable(config.name));
  }
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const size_t at = rest.find('=');
    if (at == std::string_view::npos || at == 0) {
      return Fail(Code::kInvalidArgument,
                  "model '{}': expected NAME=VALUE after a comma, given '{}'",
                  Printable(config.name), Printable(rest));
    }
    const std::string key(rest.substr(0, at));
    rest.remove_prefix(at + 1);
    WASINN_TRY(value, TakeValue(config, rest));
    WASINN_CHECK(SetModelProperty(config, key, value));
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
