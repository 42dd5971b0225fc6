// Finds models in folders with the layouts of Wasmtime, of Triton and of model hubs.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace wasinn {

// The file or folder with the model inside `folder`. The first that exists is used: the file
// `model.EXT`; this file in the subfolder with the highest number; the model in the snapshot of a
// hub's cache; the only file with a model's extension; the model in the only subfolder; the folder
// itself, for formats that are folders. nullopt for a folder without a model's files.
std::optional<std::string> ModelInFolder(const std::filesystem::path& folder);

struct FolderModels {
  struct Model {
    std::string name;
    std::string path;
  };
  std::vector<Model> models;          // sorted by path
  std::vector<std::string> left_out;  // entries that were left out, each with the reason
};
// The models of a folder, one for each entry: a file under its name without the extension, a
// subfolder under its own name. Side files, texts, and entries that are neither a file nor a folder
// are not models.
Result<FolderModels> ModelsInFolder(const std::string& dir);

}  // namespace wasinn
