/* Delivers an output with an invalid element type. */
#include "base.h"

static void Run(wasinn_backend_context* context, const wasinn_backend_input* inputs,
                size_t input_count, const wasinn_backend_sink* sink) {
  static const int64_t kDims[1] = {4};
  wasinn_tensor_view tensor = {WASINN_DTYPE_F32, 1, kDims, "0123456789abcdef", 16};
  wasinn_backend_output output = BaseOutput(0, &tensor);
  (void)context;
  (void)inputs;
  (void)input_count;
  output.tensor.dtype = (wasinn_dtype)99;
  sink->output(sink->self, sink->run, &output);
  BaseDone(sink);
}

BASE_EXPORT("bad-dtype", table.run = Run)
