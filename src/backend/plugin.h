// Backends in shared objects.
#pragma once

#include <string>
#include <vector>

#include "backend/backend.h"

namespace wasinn {

// Opens the file and calls its entry function for the table. The file is never unloaded.
Result<std::unique_ptr<Backend>> OpenPlugin(const std::string& path,
                                            const BackendServices& services);

struct PluginFile {
  std::string name;  // of the file, without "lib" and ".so": the backend's name by convention
  std::string path;
};
// The plug-in files in the folders of a list separated by colons, sorted by name; missing folders
// are skipped.
std::vector<PluginFile> FindPlugins(const std::string& search_path);

}  // namespace wasinn
