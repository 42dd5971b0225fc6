// The table of the ggml backend.
#include <cstring>
#include <memory>
#include <string_view>

#include "ggml/context.h"
#include "ggml/ggml_backend.h"
#include "ggml/graph.h"
#include "ggml/options.h"
#include "ggml/runtime.h"

namespace wasinn::ggml {
namespace {

wasinn_code Open(const wasinn_backend_host* host, wasinn_backend_instance** out,
                 wasinn_error* error) {
  return backend::Guard(error, [&] {
    StartLlama();
    *out = std::make_unique<wasinn_backend_instance>(host).release();
  });
}

void Close(wasinn_backend_instance* instance) { delete instance; }

const char* Devices(wasinn_backend_instance*) { return "cpu"; }

int32_t Probe(wasinn_backend_instance*, wasinn_bytes head, uint64_t, const char* path) {
  if (head.size >= 4 && std::memcmp(head.data, "GGUF", 4) == 0) return 100;
  // A broken file that calls itself GGUF is best explained here.
  return path != nullptr && std::string_view(path).ends_with(".gguf") ? 30 : 0;
}

}  // namespace
}  // namespace wasinn::ggml

const wasinn_backend* GgmlBackend() {
  using namespace wasinn::ggml;  // NOLINT(google-build-using-namespace): the slots of one table
  static const wasinn_backend table = {
      sizeof(wasinn_backend),
      WASINN_BACKEND_ABI_VERSION,
      WASINN_BACKEND_GENERATES,
      "ggml",
      LlamaVersion(),
      "llama.cpp",
      "ggml",
      OptionTable().data(),
      OptionTable().size(),
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
      ContextInputSet,
      ContextOutputGet,
  };
  return &table;
}
