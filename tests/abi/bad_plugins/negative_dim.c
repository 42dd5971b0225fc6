/* Delivers an output with a size below zero. */
#include "base.h"

static void Run(wasinn_backend_context* context, const wasinn_backend_input* inputs,
                size_t input_count, const wasinn_backend_sink* sink) {
  static const int64_t kDims[1] = {4};
  wasinn_tensor_view tensor = {WASINN_DTYPE_F32, 1, kDims, "0123456789abcdef", 16};
  wasinn_backend_output output = BaseOutput(0, &tensor);
  (void)context;
  (void)inputs;
  (void)input_count;
  static const int64_t kBadDims[1] = {-4};
  output.tensor.dims = kBadDims;
  sink->output(sink->self, sink->run, &output);
  BaseDone(sink);
}

BASE_EXPORT("negative-dim", table.run = Run)
