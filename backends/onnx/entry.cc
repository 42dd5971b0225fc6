// The table of the onnx backend: its slots and its options.
#include "onnx/context.h"
#include "onnx/graph.h"
#include "onnx/model_file.h"
#include "onnx/onnx.h"
#include "onnx/session_options.h"

namespace wasinn::onnx {
namespace {

constexpr wasinn_option_spec kOptions[] = {
    {"threads", WASINN_OPTION_INT, WASINN_SCOPE_LOAD, "0", nullptr, 0, 1024,
     "threads within an operator, for this graph only; 0: the pool that all graphs share",
     WASINN_OPTION_FLAG_HOST_ONLY},
    {"inter_op_threads", WASINN_OPTION_INT, WASINN_SCOPE_LOAD, "0", nullptr, 0, 1024,
     "maximum operators of this graph that run in parallel; 0: one after the other",
     WASINN_OPTION_FLAG_HOST_ONLY},
    {"optimization", WASINN_OPTION_ENUM, WASINN_SCOPE_LOAD, "all", "disabled|basic|extended|all", 0,
     0, "level of graph optimization at load", 0},
    {"providers", WASINN_OPTION_TEXT, WASINN_SCOPE_LOAD, "", nullptr, 0, 0,
     "execution providers, the best first, separated by +; empty: those of the target",
     WASINN_OPTION_FLAG_HOST_ONLY},
    {"arena", WASINN_OPTION_BOOL, WASINN_SCOPE_LOAD, "true", nullptr, 0, 0,
     "keep freed CPU memory for later runs", WASINN_OPTION_FLAG_HOST_ONLY},
    {"free_dim:", WASINN_OPTION_INT, WASINN_SCOPE_LOAD, "", nullptr, 0, 4294967295.0,
     "sets a named dynamic dimension: free_dim:batch=1", WASINN_OPTION_FLAG_PREFIX},
    {"profile", WASINN_OPTION_TEXT, WASINN_SCOPE_LOAD, "", nullptr, 0, 0,
     "prefix of the file name for a profile; empty: no profile", WASINN_OPTION_FLAG_HOST_ONLY},
    {"log_level", WASINN_OPTION_ENUM, WASINN_SCOPE_LOAD, "warn", "debug|info|warn|error|off", 0, 0,
     "minimum level of ONNX Runtime's log messages about this graph", WASINN_OPTION_FLAG_HOST_ONLY},
};

wasinn_code Open(const wasinn_backend_host* host, wasinn_backend_instance** out,
                 wasinn_error* error) {
  return backend::Guard(error, [&] {
    if (Api() == nullptr) {
      throw Failure(WASINN_UNSUPPORTED_OPERATION, "onnx: expected ONNX Runtime 1." +
                                                      std::to_string(ORT_API_VERSION) +
                                                      " or newer, given " + RuntimeVersion());
    }
    auto instance = std::make_unique<wasinn_backend_instance>();
    instance->host = host;
    instance->env = SharedEnv(host->threads);
    for (const std::string& name : ProviderNames()) {
      instance->devices.append(instance->devices.empty() ? "" : " ").append(name);
    }
    *out = instance.release();
  });
}

void Close(wasinn_backend_instance* instance) { delete instance; }

const char* Devices(wasinn_backend_instance* instance) { return instance->devices.c_str(); }

int32_t Probe(wasinn_backend_instance*, wasinn_bytes head, uint64_t size, const char* path) {
  const int score = ProbeContent({static_cast<const char*>(head.data), head.size}, size);
  const std::string_view name = path != nullptr ? path : "";
  // ONNX Runtime gives the best error for a broken file named .onnx.
  const bool says_so = size > 0 && (name.ends_with(".onnx") || name.ends_with(".ort"));
  return says_so ? std::max(score, 30) : score;
}

}  // namespace
}  // namespace wasinn::onnx

const wasinn_backend* OnnxBackend() {
  using namespace wasinn::onnx;  // NOLINT(google-build-using-namespace): the slots of one table
  static const wasinn_backend table = {
      sizeof(wasinn_backend),
      WASINN_BACKEND_ABI_VERSION,
      WASINN_BACKEND_BLOCKING | WASINN_BACKEND_PARALLEL_LOAD,
      "onnx",
      RuntimeVersion(),
      "ONNX Runtime",
      "onnx",
      kOptions,
      std::size(kOptions),
      Open,
      Close,
      Devices,
      Probe,
      GraphLoad,
      GraphDescribe,
      GraphFree,
      ContextCreate,
      ContextFree,
      ContextRun,
      ContextCancel,
      nullptr,
      ContextOutputGet,
  };
  return &table;
}
