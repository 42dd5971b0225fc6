/* Says that it has more inputs than memory can hold. */
#include "base.h"

static wasinn_code Describe(wasinn_backend_graph* graph, wasinn_graph_info* out,
                            wasinn_error* error) {
  BaseDescribe(graph, out, error);
  out->input_count = SIZE_MAX;
  return WASINN_OK;
}

BASE_EXPORT("many-ports", table.graph_describe = Describe)
