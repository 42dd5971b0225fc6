// The backends of one engine.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backend/backend.h"
#include "backend/plugin.h"

namespace wasinn {

// Any thread. Backends are only added, never removed; pointers stay valid until the registry ends.
// Plug-ins on the search path are opened when they may be needed: one by its name, or all for a
// listing or an autodetection.
class BackendRegistry {
 public:
  BackendRegistry(const BackendServices& services, const std::string& search_path);

  Result<> Add(const wasinn_backend* table);
  Result<> Load(const std::string& path);

  // NOT_FOUND lists the backends, and says how to get a missing backend of this project.
  Result<Backend*> Find(std::string_view name);
  // The backends that name this encoding, in the order in which they were added.
  std::vector<Backend*> ForEncoding(std::string_view encoding);
  std::vector<Backend*> All();

  struct LoadError {
    std::string path;
    std::string message;
  };
  std::vector<LoadError> LoadErrors();

 private:
  Result<Backend*> AddLocked(Result<std::unique_ptr<Backend>> backend) REQUIRES(mutex_);
  Backend* FindLocked(std::string_view name) REQUIRES(mutex_);
  void OpenFoundLocked(std::string_view only_name) REQUIRES(mutex_);

  const BackendServices services_;
  Mutex mutex_;
  std::vector<PluginFile> found_ GUARDED_BY(mutex_);  // not opened yet
  std::vector<std::unique_ptr<Backend>> backends_ GUARDED_BY(mutex_);
  std::vector<LoadError> errors_ GUARDED_BY(mutex_);
};

struct KnownBackend {
  std::string_view name;
  std::string_view encodings;
  std::string_view description;
  std::string_view how;
};
// The rows of known.def.
std::span<const KnownBackend> KnownBackends();

}  // namespace wasinn
