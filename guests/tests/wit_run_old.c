// Snapshots 2024-06-25 and 2024-08-19: set-input, compute, get-output.
#include "wit.h"

bool run(nnc_context context, const input* inputs, size_t input_count, const char* const* names,
         nnc_tensor* outputs, size_t output_count, nnc_error* error) {
  nnc_result result = {0};
  for (size_t i = 0; i < input_count; ++i) {
    if (result.is_error) {
      nnc_tensor_drop(inputs[i].tensor);
    } else {
      nnc_old_set_input(context, inputs[i].name, strlen(inputs[i].name), inputs[i].tensor, &result);
    }
  }
  if (!result.is_error) nnc_old_compute(context, &result);
  for (size_t i = 0; i < output_count && !result.is_error; ++i) {
    nnc_old_get_output(context, names[i], strlen(names[i]), &result);
    outputs[i] = result.handle;
  }
  *error = result.handle;
  return !result.is_error;
}
