// Snapshot 2024-10-28: compute takes the inputs and gives all outputs.
#include "wit.h"

static bool has_name(const nnc_named_tensor* output, const char* name) {
  return output->name_len == strlen(name) && memcmp(output->name, name, output->name_len) == 0;
}

bool run(nnc_context context, const input* inputs, size_t input_count, const char* const* names,
         nnc_tensor* outputs, size_t output_count, nnc_error* error) {
  nnc_named_tensor named[8];
  CHECK(input_count <= COUNT_OF(named), "expected at most 8 inputs, given %zu", input_count);
  for (size_t i = 0; i < input_count; ++i) {
    named[i] = (nnc_named_tensor){inputs[i].name, strlen(inputs[i].name), inputs[i].tensor};
  }
  nnc_outputs result;
  nnc_compute(context, named, input_count, &result);
  if (result.is_error) {
    *error = result.value.error;
    return false;
  }
  CHECK_EQUAL("number of outputs", result.value.list.len, output_count);
  for (size_t i = 0; i < output_count; ++i) {
    nnc_named_tensor* output = &result.value.list.ptr[i];
    CHECK(has_name(output, names[i]), "output %zu: expected \"%s\", given \"%.*s\"", i, names[i],
          (int)output->name_len, output->name);
    outputs[i] = output->tensor;
    free((char*)output->name);
  }
  if (output_count != 0) free(result.value.list.ptr);
  return true;
}
