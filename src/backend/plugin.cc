#include "backend/plugin.h"

#include <algorithm>
#include <filesystem>

#include "base/os.h"
#include "base/text.h"

namespace wasinn {
namespace fs = std::filesystem;
namespace {
constexpr const char* kEntry = "wasinn_backend_entry_v1";
}

Result<std::unique_ptr<Backend>> OpenPlugin(const std::string& path,
                                            const BackendServices& services) {
  WASINN_TRY(library, os::OpenLibrary(path));
  const auto entry = reinterpret_cast<wasinn_backend_entry_fn>(os::FindSymbol(library, kEntry));
  if (entry == nullptr) {
    return Fail(Code::kInvalidArgument, "{}: expected a backend that exports {}, given none", path,
                kEntry);
  }
  return Backend::Create(entry(), path, services);
}

std::vector<PluginFile> FindPlugins(const std::string& search_path) {
  std::vector<PluginFile> files;
  for (std::string_view folder : Split(search_path, ':')) {
    if (folder.empty()) continue;
    std::error_code error;
    for (fs::directory_iterator it(folder, error); !error && it != fs::directory_iterator();
         it.increment(error)) {
      if (it->path().extension() != ".so") continue;
      std::string name = it->path().stem().string();
      if (name.starts_with("lib")) name.erase(0, 3);
      files.push_back({name, it->path().string()});
    }
  }
  std::ranges::sort(files, {}, &PluginFile::name);
  return files;
}

}  // namespace wasinn
