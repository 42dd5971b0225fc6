// Models in folders, by the layouts of Wasmtime, of Triton and of model hubs.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace wasinn {

// The file or folder that holds the model inside `folder`, the first of these that is there: the
// file `model.EXT`; the same in the folder with the highest number; the one in the snapshot of a
// hub's cache; the only file that is a model by its ending; the model in its only folder; the
// folder itself, for formats that are folders. nullopt for a folder without a model's files.
std::optional<std::string> ModelInFolder(const std::filesystem::path& folder);

struct FolderModels {
  struct Model {
    std::string name;
    std::string path;
  };
  std::vector<Model> models;          // sorted by path
  std::vector<std::string> left_out;  // entries that a user may miss, each with the reason
};
// A model for each entry of a folder: a file under its name without extension, a folder under its
// own. Files that belong to another model, texts and entries that are neither file nor folder are
// none.
Result<FolderModels> ModelsInFolder(const std::string& dir);

}  // namespace wasinn
