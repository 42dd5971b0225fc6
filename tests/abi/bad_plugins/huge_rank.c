/* Describes an input whose rank no memory could hold. */
#include "base.h"

static wasinn_code Describe(wasinn_backend_graph* graph, wasinn_graph_info* out,
                            wasinn_error* error) {
  static const int64_t kDims[1] = {1};
  static const wasinn_port_info kInput = {BASE_TEXT("x"), WASINN_DTYPE_F32, INT32_MAX, kDims, 0};
  BaseDescribe(graph, out, error);
  out->inputs = &kInput;
  return WASINN_OK;
}

BASE_EXPORT("huge-rank", table.graph_describe = Describe)
