/* Returns from run without a word: a broken promise when NEVER_DONE_BLOCKING is defined, a run
 * that never ends otherwise. */
#include "base.h"

static void Run(wasinn_backend_context* context, const wasinn_backend_input* inputs,
                size_t input_count, const wasinn_backend_sink* sink) {
  (void)context;
  (void)inputs;
  (void)input_count;
  (void)sink;
}

#ifdef NEVER_DONE_BLOCKING
BASE_EXPORT("never-done-blocking", table.run = Run)
#else
BASE_EXPORT("never-done", table.run = Run; table.capabilities = 0)
#endif
