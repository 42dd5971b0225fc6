#include "ggml/graph.h"

#include <common/chat.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <span>

#include "ggml/budget.h"
#include "ggml/draft.h"
#include "ggml/file.h"
#include "ggml/gguf_check.h"
#include "ggml/request.h"

namespace wasinn::ggml {
namespace {

using Graph = wasinn_backend_graph;

constexpr size_t kDefaultContext = 4096;
// The bytes of the cache with kv-cells 0, unless one context needs more.
constexpr size_t kUsualCells = 8192;
// With parts for this many sequences it does not matter that they cannot share free cells.
constexpr size_t kEnoughSequences = 8;
constexpr uint64_t kMaxCacheBytes = uint64_t{1} << 30;
constexpr size_t kMaxCells = 16 << 20;

constexpr int64_t kAnySize[] = {-1};
constexpr wasinn_port_info TextPort(wasinn_str name, uint32_t flags) {
  return {name, WASINN_DTYPE_U8, 1, kAnySize, flags | WASINN_PORT_TEXT};
}
constexpr wasinn_port_info kInputs[] = {
    TextPort({"prompt", 6}, WASINN_PORT_OPTIONAL),
    TextPort({"options", 7}, WASINN_PORT_OPTIONAL),
    TextPort({"chat", 4}, WASINN_PORT_OPTIONAL),
    {{"images", 6}, WASINN_DTYPE_U8, 1, kAnySize, WASINN_PORT_OPTIONAL},
    TextPort({"texts", 5}, WASINN_PORT_OPTIONAL),
};
static_assert(std::size(kInputs) == kInputCount);
constexpr int64_t kAnyRows[] = {-1, -1};
constexpr wasinn_port_info kOutputs[] = {
    TextPort({"response", 8}, 0),
    TextPort({"usage", 5}, 0),
    {{"embedding", 9}, WASINN_DTYPE_F32, 2, kAnyRows, 0},
};
static_assert(std::size(kOutputs) == kOutputCount);

Failure NoModel(const std::string& wrong) {
  return Failure(WASINN_INVALID_ENCODING, "ggml: expected a model as GGUF: " + wrong);
}

Failure NotTaken() {
  const std::string why = ReasonOf(Guarded::FirstError());
  return Failure(WASINN_INVALID_ENCODING,
                 std::string("ggml: expected a model that llama.cpp ") + LlamaVersion() +
                     " can load, given one that it cannot" + (why.empty() ? "" : " (" + why + ")"));
}

// The files of a model, found by the path of the first one and mapped so that their headers can be
// checked.
struct ModelFiles {
  explicit ModelFiles(const std::string& path) {
    files.emplace_back(path);
    const GgufPart part = PartOf(files[0].bytes());
    if (part.number == 0 && part.count > 1) {
      paths = PartPaths(path, static_cast<int32_t>(part.count));
      for (size_t i = 1; i < paths.size(); ++i) files.emplace_back(paths[i]);
    } else {
      paths.push_back(path);
    }
  }

  std::vector<std::span<const uint8_t>> bytes() const {
    std::vector<std::span<const uint8_t>> all;
    for (const MappedFile& file : files) all.push_back(file.bytes());
    return all;
  }

  uint64_t Fingerprint() const {
    if (files.size() == 1) return FingerprintOf(files[0].bytes());
    Hash hash;
    for (const MappedFile& file : files) hash.Add(FingerprintOf(file.bytes()));
    return hash.value();
  }

  // llama.cpp finds the parts by their names only.
  static std::vector<std::string> PartPaths(const std::string& path, int32_t count) {
    const std::unique_ptr<char, void (*)(void*)> real(realpath(path.c_str(), nullptr), std::free);
    for (const char* name : {path.c_str(), static_cast<const char*>(real.get())}) {
      if (name == nullptr) continue;
      std::string prefix(std::strlen(name) + 1, '\0');
      const int32_t size = llama_split_prefix(prefix.data(), prefix.size(), name, 0, count);
      if (size <= 0) continue;
      std::vector<std::string> paths;
      for (int32_t i = 0; i < count; ++i) {
        std::string part(prefix.size() + 32, '\0');
        const int32_t length = llama_split_path(part.data(), part.size(), prefix.c_str(), i, count);
        paths.push_back(part.substr(0, static_cast<size_t>(std::max(length, 0))));
      }
      return paths;
    }
    throw NoModel("expected a name that ends in -00001-of-" + Padded(count) +
                  ".gguf for the first part of a model, given " + path);
  }

  static std::string Padded(int32_t number) {
    const std::string digits = std::to_string(number);
    return std::string(5 - std::min<size_t>(digits.size(), 5), '0') + digits;
  }

  std::deque<MappedFile> files;
  std::vector<std::string> paths;
};

llama_model* LoadFiles(const ModelFiles& model, const llama_model_params& params) {
  std::vector<const char*> paths;
  for (const std::string& path : model.paths) paths.push_back(path.c_str());
  if (paths.size() == 1) return llama_model_load_from_file(paths[0], params);
  return llama_model_load_from_splits(paths.data(), paths.size(), params);
}

// llama.cpp loads only from files; this creates an anonymous one in memory.
llama_model* LoadBytes(std::span<const uint8_t> bytes, const llama_model_params& params,
                       GgufFacts& facts) {
  if (const auto wrong = CheckGguf(bytes, &facts)) throw NoModel(*wrong);
  FILE* file = nullptr;
  const int number = memfd_create("wasinn-model", MFD_CLOEXEC);
  if (number >= 0) file = fdopen(number, "w+b");
  if (file == nullptr) {
    const int error = errno;
    if (number >= 0) close(number);
    throw Failure(
        WASINN_RUNTIME_ERROR,
        std::string("ggml: expected a file in memory, given none: ") + std::strerror(error), error);
  }
  const std::unique_ptr<FILE, int (*)(FILE*)> closer(file, std::fclose);
  if (std::fwrite(bytes.data(), 1, bytes.size(), file) != bytes.size() || std::fflush(file) != 0 ||
      std::fseek(file, 0, SEEK_SET) != 0) {
    throw Failure(WASINN_TOO_LARGE, "ggml: expected " + std::to_string(bytes.size()) +
                                        " bytes of memory for the model, given less");
  }
  return llama_model_load_from_file_ptr(file, params);
}

void LoadModel(Graph& graph, const wasinn_load_request& request, const llama_model_params& params) {
  const bool keeps_states = !graph.settings.state_dir.empty();
  GgufFacts facts;
  if (request.path != nullptr) {
    const ModelFiles model(request.path);
    if (const auto wrong = CheckGgufParts(model.bytes(), &facts)) throw NoModel(*wrong);
    graph.model.reset(LoadFiles(model, params));
    if (keeps_states) graph.fingerprint = model.Fingerprint();
  } else {
    const std::span bytes(static_cast<const uint8_t*>(request.parts[0].data),
                          request.parts[0].size);
    graph.model.reset(LoadBytes(bytes, params, facts));
    if (keeps_states) graph.fingerprint = FingerprintOf(bytes);
  }
  if (graph.model == nullptr) throw NotTaken();
  graph.ranks = facts.ranks;
}

std::string MetadataValue(const llama_model& model, const char* key) {
  char text[1024];
  const int32_t size = llama_model_meta_val_str(&model, key, text, sizeof text);
  return size < 0 ? std::string() : std::string(text);
}

void DescribeModel(Graph& graph) {
  const llama_model& model = *graph.model;
  const auto add = [&](const char* key, std::string value) {
    if (!value.empty()) graph.metadata.emplace_back(key, std::move(value));
  };
  char description[256] = "";
  llama_model_desc(&model, description, sizeof description);
  add("producer", "GGUF");
  add("graph", MetadataValue(model, "general.name"));
  add("description", description);
  add("version", MetadataValue(model, "general.version"));
  add("custom:general.architecture", MetadataValue(model, "general.architecture"));
  add("custom:general.license", MetadataValue(model, "general.license"));
  add("custom:parameters", std::to_string(llama_model_n_params(&model)));
  add("custom:context_length", std::to_string(llama_model_n_ctx_train(&model)));
  add("custom:vocabulary", std::to_string(llama_vocab_n_tokens(graph.vocabulary)));
  if (graph.draft != nullptr) {
    char draft[256] = "";
    llama_model_desc(graph.draft.get(), draft, sizeof draft);
    add("custom:draft", draft);
  }
  if (graph.vision != nullptr) {
    add("custom:media", "image");
    add("custom:mmproj", graph.settings.mmproj.substr(graph.settings.mmproj.rfind('/') + 1));
  }
  add("custom:chat_template", llama_model_chat_template(&model, nullptr) ? "true" : "false");
  for (const auto& [key, value] : graph.metadata) {
    graph.metadata_infos.push_back({backend::Str(key), backend::Str(value)});
  }
}

size_t MaxCells(const Graph& graph) {
  if (graph.settings.kv_cells > 0) return static_cast<size_t>(graph.settings.kv_cells);
  const llama_model* model = graph.model.get();
  const auto positive = [](int32_t value) { return static_cast<uint64_t>(std::max(value, 1)); };
  const uint64_t head =
      positive(llama_model_n_embd(model)) / positive(llama_model_n_head(model)) + 1;
  // Keys and values, two bytes per number.
  const uint64_t cell =
      4 * head * positive(llama_model_n_head_kv(model)) * positive(llama_model_n_layer(model));
  return std::clamp<size_t>(kMaxCacheBytes / cell, 512, kMaxCells);
}

void LoadAdapters(Graph& graph) {
  const std::string architecture = MetadataValue(*graph.model, "general.architecture");
  const uint64_t experts = std::strtoull(
      MetadataValue(*graph.model, (architecture + ".expert_count").c_str()).c_str(), nullptr, 10);
  for (const auto& [name, path] : graph.settings.lora_files) {
    const std::string what =
        "ggml: option 'lora:" + name + "': expected an adapter of this model: ";
    const MappedFile file(path);
    if (const auto wrong = CheckAdapter(file.bytes(), architecture, experts)) {
      throw Failure(WASINN_INVALID_ENCODING, what + *wrong);
    }
    if (!graph.settings.state_dir.empty()) {
      Hash hash;
      hash.Add(graph.fingerprint);
      hash.Add(FingerprintOf(file.bytes()));
      graph.fingerprint = hash.value();
    }
    const Guarded guarded(graph.instance.host);
    graph.adapters[name].reset(llama_adapter_lora_init(graph.model.get(), path.c_str()));
    if (graph.adapters[name] == nullptr) {
      const std::string why = ReasonOf(Guarded::FirstError());
      throw Failure(WASINN_INVALID_ENCODING, what + "given one that llama.cpp does not accept" +
                                                 (why.empty() ? "" : " (" + why + ")"));
    }
  }
}

// Runs on the worker, since parsing a template also runs it.
void LoadTemplates(Graph& graph) {
  const std::string& given = graph.settings.chat_template;
  for (const char* name : {static_cast<const char*>(nullptr), "tool_use"}) {
    const char* own = llama_model_chat_template(graph.model.get(), name);
    graph.no_templates = CheckTemplate(given.empty() && own != nullptr ? own : given);
    if (!graph.no_templates.empty()) return;
  }
  try {
    const TemplateBudget budget;
    graph.templates.reset(common_chat_templates_init(graph.model.get(), given).release());
  } catch (const std::exception& exception) {
    graph.no_templates = ReasonOf(exception.what());
  }
}

// The draft model, if the host gave one.
void LoadDraft(Graph& graph, const llama_model_params& params) {
  const std::string& path = graph.settings.draft;
  if (path.empty()) return;
  const auto bad = [&](const std::string& why) {
    return Failure(WASINN_INVALID_ARGUMENT, "ggml: option 'draft': " + why);
  };
  if (graph.is_recurrent || !graph.cannot_generate.empty()) {
    throw bad("expected no draft model for a recurrent model, given one");
  }
  const ModelFiles files(path);
  if (const auto wrong = CheckGgufParts(files.bytes())) {
    throw bad("expected a model as GGUF: " + *wrong);
  }
  graph.draft.reset(LoadFiles(files, params));
  if (graph.draft == nullptr) throw NotTaken();
  const llama_model* draft = graph.draft.get();
  if (llama_model_is_recurrent(draft) || llama_model_is_hybrid(draft) ||
      llama_model_has_encoder(draft) || llama_model_is_diffusion(draft)) {
    throw bad("expected a model that generates text and is not recurrent, given another");
  }
  if (const auto why = OtherVocabulary(*graph.vocabulary, *llama_model_get_vocab(draft))) {
    throw bad("expected a model with the vocabulary of the main model, given another: " + *why);
  }
}

// The projector with which the model reads images, if the host gave one.
void LoadVision(Graph& graph) {
  const std::string& path = graph.settings.mmproj;
  if (path.empty()) return;
  if (const auto wrong = CheckProjector(MappedFile(path).bytes())) {
    throw Failure(WASINN_INVALID_ENCODING,
                  "ggml: option 'mmproj': expected a projector as GGUF: " + *wrong);
  }
  // Loading it computes a test image.
  const Cores::Turn turn(graph.instance.cores);
  graph.vision = std::make_unique<Vision>(path.c_str(), *graph.model, graph.Threads(),
                                          static_cast<size_t>(graph.settings.max_batch));
}

void Load(Graph& graph, const wasinn_load_request& request) {
  const Guarded guarded(graph.instance.host);
  if (request.target != WASINN_TARGET_CPU && request.target != WASINN_TARGET_AUTO) {
    throw Failure(WASINN_UNSUPPORTED_OPERATION,
                  std::string("ggml: expected target cpu or auto, given ") +
                      (request.target == WASINN_TARGET_GPU ? "gpu" : "tpu"));
  }
  ApplyOptions(request.options, request.option_count, graph.settings);
  if (request.path == nullptr && (request.part_count == 0 || request.part_count > 2)) {
    throw Failure(WASINN_INVALID_ARGUMENT,
                  "ggml: expected one or two builders, the model and options as JSON; given " +
                      std::to_string(request.part_count));
  }
  if (request.path == nullptr && request.part_count == 2) {
    ApplyJson(
        {static_cast<const char*>(request.parts[1].data), request.parts[1].size},
        [&](const std::string& text) { Log(*graph.instance.host, WASINN_LOG_WARN, text); },
        graph.settings);
  }
  if (graph.settings.deterministic && graph.settings.kv_unified == "true") {
    throw Failure(
        WASINN_INVALID_ARGUMENT,
        "ggml: option 'kv-unified': expected auto or false with deterministic, given true");
  }
  llama_model_params params = llama_model_default_params();
  params.load_mode = graph.settings.mmap ? LLAMA_LOAD_MODE_MMAP : LLAMA_LOAD_MODE_NONE;
  // Repacked weights are multiplied in a way that depends on the number of tokens.
  params.use_extra_bufts = !graph.settings.deterministic;
  LoadModel(graph, request, params);
  graph.vocabulary = llama_model_get_vocab(graph.model.get());
  if (llama_vocab_type(graph.vocabulary) == LLAMA_VOCAB_TYPE_NONE ||
      llama_vocab_n_tokens(graph.vocabulary) <= 0) {
    throw Failure(WASINN_INVALID_ENCODING,
                  "ggml: expected a model with a vocabulary, given one without");
  }
  graph.is_recurrent =
      llama_model_is_recurrent(graph.model.get()) || llama_model_is_hybrid(graph.model.get());
  if (!graph.KeepsTokens() &&
      (graph.settings.deterministic || graph.settings.kv_unified == "false")) {
    throw Failure(WASINN_UNSUPPORTED_OPERATION,
                  std::string("ggml: option '") +
                      (graph.settings.deterministic ? "deterministic" : "kv-unified") +
                      "': expected a model of plain attention for parts of the cache, given one "
                      "with windows or a recurrent memory");
  }
  if (llama_model_has_encoder(graph.model.get())) {
    graph.cannot_generate = "a model that encodes first";
  } else if (llama_model_is_diffusion(graph.model.get())) {
    graph.cannot_generate = "a diffusion model";
  } else if (const std::string architecture = MetadataValue(*graph.model, "general.architecture");
             MetadataValue(*graph.model, (architecture + ".attention.causal").c_str()) == "false") {
    graph.cannot_generate = "an encoder, whose attention looks ahead";
  }
  LoadDraft(graph, params);
  LoadVision(graph);
  graph.max_cells = MaxCells(graph);
  LoadAdapters(graph);
  if (!graph.settings.state_dir.empty()) {
    graph.states = std::make_unique<StateFolder>(
        graph.settings.state_dir, static_cast<uint64_t>(graph.settings.state_max_bytes));
  }
  graph.instance.worker.Run([&] { LoadTemplates(graph); });
  if (graph.templates == nullptr) {
    Log(*graph.instance.host, WASINN_LOG_WARN,
        "ggml: the model's chat template cannot be used: " + graph.no_templates);
  }
  DescribeModel(graph);
}

}  // namespace

void FreeTemplates::operator()(common_chat_templates* templates) const {
  common_chat_templates_free(templates);
}

wasinn_code GraphLoad(wasinn_backend_instance* instance, const wasinn_load_request* request,
                      wasinn_backend_graph** out, wasinn_error* error) {
  return backend::Guard(error, [&] {
    auto graph = std::make_unique<Graph>(*instance);
    Load(*graph, *request);
    *out = graph.release();
  });
}

wasinn_code GraphDescribe(wasinn_backend_graph* graph, wasinn_graph_info* out, wasinn_error*) {
  out->inputs = kInputs;
  out->input_count = std::size(kInputs);
  out->outputs = kOutputs;
  out->output_count = std::size(kOutputs);
  out->metadata = graph->metadata_infos.data();
  out->metadata_count = graph->metadata_infos.size();
  return WASINN_OK;
}

void GraphFree(wasinn_backend_graph* graph) {
  for (const auto& [name, place] : graph->engines) place.engine->End();
  // Engines that were closed earlier end there, and deep structures are freed there.
  graph->instance.worker.Run([graph] { graph->templates.reset(); });
  const Guarded guarded(graph->instance.host);
  delete graph;
}

}  // namespace wasinn::ggml

size_t wasinn_backend_graph::ContextSize(const wasinn::ggml::Settings& wanted) const {
  if (wanted.ctx_size == 0) {
    const auto trained = static_cast<size_t>(std::max(llama_model_n_ctx_train(model.get()), 1));
    return std::min({wasinn::ggml::kDefaultContext, trained, max_cells});
  }
  const auto size = static_cast<size_t>(wanted.ctx_size);
  // A model without rotary embeddings has a row for each position, and none for later ones.
  const bool has_places =
      !is_recurrent && llama_model_rope_type(model.get()) == LLAMA_ROPE_TYPE_NONE;
  const auto trained = static_cast<size_t>(std::max(llama_model_n_ctx_train(model.get()), 1));
  if (has_places && size > trained) {
    throw wasinn::ggml::Failure(
        WASINN_TOO_LARGE, "ggml: option 'ctx-size': expected at most " + std::to_string(trained) +
                              " tokens, which the model was made for, given " +
                              std::to_string(size));
  }
  if (size <= max_cells) return size;
  throw wasinn::ggml::Failure(
      WASINN_TOO_LARGE, "ggml: option 'ctx-size': expected at most " + std::to_string(max_cells) +
                            " tokens, which the key-value cache of the graph may hold (the host's "
                            "option kv-cells), given " +
                            std::to_string(size));
}

bool wasinn_backend_graph::KeepsTokens() const {
  return !is_recurrent && llama_model_n_swa(model.get()) == 0;
}

uint32_t wasinn_backend_graph::Threads() const {
  const uint32_t all = instance.cores.threads();
  const auto max = static_cast<uint32_t>(settings.max_threads);
  return max > 0 ? std::min(max, all) : all;
}

wasinn_backend_graph::CacheForm wasinn_backend_graph::CacheFor(size_t context_size) const {
  const auto max = static_cast<size_t>(settings.max_sequences);
  // Large enough for the next contexts; rounded as in llama.cpp.
  const size_t min = std::min(wasinn::ggml::kDefaultContext, max_cells);
  const size_t part = (std::max(context_size, min) + 255) / 256 * 256;
  const size_t parts = std::clamp<size_t>(max_cells / part, 1, max);
  const bool wanted = settings.deterministic || settings.kv_unified == "false";
  const bool fits =
      settings.kv_unified == "auto" && parts >= std::min(max, wasinn::ggml::kEnoughSequences);
  if (KeepsTokens() && (wanted || fits)) return {false, part * parts, parts};
  return {true, std::min(max_cells, std::max(wasinn::ggml::kUsualCells, 2 * context_size)), max};
}

void wasinn_backend_graph::Check(const wasinn::ggml::Settings& wanted) const {
  ContextSize(wanted);
  wasinn::ggml::ChooseAdapters(adapters, wanted.lora);
  wasinn::ggml::CheckStateNames(wanted);
  if (wanted.state_load.empty() && wanted.state_save.empty()) return;
  const llama_rope_type rope = llama_model_rope_type(model.get());
  const bool plain =
      KeepsTokens() && rope != LLAMA_ROPE_TYPE_MROPE && rope != LLAMA_ROPE_TYPE_IMROPE;
  if (!plain) {
    throw wasinn::ggml::Failure(
        WASINN_UNSUPPORTED_OPERATION,
        "ggml: option 'state-save' or 'state-load': expected a model of plain attention, given one "
        "with windows, sections or a memory of another kind");
  }
}

uint64_t wasinn_backend_graph::StateKey(const wasinn::ggml::Settings& wanted) const {
  const std::string others = wasinn::ggml::AdapterKey(wanted.lora) + wasinn::ggml::LlamaVersion();
  wasinn::ggml::Hash hash;
  hash.Add(fingerprint);
  hash.Add({reinterpret_cast<const uint8_t*>(others.data()), others.size()});
  return hash.value();
}

std::shared_ptr<wasinn::ggml::Engine> wasinn_backend_graph::EngineFor(
    wasinn::ggml::Request& request) {
  const wasinn::ggml::Settings& wanted = request.settings();
  std::string key = wasinn::ggml::AdapterKey(wanted.lora);
  switch (TaskOf(wanted)) {
    case wasinn::ggml::Task::kEmbedding:
      key = "embedding " + wanted.pooling + " " + key;
      break;
    case wasinn::ggml::Task::kRerank:
      key = "rerank " + key;
      break;
    default:
      key = "generate " + key;
  }
  const std::lock_guard lock(mutex);
  auto found = engines.find(key);
  if (found == engines.end()) {
    if (engines.size() >= static_cast<size_t>(settings.max_engines)) CloseIdleEngine();
    found = engines.emplace(key, Place{MakeEngine(wanted)}).first;
  }
  found->second.used = ++engine_clock;
  request.lease = found->second.engine->Lease();
  return found->second.engine;
}

std::shared_ptr<wasinn::ggml::Engine> wasinn_backend_graph::MakeEngine(
    const wasinn::ggml::Settings& wanted) {
  using wasinn::ggml::Embedder;
  auto chosen = wasinn::ggml::ChooseAdapters(adapters, wanted.lora);
  switch (TaskOf(wanted)) {
    case wasinn::ggml::Task::kEmbedding:
      return std::make_shared<Embedder>(*this, std::move(chosen),
                                        wasinn::ggml::PoolingOf(wanted.pooling));
    case wasinn::ggml::Task::kRerank:
      return std::make_shared<Embedder>(*this, std::move(chosen), LLAMA_POOLING_TYPE_RANK);
    default:
      return std::make_shared<wasinn::ggml::Generator>(*this, std::move(chosen));
  }
}

// Closes the least recently used engine. Throws Failure if all have runs.
void wasinn_backend_graph::CloseIdleEngine() {
  auto oldest = engines.end();
  for (auto one = engines.begin(); one != engines.end(); ++one) {
    if (one->second.engine->leased()) continue;
    if (oldest == engines.end() || one->second.used < oldest->second.used) oldest = one;
  }
  if (oldest == engines.end()) {
    throw wasinn::ggml::Failure(
        WASINN_TOO_LARGE,
        "ggml: expected room for one more cache beside the " + std::to_string(engines.size()) +
            " that the graph has (the host's option max-engines), given runs on all of them; runs "
            "of the same task, pooling and adapters share one");
  }
  // The calling thread may be the engine's own.
  instance.worker.Post([engine = std::move(oldest->second.engine)] { engine->End(); });
  engines.erase(oldest);
}
