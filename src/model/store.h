// The models of one engine: names, loading once, sharing, eviction.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/registry.h"
#include "base/log_limit.h"
#include "base/mutex.h"
#include "base/os.h"
#include "model/encoding.h"
#include "model/files.h"
#include "model/folders.h"
#include "model/graph.h"

namespace wasinn {

// A registered model.
struct ModelConfig {
  std::string name;
  std::string path;  // a file or folder; empty: `content`
  BufferRef content;
  std::string content_key;  // of `content`, found by Add
  std::string backend;      // empty: the one that fits best
  Encoding encoding = Encoding::kAutodetect;
  Target target = Target::kCpu;
  Options options;
  bool load_at_start = false;
  bool may_be_missing = false;  // whether `path` need not exist before it is loaded
};

// Reads "NAME=PATH[,backend=B][,target=T][,encoding=E][,load=start][,OPTION=VALUE...]". A comma
// begins an option only where NAME= follows it; else it belongs to the path or value. One that
// cannot be written so stands in double quotes, where "" is a quote: m="a,b=c/m.onnx",backend=onnx.
Result<ModelConfig> ParseModelSpec(std::string_view spec);
// Sets one property by its name in a spec or a config file; other names are backend options.
Result<> SetModelProperty(ModelConfig& config, std::string_view key, std::string_view value);

// Any thread. A graph is loaded once per (content, backend, target, options): callers that ask at
// the same moment get the graph of the one that loads. Graphs stay loaded until the memory budget
// needs their room; without a budget those that only guests asked for (their own bytes, their own
// options) end with the last session that holds them, so that guests cannot fill the memory. Graphs
// that a session holds are never dropped. A named file is taken as changed when its size, time or
// inode changed; the next load then gets the new content, while running sessions keep the graph
// that they have. The same holds for each file that belongs to the model (model/files.h).
class ModelStore {
 public:
  struct Counters {
    uint64_t loads = 0;
    uint64_t shared_loads = 0;  // requests that a loaded graph served
    uint64_t evictions = 0;
  };
  struct Listed {
    ModelConfig config;
    Result<ModelFiles> files;      // or why it cannot be loaded; empty for `content`
    std::shared_ptr<Graph> graph;  // nullptr: not loaded
    uint64_t sessions = 0;         // references besides the store's
  };

  // `budget`: bytes of loaded models, 0 for none.
  ModelStore(BackendRegistry& backends, const Logger& log, uint64_t budget);

  // INVALID_ARGUMENT for a name that is taken or empty, NOT_FOUND for a path that does not exist. A
  // model with load_at_start that cannot be loaded is not added.
  Result<> Add(ModelConfig config);
  bool Has(std::string_view name);
  // Registers each entry of a folder (see wasinn_engine_add_model_dir).
  Result<> AddDir(const std::string& dir, Encoding encoding);

  // The graph of a registered name, loaded on the calling thread if necessary. `extra` options of a
  // guest override the registered ones; if they change an option of scope LOAD, the result is
  // another graph. Options of contexts are checked and left to the caller (OptionsOfContexts).
  // Options that the backend does not know are ignored with a warning, as hosts of that dialect do.
  // NOT_FOUND for an unknown name, MODEL_MISSING when its file is gone, SECURITY for an option that
  // only the host may set.
  Result<std::shared_ptr<Graph>> Get(std::string_view name, const Options& extra = {});
  // The same without waiting for a load that another thread is at: `loaded` is called once, on this
  // thread or on that one, with no lock held.
  using Loaded = std::move_only_function<void(Result<std::shared_ptr<Graph>> graph)>;
  void GetThen(std::string_view name, const Options& extra, Loaded loaded);
  // The same as Get if it is loaded and unchanged already, else nullptr; never takes long.
  std::shared_ptr<Graph> GetLoaded(std::string_view name, const Options& extra = {});
  // A graph from bytes that are not registered.
  Result<std::shared_ptr<Graph>> GetFromBytes(std::vector<BufferRef> parts, Encoding encoding,
                                              Target target, const Options& options = {});
  void GetFromBytesThen(std::vector<BufferRef> parts, Encoding encoding, Target target,
                        Loaded loaded);
  // A graph from a file that is not registered; for tools, never for guests.
  Result<std::shared_ptr<Graph>> GetFromFile(const std::string& path, const std::string& backend);

  // Drops idle graphs until at most `max` bytes are loaded; all of them for 0.
  void Trim(uint64_t max);
  std::vector<Listed> List();
  // Of the registered models, sorted.
  std::vector<std::string> Names();
  BackendRegistry& backends() { return backends_; }
  Counters GetCounters();

 private:
  // A caller that waits for a load under way.
  struct Waiter {
    Loaded loaded;
    bool of_guest;
  };
  struct Entry {
    bool loading = true;
    std::vector<Waiter> waiters;
    std::shared_ptr<Graph> kept;  // what keeps an idle graph loaded
    std::weak_ptr<Graph> graph;
    std::chrono::steady_clock::time_point last_used;
  };
  // A graph to load, and the key under which it is shared.
  struct Plan {
    std::string key;
    GraphSource source;
    std::string backend;
    Encoding encoding = Encoding::kAutodetect;
    Target target = Target::kCpu;
    Options options;
    Options ignored;        // a guest's options that the backend does not know
    bool of_guest = false;  // only a guest asked for it
  };

  Result<ModelConfig> Find(std::string_view name);
  static Result<> FindFile(ModelConfig& config);
  Result<ModelFiles> FilesOf(const ModelConfig& config);
  Result<Plan> PlanFor(const ModelConfig& config, const ModelFiles& files, const Options& extra);
  // Overrides the options of `plan` with a guest's options.
  Result<> AddGuestOptions(Plan& plan, const Options& extra);
  void WarnOfIgnored(const Plan& plan) const;
  Result<Plan> PlanNamed(const ModelConfig& config, const Options& extra);
  Result<Plan> PlanBytes(std::vector<BufferRef> parts, Encoding encoding, Target target,
                         const Options& options);
  // Gives `loaded` the graph, at once or when the load under way has ended.
  void GetPlanned(Plan plan, Loaded loaded);
  // Waits for it.
  Result<std::shared_ptr<Graph>> AwaitPlanned(Plan plan);
  void LoadEntry(Plan plan, const std::shared_ptr<Entry>& entry, Loaded loaded);
  Result<std::shared_ptr<Graph>> LoadPlanned(Plan& plan);
  Result<Backend*> ChooseBackend(const Plan& plan);
  void ForgetExpiredLocked() REQUIRES(mutex_);
  void TrimLocked(uint64_t max, std::vector<std::shared_ptr<Graph>>& dropped) REQUIRES(mutex_);
  // The graph of a content that the name no longer has, unless another name has it.
  std::shared_ptr<Entry> ForgetOldLocked(const std::string& name, const std::string& key)
      REQUIRES(mutex_);

  BackendRegistry& backends_;
  const Logger& log_;
  mutable LogLimit log_limit_{"loads of models"};
  const uint64_t budget_;
  FileLists files_;

  Mutex mutex_;
  std::map<std::string, ModelConfig, std::less<>> models_ GUARDED_BY(mutex_);
  std::map<std::string, std::string, std::less<>> key_of_name_ GUARDED_BY(mutex_);
  std::map<std::string, std::shared_ptr<Entry>, std::less<>> entries_ GUARDED_BY(mutex_);
  Counters counters_ GUARDED_BY(mutex_);
};

}  // namespace wasinn
