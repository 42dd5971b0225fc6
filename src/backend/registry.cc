#include "backend/registry.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace wasinn {
namespace {

constexpr auto kKnown = std::to_array<KnownBackend>({
#define X(name, encodings, description, how) KnownBackend{name, encodings, description, how},
#include "backend/known.def"
#undef X
});

}  // namespace

std::span<const KnownBackend> KnownBackends() { return kKnown; }

BackendRegistry::BackendRegistry(const BackendServices& services, const std::string& search_path)
    : services_(services), found_(FindPlugins(search_path)) {}

Backend* BackendRegistry::FindLocked(std::string_view name) {
  const auto it = std::ranges::find_if(backends_, [&](const auto& b) { return b->name() == name; });
  return it == backends_.end() ? nullptr : it->get();
}

Result<Backend*> BackendRegistry::AddLocked(Result<std::unique_ptr<Backend>> backend) {
  if (!backend) return Fail(backend.error());
  if (const Backend* other = FindLocked((*backend)->name()); other != nullptr) {
    return Fail(Code::kInvalidArgument, "backend name: expected a new one, given '{}' again ({})",
                other->name(), other->origin().empty() ? "linked in" : other->origin());
  }
  backends_.push_back(std::move(*backend));
  return backends_.back().get();
}

Result<> BackendRegistry::Add(const wasinn_backend* table) {
  MutexLock lock(mutex_);
  WASINN_CHECK(AddLocked(Backend::Create(table, "", services_)));
  return {};
}

Result<> BackendRegistry::Load(const std::string& path) {
  MutexLock lock(mutex_);
  WASINN_CHECK(AddLocked(OpenPlugin(path, services_)));
  return {};
}

void BackendRegistry::OpenFoundLocked(std::string_view only_name) {
  std::vector<PluginFile> later;
  for (PluginFile& file : found_) {
    if (!only_name.empty() && file.name != only_name) {
      later.push_back(std::move(file));
      continue;
    }
    // A backend that was linked in or loaded by path takes precedence over one on the search path.
    if (FindLocked(file.name) != nullptr) continue;
    if (auto added = AddLocked(OpenPlugin(file.path, services_)); !added) {
      services_.log->Log(WASINN_LOG_WARN, "backend plug-in left out: {}", added.error().message);
      errors_.push_back({file.path, added.error().message});
    }
  }
  found_ = std::move(later);
}

Result<Backend*> BackendRegistry::Find(std::string_view name) {
  MutexLock lock(mutex_);
  if (FindLocked(name) == nullptr) OpenFoundLocked(name);
  if (FindLocked(name) == nullptr) OpenFoundLocked("");
  if (Backend* backend = FindLocked(name); backend != nullptr) return backend;
  for (const KnownBackend& known : kKnown) {
    if (known.name == name) {
      return Fail(Code::kNotFound, "backend {} is not in this build: {}", name, known.how);
    }
  }
  std::vector<std::string_view> names;
  for (const auto& backend : backends_) names.push_back(backend->name());
  return Fail(Code::kNotFound, "no backend named '{}'{}", Printable(name), Suggest(name, names));
}

std::vector<Backend*> BackendRegistry::ForEncoding(std::string_view encoding) {
  std::vector<Backend*> fitting;
  for (Backend* backend : All()) {
    const auto& encodings = backend->encodings();
    if (std::ranges::find(encodings, encoding) != encodings.end()) fitting.push_back(backend);
  }
  return fitting;
}

std::vector<Backend*> BackendRegistry::All() {
  MutexLock lock(mutex_);
  OpenFoundLocked("");
  std::vector<Backend*> all;
  for (const auto& backend : backends_) all.push_back(backend.get());
  return all;
}

std::vector<BackendRegistry::LoadError> BackendRegistry::LoadErrors() {
  MutexLock lock(mutex_);
  return errors_;
}

}  // namespace wasinn
