/* Loads successfully, but there is no graph. */
#include "base.h"

static wasinn_code Load(wasinn_backend_instance* instance, const wasinn_load_request* request,
                        wasinn_backend_graph** out, wasinn_error* error) {
  (void)instance;
  (void)request;
  (void)error;
  *out = NULL;
  return WASINN_OK;
}

BASE_EXPORT("null-graph", table.graph_load = Load)
