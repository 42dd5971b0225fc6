// The table of the ggml backend.
#include <memory>

#include "ggml/context.h"
#include "ggml/ggml_backend.h"
#include "ggml/graph.h"
#include "ggml/runtime.h"
#include "ggml/table.h"

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

wasinn_backend Table() {
  wasinn_backend table = BareTable(LlamaVersion());
  table.open = Open;
  table.close = Close;
  table.graph_load = GraphLoad;
  table.graph_describe = GraphDescribe;
  table.graph_free = GraphFree;
  table.context_create = ContextCreate;
  table.context_free = ContextFree;
  table.run = ContextRun;
  table.cancel = ContextCancel;
  table.input_set = ContextInputSet;
  table.output_get = ContextOutputGet;
  return table;
}

}  // namespace
}  // namespace wasinn::ggml

const wasinn_backend* GgmlBackend() {
  static const wasinn_backend table = wasinn::ggml::Table();
  return &table;
}
