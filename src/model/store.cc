#include "model/store.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <future>

#include "base/sha256.h"
#include "base/text.h"

namespace wasinn {
namespace {

constexpr size_t kProbeBytes = 4096;
constexpr int kCertain = 100;  // a backend's probe

std::string OptionsKey(const Options& options) {
  std::string key;
  // Lengths keep {a: "b;c=d"} apart from {a: "b", c: "d"}.
  for (const auto& [name, value] : options) {
    key += fmt::format("{}:{}={}:{};", name.size(), name, value.size(), value);
  }
  return key;
}

Result<std::string> ContentKey(std::span<const BufferRef> parts) {
  Sha256Hasher hasher;
  for (const BufferRef& part : parts) {
    const uint64_t size = part.size();
    hasher.Update(&size, sizeof(size));  // the end of a part belongs to the content, too
    hasher.Update(part.data(), part.size());
  }
  WASINN_TRY(hash, hasher.Finish());
  return "sha256:" + Hex(hash);
}

void ReplaceAll(std::string& text, std::string_view what, std::string_view with) {
  if (what.empty()) return;
  for (size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

// The error of a registered model. A guest can read `message`, so it must not contain the path.
Error OfModel(const std::string& name, Error error, const std::string& path) {
  std::string host_text = error.HostText();
  std::string hidden = std::move(error.message);
  ReplaceAll(hidden, path, "its file");
  // Frameworks also name other files in its folder.
  const std::string folder = std::filesystem::path(path).parent_path().string();
  if (folder.size() > 1) ReplaceAll(hidden, folder + "/", "");
  error.host_message = fmt::format("model '{}': {}", name, host_text);
  error.message = fmt::format("model '{}': {}", name, hidden);
  return error;
}

uint64_t TotalSize(std::span<const BufferRef> parts) {
  uint64_t size = 0;
  for (const BufferRef& part : parts) size += part.size();
  return size;
}

}  // namespace

ModelStore::ModelStore(BackendRegistry& backends, const Logger& log, uint64_t budget)
    : backends_(backends), log_(log), budget_(budget) {}

Result<> ModelStore::Add(ModelConfig config) {
  if (config.name.empty() || config.name.size() > 1024) {
    return Fail(Code::kInvalidArgument, "model name: expected 1 to 1024 bytes, given {}",
                config.name.size());
  }
  if (const auto found = FindFile(config); !found) {
    return Fail(found.error().code, "model '{}': {}", config.name, found.error().message);
  }
  if (config.path.empty()) {
    WASINN_TRY(key, ContentKey({&config.content, 1}));
    config.content_key = std::move(key);
  }
  const std::string name = config.name;
  const bool load = config.load_at_start;
  {
    MutexLock lock(mutex_);
    if (const auto [it, added] = models_.try_emplace(name, std::move(config)); !added) {
      return Fail(Code::kInvalidArgument,
                  "model name: expected a new one, given '{}' again "
                  "(it is {})",
                  Printable(name), it->second.path.empty() ? "given as bytes" : it->second.path);
    }
  }
  if (!load) return {};
  const auto loaded = Get(name);
  if (loaded) return {};
  MutexLock lock(mutex_);
  models_.erase(name);
  return Fail(loaded.error());
}

// If the path is a folder, this finds the model in it.
Result<> ModelStore::FindFile(ModelConfig& config) {
  if (config.path.empty()) return {};
  const os::FileState state = os::StatFile(config.path);
  if (state.error == ENOENT || state.error == ENOTDIR) {
    if (config.may_be_missing) return {};
    return Fail(Code::kNotFound, "{} does not exist", config.path);
  }
  if (!state.exists()) return Fail(os::MissingFile(config.path, state));
  if (state.is_dir()) {
    config.path = ModelInFolder(config.path).value_or(config.path);
  } else if (state.kind != os::FileKind::kFile) {
    return Fail(Code::kInvalidArgument, "{}: expected a model's file or folder, given a {}",
                config.path, os::FileKindName(state.kind));
  }
  return {};
}

Result<ModelFiles> ModelStore::FilesOf(const ModelConfig& config) {
  return config.path.empty() ? ModelFiles() : files_.Of(config.path);
}

bool ModelStore::Has(std::string_view name) {
  MutexLock lock(mutex_);
  return models_.contains(name);
}

Result<ModelConfig> ModelStore::Find(std::string_view name) {
  MutexLock lock(mutex_);
  if (const auto it = models_.find(name); it != models_.end()) return it->second;
  // The text goes to guests: it does not list names, which policy may hide.
  return Fail(Code::kNotFound, "no model is registered under the name '{}'", Printable(name));
}

Result<ModelStore::Plan> ModelStore::PlanFor(const ModelConfig& config, const ModelFiles& files,
                                             const Options& extra) {
  Plan plan;
  plan.backend = config.backend;
  plan.encoding = config.encoding;
  plan.target = config.target;
  plan.options = config.options;
  if (config.path.empty()) {
    plan.source.parts = {config.content};
    plan.source.size = config.content.size();
    plan.key = config.content_key;
  } else {
    plan.source.path = config.path;
    plan.source.files = files.files;
    plan.source.size = files.size;
    plan.key = files.identity;
  }
  WASINN_CHECK(AddGuestOptions(plan, extra));
  plan.key += fmt::format("|{}|{}|{}|{}", plan.backend, EncodingName(plan.encoding),
                          TargetName(plan.target), OptionsKey(plan.options));
  return plan;
}

Result<> ModelStore::AddGuestOptions(Plan& plan, const Options& extra) {
  if (extra.empty()) return {};
  WASINN_TRY(backend, ChooseBackend(plan));
  const Options of_contexts = OptionsOfContexts(*backend, extra);
  WASINN_CHECK(CheckGuestContextOptions(*backend, of_contexts));
  Options options = plan.options;
  for (const auto& [name, value] : extra) {
    if (of_contexts.contains(name)) continue;
    const OptionSpec* option = FindOption(*backend, name);
    if (option == nullptr) {
      plan.ignored[name] = value;
      continue;
    }
    WASINN_CHECK(CheckGuestMayGive(*backend, name));
    options[name] = value;
  }
  // Guests that change nothing share the graph that is registered.
  if (options == plan.options) return {};
  plan.options = std::move(options);
  plan.backend = backend->name();
  plan.of_guest = true;
  return {};
}

void ModelStore::WarnOfIgnored(const Plan& plan) const {
  for (const auto& [name, value] : plan.ignored) {
    log_limit_.Log(log_, WASINN_LOG_WARN,
                   "the backend has no option '{}', which a guest gave; ignored", Printable(name));
  }
}

std::shared_ptr<ModelStore::Entry> ModelStore::ForgetOldLocked(const std::string& name,
                                                               const std::string& key) {
  std::shared_ptr<Entry> forgotten;
  std::string& known = key_of_name_[name];
  if (!known.empty() && known != key) {
    // The file changed: its old graph lives on only in the sessions that hold it.
    const bool shared = std::ranges::any_of(key_of_name_, [&](const auto& other) {
      return other.first != name && other.second == known;
    });
    const auto it = entries_.find(known);
    if (!shared && it != entries_.end() && !it->second->loading) {
      forgotten = std::move(it->second);
      entries_.erase(it);
    }
  }
  known = key;
  return forgotten;
}

std::shared_ptr<Graph> ModelStore::GetLoaded(std::string_view name, const Options& extra) {
  const auto config = Find(name);
  if (!config) return nullptr;
  std::optional<Result<ModelFiles>> files = ModelFiles();
  if (!config->path.empty()) files = files_.IfKnown(config->path);
  if (!files || !*files) return nullptr;
  // Finding out whose options they are may open every backend.
  if (!extra.empty() && config->backend.empty()) return nullptr;
  const auto plan = PlanFor(*config, **files, extra);
  if (!plan) return nullptr;
  std::shared_ptr<Graph> graph;
  {
    MutexLock lock(mutex_);
    const auto it = entries_.find(plan->key);
    if (it == entries_.end() || it->second->loading) return nullptr;
    graph = it->second->graph.lock();
    if (graph == nullptr) return nullptr;
    it->second->last_used = std::chrono::steady_clock::now();
    ++counters_.shared_loads;
  }
  WarnOfIgnored(*plan);
  return graph;
}

Result<std::shared_ptr<Graph>> ModelStore::Get(std::string_view name, const Options& extra) {
  WASINN_TRY(config, Find(name));
  auto plan = PlanNamed(config, extra);
  auto graph = plan ? AwaitPlanned(*std::move(plan)) : Fail(std::move(plan.error()));
  if (!graph) return Fail(OfModel(config.name, graph.error(), config.path));
  return graph;
}

void ModelStore::GetThen(std::string_view name, const Options& extra, Loaded loaded) {
  auto config = Find(name);
  if (!config) {
    loaded(Fail(std::move(config.error())));
    return;
  }
  auto plan = PlanNamed(*config, extra);
  Loaded named = [config = *std::move(config),
                  loaded = std::move(loaded)](Result<std::shared_ptr<Graph>> graph) mutable {
    if (!graph) graph = Fail(OfModel(config.name, graph.error(), config.path));
    loaded(std::move(graph));
  };
  if (plan) {
    GetPlanned(*std::move(plan), std::move(named));
  } else {
    named(Fail(std::move(plan.error())));
  }
}

Result<ModelStore::Plan> ModelStore::PlanNamed(const ModelConfig& config, const Options& extra) {
  WASINN_TRY(files, FilesOf(config));
  WASINN_TRY(plan, PlanFor(config, files, extra));
  WarnOfIgnored(plan);
  if (!plan.of_guest) {
    std::shared_ptr<Entry> forgotten;  // freed after the lock
    MutexLock lock(mutex_);
    forgotten = ForgetOldLocked(config.name, plan.key);
  }
  return plan;
}

Result<ModelStore::Plan> ModelStore::PlanBytes(std::vector<BufferRef> parts, Encoding encoding,
                                               Target target, const Options& options) {
  Plan plan;
  plan.source.size = TotalSize(parts);
  plan.source.parts = std::move(parts);
  plan.encoding = encoding;
  plan.target = target;
  plan.options = options;
  plan.of_guest = true;
  WASINN_TRY(content, ContentKey(plan.source.parts));
  plan.key = fmt::format("{}||{}|{}|{}", content, EncodingName(encoding), TargetName(target),
                         OptionsKey(options));
  return plan;
}

Result<std::shared_ptr<Graph>> ModelStore::GetFromBytes(std::vector<BufferRef> parts,
                                                        Encoding encoding, Target target,
                                                        const Options& options) {
  WASINN_TRY(plan, PlanBytes(std::move(parts), encoding, target, options));
  return AwaitPlanned(std::move(plan));
}

void ModelStore::GetFromBytesThen(std::vector<BufferRef> parts, Encoding encoding, Target target,
                                  Loaded loaded) {
  auto plan = PlanBytes(std::move(parts), encoding, target, {});
  if (plan) {
    GetPlanned(*std::move(plan), std::move(loaded));
  } else {
    loaded(Fail(std::move(plan.error())));
  }
}

Result<std::shared_ptr<Graph>> ModelStore::GetFromFile(const std::string& path,
                                                       const std::string& backend) {
  ModelConfig config;
  config.name = path;
  config.path = path;
  config.backend = backend;
  WASINN_CHECK(FindFile(config));
  WASINN_TRY(files, FilesOf(config));
  WASINN_TRY(plan, PlanFor(config, files, {}));
  return AwaitPlanned(std::move(plan));
}

Result<std::shared_ptr<Graph>> ModelStore::AwaitPlanned(Plan plan) {
  std::promise<Result<std::shared_ptr<Graph>>> promise;
  auto future = promise.get_future();
  GetPlanned(std::move(plan),
             [promise = std::move(promise)](Result<std::shared_ptr<Graph>> graph) mutable {
               promise.set_value(std::move(graph));
             });
  return future.get();
}

void ModelStore::GetPlanned(Plan plan, Loaded loaded) {
  std::shared_ptr<Entry> entry;
  std::shared_ptr<Graph> graph;
  {
    MutexLock lock(mutex_);
    if (const auto it = entries_.find(plan.key); it != entries_.end()) {
      entry = it->second;
      if (entry->loading) {
        entry->waiters.push_back({std::move(loaded), plan.of_guest});
        return;
      }
      graph = entry->graph.lock();
      // One that was dropped is loaded again.
      if (graph == nullptr) entries_.erase(it);
    }
    if (graph != nullptr) {
      ++counters_.shared_loads;
      entry->last_used = std::chrono::steady_clock::now();
      if (!plan.of_guest) {
        graph->MarkUsedByHost();
        entry->kept = graph;
      }
    } else {
      ForgetExpiredLocked();
      entry = std::make_shared<Entry>();
      entries_.emplace(plan.key, entry);
    }
  }
  if (graph != nullptr) {
    loaded(std::move(graph));
  } else {
    LoadEntry(std::move(plan), entry, std::move(loaded));
  }
}

void ModelStore::LoadEntry(Plan plan, const std::shared_ptr<Entry>& entry, Loaded loaded) {
  auto graph = [&]() -> Result<std::shared_ptr<Graph>> {
    try {
      return LoadPlanned(plan);
    } catch (...) {
      // Otherwise, callers that wait for this entry would wait for ever.
      return Fail(ErrorOfException());
    }
  }();
  std::vector<Waiter> waiters;
  std::vector<std::shared_ptr<Graph>> dropped;  // freed after the lock
  {
    MutexLock lock(mutex_);
    entry->loading = false;
    waiters.swap(entry->waiters);
    entry->last_used = std::chrono::steady_clock::now();
    if (graph) {
      const bool of_guests =
          plan.of_guest && std::ranges::all_of(waiters, [](const Waiter& w) { return w.of_guest; });
      entry->graph = *graph;
      if (!of_guests) (*graph)->MarkUsedByHost();
      if (budget_ != 0 || !of_guests) entry->kept = *graph;
      ++counters_.loads;
      counters_.shared_loads += waiters.size();
      try {
        if (budget_ != 0) TrimLocked(budget_, dropped);
      } catch (...) {
        // Swallowed: the next load makes room.
      }
    } else {
      // Those who waited get this error; the next who asks tries again.
      entries_.erase(plan.key);
    }
  }
  dropped.clear();
  for (Waiter& waiter : waiters) {
    try {
      waiter.loaded(graph);
    } catch (...) {
      // Swallowed: the others still have to be told.
    }
  }
  loaded(std::move(graph));
}

Result<Backend*> ModelStore::ChooseBackend(const Plan& plan) {
  if (!plan.backend.empty()) return backends_.Find(plan.backend);
  std::vector<Backend*> candidates;
  if (plan.encoding == Encoding::kAutodetect) {
    candidates = backends_.All();
  } else {
    candidates = backends_.ForEncoding(EncodingName(plan.encoding));
    if (candidates.empty()) {
      std::string how = "no backend of this project takes it yet";
      for (const KnownBackend& known : KnownBackends()) {
        const auto encodings = Split(known.encodings, ' ');
        if (std::ranges::find(encodings, EncodingName(plan.encoding)) != encodings.end()) {
          how = fmt::format("backend {}: {}", known.name, known.how);
        }
      }
      return Fail(Code::kInvalidEncoding, "no backend here takes the encoding {} ({})",
                  EncodingName(plan.encoding), how);
    }
    if (candidates.size() == 1) return candidates[0];
  }
  std::vector<uint8_t> head;
  if (!plan.source.parts.empty()) {
    const auto bytes = plan.source.parts[0].bytes();
    const auto first = bytes.first(std::min(bytes.size(), kProbeBytes));
    head.assign(first.begin(), first.end());
  } else if (!os::StatFile(plan.source.path).is_dir()) {
    WASINN_TRY(read, os::ReadHead(plan.source.path, kProbeBytes));
    head = std::move(read);
  }
  const char* path = plan.source.path.empty() ? nullptr : plan.source.path.c_str();
  Backend* best = nullptr;
  int best_score = 0;
  for (Backend* backend : candidates) {
    const int score = backend->Probe(head, plan.source.size, path);
    if (score > best_score) {
      best = backend;
      best_score = score;
    }
    // Probing a backend opens its framework, which is avoided once a backend is certain.
    if (score >= kCertain) break;
  }
  if (best == nullptr) {
    std::string names;
    for (const Backend* backend : candidates) {
      names += fmt::format("{}{}", names.empty() ? "" : ", ", backend->name());
    }
    std::string given = fmt::format("{} bytes", plan.source.size);
    if (plan.source.parts.empty() && os::StatFile(plan.source.path).is_dir()) {
      given = fmt::format("the folder {} with {}", plan.source.path, given);
    } else if (plan.source.size == 0) {
      given = "an empty file";
    }
    return Fail(Code::kInvalidEncoding,
                "expected a model that one of the backends here takes ({}), given {} that none "
                "recognises",
                names, given);
  }
  return best;
}

Result<std::shared_ptr<Graph>> ModelStore::LoadPlanned(Plan& plan) {
  if (plan.source.path.empty() && plan.source.size == 0) {
    return Fail(Code::kInvalidArgument, "expected a model, given {} builders with no bytes",
                plan.source.parts.size());
  }
  WASINN_TRY(backend, ChooseBackend(plan));
  WASINN_TRY(options, SortOptions(*backend, plan.options));
  WASINN_TRY(graph, Graph::Load(*backend, std::move(plan.source), plan.target, std::move(options)));
  log_limit_.Log(log_, WASINN_LOG_INFO, "loaded {} with backend {} in {:.1f} ms",
                 graph->source().path.empty() ? FormatSize(graph->size()) : graph->source().path,
                 backend->name(), static_cast<double>(graph->load_ns()) / 1e6);
  return graph;
}

void ModelStore::ForgetExpiredLocked() {
  std::erase_if(entries_, [](const auto& entry) {
    return !entry.second->loading && entry.second->graph.expired();
  });
}

void ModelStore::TrimLocked(uint64_t max, std::vector<std::shared_ptr<Graph>>& dropped) {
  uint64_t loaded = 0;
  using Candidate = std::map<std::string, std::shared_ptr<Entry>, std::less<>>::iterator;
  std::vector<Candidate> idle;
  for (auto it = entries_.begin(); it != entries_.end(); ++it) {
    if (it->second->kept == nullptr) continue;
    loaded += it->second->kept->size();
    if (it->second->kept.use_count() == 1) idle.push_back(it);
  }
  std::ranges::sort(idle, {}, [](const Candidate& it) { return it->second->last_used; });
  for (const Candidate& it : idle) {
    if (loaded <= max && max != 0) return;
    loaded -= it->second->kept->size();
    ++counters_.evictions;
    dropped.push_back(std::move(it->second->kept));
    entries_.erase(it);
  }
}

void ModelStore::Trim(uint64_t max) {
  std::vector<std::shared_ptr<Graph>> dropped;
  MutexLock lock(mutex_);
  TrimLocked(max, dropped);
}

std::vector<ModelStore::Listed> ModelStore::List() {
  std::vector<ModelConfig> configs;
  {
    MutexLock lock(mutex_);
    for (const auto& [name, config] : models_) configs.push_back(config);
  }
  std::vector<Listed> list;
  for (ModelConfig& config : configs) {
    Listed listed;
    listed.files = FilesOf(config);
    if (const auto plan = listed.files ? PlanFor(config, *listed.files, {}) : Result<Plan>()) {
      MutexLock lock(mutex_);
      const auto it = entries_.find(plan->key);
      if (it != entries_.end()) {
        listed.graph = it->second->graph.lock();
        // References other than those of `listed` and the store.
        const long others = listed.graph.use_count() - 1 - (it->second->kept != nullptr ? 1 : 0);
        listed.sessions = static_cast<uint64_t>(std::max(0L, others));
      }
    }
    listed.config = std::move(config);
    list.push_back(std::move(listed));
  }
  return list;
}

std::vector<std::string> ModelStore::Names() {
  std::vector<std::string> names;
  MutexLock lock(mutex_);
  for (const auto& [name, config] : models_) names.push_back(name);
  return names;
}

ModelStore::Counters ModelStore::GetCounters() {
  MutexLock lock(mutex_);
  return counters_;
}

}  // namespace wasinn
