/* Says that all went well, but delivers no output. */
#include "base.h"

static void Run(wasinn_backend_context* context, const wasinn_backend_input* inputs,
                size_t input_count, const wasinn_backend_sink* sink) {
  (void)context;
  (void)inputs;
  (void)input_count;
  BaseDone(sink);
}

BASE_EXPORT("no-output", table.run = Run)
