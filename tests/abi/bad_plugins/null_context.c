/* Makes a context successfully, but there is none. */
#include "base.h"

static wasinn_code Create(wasinn_backend_graph* graph, const wasinn_option* options,
                          size_t option_count, wasinn_backend_context** out, wasinn_error* error) {
  (void)graph;
  (void)options;
  (void)option_count;
  (void)error;
  *out = NULL;
  return WASINN_OK;
}

BASE_EXPORT("null-context", table.context_create = Create)
