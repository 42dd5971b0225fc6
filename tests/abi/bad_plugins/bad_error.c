/* Fails with an invalid code and a message without an end. */
#include "base.h"

static wasinn_code Load(wasinn_backend_instance* instance, const wasinn_load_request* request,
                        wasinn_backend_graph** out, wasinn_error* error) {
  (void)instance;
  (void)request;
  (void)out;
  memset(error->message, 0xc3, sizeof error->message);
  return (wasinn_code)4711;
}

BASE_EXPORT("bad-error", table.graph_load = Load)
