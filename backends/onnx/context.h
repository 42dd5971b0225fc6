// Execution contexts: runs of a graph.
#pragma once

#include <wasinn/backend.h>

namespace wasinn::onnx {

// Slots of the table.
wasinn_code ContextCreate(wasinn_backend_graph* graph, const wasinn_option* options,
                          size_t option_count, wasinn_backend_context** out, wasinn_error* error);
void ContextFree(wasinn_backend_context* context);
void ContextRun(wasinn_backend_context* context, const wasinn_backend_input* inputs,
                size_t input_count, const wasinn_backend_sink* sink);
void ContextCancel(wasinn_backend_context* context, uint64_t run);
// Never gives an output; its error says why the last run gave none.
wasinn_code ContextOutputGet(wasinn_backend_context* context, uint32_t port,
                             wasinn_backend_output* out, wasinn_error* error);

}  // namespace wasinn::onnx
