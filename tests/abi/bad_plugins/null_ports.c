/* Says that it has outputs and shows none. */
#include "base.h"

static wasinn_code Describe(wasinn_backend_graph* graph, wasinn_graph_info* out,
                            wasinn_error* error) {
  BaseDescribe(graph, out, error);
  out->outputs = NULL;
  out->output_count = 2;
  return WASINN_OK;
}

BASE_EXPORT("null-ports", table.graph_describe = Describe)
