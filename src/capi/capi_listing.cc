// wasinn.h: listings as JSON (fields: docs/cli.md).
#include <wasinn/wasinn.h>

#include <cerrno>

#include "base/os.h"
#include "base/sha256.h"
#include "base/text.h"
#include "capi/engine.h"
#include "capi/guard.h"
#include "model/describe.h"

using namespace wasinn;  // NOLINT: the entry points are C functions outside the namespace

namespace {

constexpr size_t kHashBytes = 1 << 20;  // bytes per read

Json OrNull(std::string_view text) { return text.empty() ? Json(nullptr) : Json(text); }

Json Words(std::string_view text, char separator = ' ') {
  Json words = Json::array();
  for (std::string_view word : Split(text, separator)) {
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

// A bound of an option; a whole number for an integer option.
Json Bound(const OptionSpec& spec, double value) {
  if (spec.type == WASINN_OPTION_INT) return static_cast<int64_t>(value);
  return spec.type == WASINN_OPTION_FLOAT ? Json(value) : Json(nullptr);
}

Json DescribeBackend(Backend& backend) {
  Json options = Json::array();
  for (const OptionSpec& spec : backend.options()) {
    options.push_back({{"name", spec.name},
                       {"type", OptionTypeName(spec.type)},
                       {"scope", spec.scope == WASINN_SCOPE_LOAD ? "load" : "context"},
                       {"default", spec.default_value},
                       {"choices", Words(spec.choices, '|')},
                       {"min", Bound(spec, spec.min)},
                       {"max", Bound(spec, spec.max)},
                       {"help", spec.help},
                       {"prefix", spec.is_prefix},
                       {"host_only", spec.host_only},
                       {"alias_of", OrNull(spec.alias_of)}});
  }
  Json capabilities = Json::array();
  if (backend.blocking()) capabilities.push_back("blocking");
  if ((backend.capabilities() & WASINN_BACKEND_PARALLEL_LOAD) != 0) {
    capabilities.push_back("parallel_load");
  }
  if (backend.generates()) capabilities.push_back("generates");
  const auto devices = backend.Devices();
  Json described = {{"name", backend.name()},
                    {"version", backend.version()},
                    {"description", backend.description()},
                    {"encodings", backend.encodings()},
                    {"devices", devices ? Words(*devices) : Json::array()},
                    {"builtin", backend.origin().empty()},
                    {"path", OrNull(backend.origin())},
                    {"capabilities", capabilities},
                    {"options", options}};
  if (!devices) described["error"] = devices.error().message;
  return described;
}

// The hash of the model's file, or of its parts in order; empty for a folder.
Result<std::string> HashOf(const GraphSource& source) {
  Sha256Hasher hasher;
  if (source.path.empty()) {
    for (const BufferRef& part : source.parts) hasher.Update(part.data(), part.size());
  } else {
    if (os::StatFile(source.path).is_dir()) return std::string();
    // The file is read and not mapped, since truncating a mapped file would end the process.
    WASINN_TRY(file, os::File::Open(source.path));
    std::vector<uint8_t> piece(kHashBytes);
    for (uint64_t at = 0;; at += piece.size()) {
      WASINN_TRY(got, file->Read(at, piece));
      hasher.Update(piece.data(), got);
      if (got < piece.size()) break;
    }
  }
  WASINN_TRY(hash, hasher.Finish());
  return Hex(hash);
}

Json DescribeFiles(const std::vector<ModelFile>& files) {
  Json list = Json::array();
  for (const ModelFile& file : files) list.push_back({{"path", file.path}, {"size", file.size}});
  return list;
}

// The description of a graph for tools, with its origin.
Result<Json> DescribeModel(const Graph& graph, std::string_view name) {
  WASINN_TRY(hash, HashOf(graph.source()));
  Json json = {{"name", OrNull(name)},   {"path", OrNull(graph.source().path)},
               {"size", graph.size()},   {"files", DescribeFiles(graph.source().files)},
               {"sha256", OrNull(hash)}, {"load_ms", static_cast<double>(graph.load_ns()) / 1e6}};
  json.update(DescribeGraph(graph));
  return json;
}

}  // namespace

char* wasinn_engine_backends_json(wasinn_engine* engine, wasinn_error* error) {
  return GuardText(error, [&]() -> Result<std::string> {
    BackendRegistry& registry = FromC(engine).backends();
    Json backends = Json::array();
    std::vector<std::string_view> there;
    for (Backend* backend : registry.All()) {
      there.push_back(backend->name());
      backends.push_back(DescribeBackend(*backend));
    }
    Json missing = Json::array();
    for (const KnownBackend& known : KnownBackends()) {
      if (std::ranges::find(there, known.name) != there.end()) continue;
      missing.push_back({{"name", known.name},
                         {"description", known.description},
                         {"encodings", Words(known.encodings)},
                         {"how", known.how}});
    }
    Json errors = Json::array();
    for (const auto& failed : registry.LoadErrors()) {
      errors.push_back({{"path", failed.path}, {"message", failed.message}});
    }
    return DumpJson({{"backends", backends}, {"missing", missing}, {"errors", errors}});
  });
}

char* wasinn_engine_models_json(wasinn_engine* engine, wasinn_error* error) {
  return GuardText(error, [&]() -> Result<std::string> {
    Json models = Json::array();
    for (const auto& listed : FromC(engine).models().List()) {
      const ModelConfig& config = listed.config;
      const ModelFiles files = listed.files.value_or(ModelFiles());
      Json model = {{"name", config.name},
                    {"path", OrNull(config.path)},
                    {"backend", listed.graph != nullptr ? Json(listed.graph->backend().name())
                                                        : OrNull(config.backend)},
                    {"encoding", EncodingName(config.encoding)},
                    {"target", TargetName(config.target)},
                    {"loaded", listed.graph != nullptr},
                    {"size", config.path.empty() ? config.content.size() : files.size},
                    {"files", DescribeFiles(files.files)},
                    {"sessions", listed.sessions}};
      if (!listed.files) model["error"] = listed.files.error().HostText();
      models.push_back(std::move(model));
    }
    return DumpJson({{"models", models}});
  });
}

char* wasinn_engine_model_json(wasinn_engine* engine, const char* name_or_path,
                               wasinn_error* error) {
  return GuardText(error, [&]() -> Result<std::string> {
    ModelStore& models = FromC(engine).models();
    const bool named = models.Has(name_or_path);
    const int missing = os::StatFile(name_or_path).error;
    if (!named && (missing == ENOENT || missing == ENOTDIR)) {
      return Fail(Code::kNotFound,
                  "expected a registered model or a file, given '{}', which is neither",
                  Printable(name_or_path));
    }
    const auto graph = named ? models.Get(name_or_path) : models.GetFromFile(name_or_path, "");
    if (!graph) return Fail(graph.error());
    WASINN_TRY(json, DescribeModel(**graph, named ? name_or_path : ""));
    return DumpJson(json);
  });
}

char* wasinn_engine_stats_json(wasinn_engine* engine, wasinn_error* error) {
  return GuardText(error, [&]() -> Result<std::string> {
    Engine& e = FromC(engine);
    const auto counters = e.models().GetCounters();
    const auto buffers = e.buffers().GetStats();
    Json graphs = Json::array();
    for (const auto& listed : e.models().List()) {
      if (listed.graph == nullptr) continue;
      graphs.push_back({{"name", listed.config.name},
                        {"size", listed.graph->size()},
                        {"load_ms", static_cast<double>(listed.graph->load_ns()) / 1e6},
                        {"sessions", listed.sessions},
                        {"runs", listed.graph->runs()},
                        {"typical_us", static_cast<double>(listed.graph->typical_run_ns()) / 1e3}});
    }
    return DumpJson(
        {{"loads", counters.loads},
         {"shared_loads", counters.shared_loads},
         {"evictions", counters.evictions},
         {"runs_inline", e.scheduler().inline_runs.load()},
         {"runs_worker", e.scheduler().worker_runs.load()},
         {"buffers",
          {{"in_use", buffers.in_use}, {"idle", buffers.idle}, {"limit", buffers.limit}}},
         {"graphs", graphs}});
  });
}
