// The shared declarations of both files of the witx guest.
#pragma once

#include <wasi_ephemeral_nn.h>

#include "check.h"

extern const test_case error_cases[];
extern const size_t error_case_count;

static inline nn_graph load(const char* name) {
  nn_graph graph;
  CHECK_EQUAL(name, nn_load_by_name(name, strlen(name), &graph), NN_SUCCESS);
  return graph;
}

static inline nn_context open_model(const char* name) {
  nn_context context;
  CHECK_EQUAL(name, nn_init(load(name), &context), NN_SUCCESS);
  return context;
}

static inline nn_tensor tensor_of(const uint32_t* dims, uint32_t rank, uint32_t type,
                                  const void* data, uint32_t bytes) {
  return (nn_tensor){
      .dims = dims, .dims_len = rank, .type = (uint8_t)type, .data = data, .data_len = bytes};
}

static inline void set_floats(nn_context context, uint32_t index, const float* values,
                              uint32_t count) {
  nn_tensor tensor = tensor_of(&count, 1, NN_FP32, values, count * 4);
  CHECK_EQUAL("set_input", nn_set_input(context, index, &tensor), NN_SUCCESS);
}

static inline void compute(nn_context context) {
  CHECK_EQUAL("compute", nn_compute(context), NN_SUCCESS);
}

// Reads an output that is `bytes` long.
static inline void get(nn_context context, uint32_t index, void* out, uint32_t bytes) {
  uint32_t written = 0;
  CHECK_EQUAL("get_output", nn_get_output(context, index, out, bytes, &written), NN_SUCCESS);
  CHECK_EQUAL("bytes written", written, bytes);
}
