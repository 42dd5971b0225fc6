// Graphs: a model of llama.cpp with the engines that run it.
#pragma once

#include <llama.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "ggml/embedder.h"
#include "ggml/generator.h"
#include "ggml/lora.h"
#include "ggml/options.h"
#include "ggml/runtime.h"
#include "ggml/state.h"
#include "ggml/vision.h"

struct common_chat_templates;

namespace wasinn::ggml {

struct FreeModel {
  void operator()(llama_model* model) const { llama_model_free(model); }
};
struct FreeTemplates {
  void operator()(common_chat_templates* templates) const;
};

// Slots of the table.
wasinn_code GraphLoad(wasinn_backend_instance* instance, const wasinn_load_request* request,
                      wasinn_backend_graph** out, wasinn_error* error);
wasinn_code GraphDescribe(wasinn_backend_graph* graph, wasinn_graph_info* out, wasinn_error* error);
void GraphFree(wasinn_backend_graph* graph);

}  // namespace wasinn::ggml

// Constant after loading except for its engines, so any number of contexts may run at once.
struct wasinn_backend_graph {
  explicit wasinn_backend_graph(wasinn_backend_instance& of) : instance(of) {}

  wasinn_backend_instance& instance;
  wasinn::ggml::Settings settings;  // the initial settings of its contexts
  std::unique_ptr<llama_model, wasinn::ggml::FreeModel> model;
  const llama_vocab* vocabulary = nullptr;
  wasinn::ggml::Adapters adapters;
  std::unique_ptr<llama_model, wasinn::ggml::FreeModel> draft;  // null without one
  std::unique_ptr<wasinn::ggml::Vision> vision;                 // null without a projector
  std::unique_ptr<common_chat_templates, wasinn::ggml::FreeTemplates> templates;
  std::string no_templates;     // why there are none
  std::string cannot_generate;  // why it can only compute embeddings; "" if it can generate
  std::unique_ptr<wasinn::ggml::StateFolder> states;  // null when contexts may not save
  uint64_t fingerprint = 0;                           // of the model and the adapters, with states
  bool is_recurrent = false;          // no tokens can be removed at the end of its cache
  bool ranks = false;                 // it is a reranker and has no embeddings
  size_t max_cells = 0;               // the maximum number of tokens in its cache
  std::atomic<uint64_t> contexts{0};  // made so far
  std::vector<std::pair<std::string, std::string>> metadata;
  std::vector<wasinn_metadata> metadata_infos;  // for graph_describe; borrows from the above

  // The maximum number of tokens of prompt and completion with these settings. Throws Failure if
  // that is more than the cache may hold.
  size_t ContextSize(const wasinn::ggml::Settings& settings) const;
  // Whether its cache keeps every token, so that sequences may be moved and copied: a copy of a
  // window lacks the earlier tokens, which a shorter prompt needs.
  bool KeepsTokens() const;
  // Threads of one decode.
  uint32_t Threads() const;
  // The layout of a cache for contexts of that size: the tokens of all sequences together, at most
  // `max_cells` rounded up to 256, and whether the sequences share them or have equal parts.
  struct CacheForm {
    bool unified;
    size_t cells;
    size_t sequences;
  };
  CacheForm CacheFor(size_t context_size) const;
  // Throws Failure if contexts of this graph cannot have these settings.
  void Check(const wasinn::ggml::Settings& settings) const;
  // The fingerprint that a saved state must have.
  uint64_t StateKey(const wasinn::ggml::Settings& settings) const;
  // Leases the engine for a request with these settings. Throws Failure if other runs need all
  // engines that the graph may have.
  std::shared_ptr<wasinn::ggml::Engine> EngineFor(wasinn::ggml::Request& request);

  // An engine and the time of its last request.
  struct Place {
    std::shared_ptr<wasinn::ggml::Engine> engine;
    uint64_t used = 0;
  };
  std::shared_ptr<wasinn::ggml::Engine> MakeEngine(const wasinn::ggml::Settings& settings);
  void CloseIdleEngine();

  std::mutex mutex;
  std::map<std::string, Place> engines;  // by purpose
  uint64_t engine_clock = 0;
};
