// Backends in shared objects.
#pragma once

#include <string>
#include <vector>

#include "backend/backend.h"

namespace wasinn {

// Opens the file and asks its entry symbol for the table. The file stays loaded for good.
Result<std::unique_ptr<Backend>> OpenPlugin(const std::string& path,
                                            const BackendServices& services);

struct PluginFile {
  std::string name;  // of the file, without "lib" and ".so": the backend's name by convention
  std::string path;
};
// The plug-in files of folders separated by colons, by name; folders that are missing are skipped.
std::vector<PluginFile> FindPlugins(const std::string& search_path);

}  // namespace wasinn
