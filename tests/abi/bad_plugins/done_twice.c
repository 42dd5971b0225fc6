/* Says done twice, the second time with another result. */
#include "base.h"

static void Run(wasinn_backend_context* context, const wasinn_backend_input* inputs,
                size_t input_count, const wasinn_backend_sink* sink) {
  const wasinn_str message = BASE_TEXT("the second done");
  BaseRun(context, inputs, input_count, sink);
  sink->done(sink->self, sink->run, WASINN_RUNTIME_ERROR, message, 1, NULL);
}

BASE_EXPORT("done-twice", table.run = Run)
