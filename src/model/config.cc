// Reading a model's registration from text, and model folders.
#include <algorithm>
#include <filesystem>

#include "base/text.h"
#include "model/store.h"

namespace wasinn {
namespace fs = std::filesystem;

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

std::string ModelInFolder(const fs::path& folder) {
  const auto model_file = [](const fs::path& where) -> std::string {
    std::error_code error;
    std::vector<std::string> files;
    for (fs::directory_iterator it(where, error); !error && it != fs::directory_iterator();
         it.increment(error)) {
      if (it->path().stem() == "model" && !it->path().extension().empty()) {
        files.push_back(it->path().string());
      }
    }
    // "model.xml" goes with "model.bin", "model.onnx" with "model.onnx.data": the model is the one
    // that is not data.
    std::erase_if(files, [&](const std::string& file) {
      return file.ends_with(".bin") || file.ends_with(".data");
    });
    std::ranges::sort(files);
    return files.empty() ? std::string() : files.front();
  };
  if (std::string file = model_file(folder); !file.empty()) return file;
  std::optional<std::pair<uint64_t, fs::path>> newest;
  std::error_code error;
  for (fs::directory_iterator it(folder, error); !error && it != fs::directory_iterator();
       it.increment(error)) {
    const auto version = ParseUint(it->path().filename().string());
    std::error_code unreadable;
    if (version && it->is_directory(unreadable) && (!newest || *version > newest->first)) {
      newest = {*version, it->path()};
    }
  }
  if (!newest) return folder.string();
  const std::string file = model_file(newest->second);
  return file.empty() ? newest->second.string() : file;
}

Result<> ModelStore::AddDir(const std::string& dir, Encoding encoding) {
  const os::FileState state = os::StatFile(dir);
  if (!state.is_dir) {
    return Fail(state.exists ? Code::kINVALID_ARGUMENT : Code::kNOT_FOUND,
                "model folder: expected a folder, given {}{}", dir,
                state.exists ? ", which is a file" : ", which does not exist");
  }
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator it(dir, error); !error && it != fs::directory_iterator();
       it.increment(error)) {
    if (!it->path().filename().string().starts_with('.')) entries.push_back(it->path());
  }
  if (error) {
    return Fail(Code::kRUNTIME_ERROR, "cannot read the model folder {}: {}", dir, error.message());
  }
  std::ranges::sort(entries);
  for (const fs::path& entry : entries) {
    ModelConfig config;
    config.encoding = encoding;
    const bool folder = fs::is_directory(entry, error);
    config.name = folder ? entry.filename().string() : entry.stem().string();
    config.path = folder ? ModelInFolder(entry) : entry.string();
    // Side files of a model are not models.
    if (!folder && (entry.extension() == ".data" || entry.extension() == ".bin")) continue;
    WASINN_CHECK(Add(std::move(config)));
  }
  return {};
}

}  // namespace wasinn
