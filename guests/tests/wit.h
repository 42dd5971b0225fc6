// The shared declarations of the component guests, for all three snapshots.
#pragma once

#include <wasi_nn_component.h>

#include "check.h"

extern const test_case error_cases[];
extern const size_t error_case_count;

typedef struct {
  const char* name;
  nnc_tensor tensor;
} input;

// Runs the model; consumes the inputs. On success returns true and the wanted outputs; else the
// error. How is what the snapshots differ in: wit_run_old.c and wit_run_new.c.
bool run(nnc_context context, const input* inputs, size_t input_count, const char* const* names,
         nnc_tensor* outputs, size_t output_count, nnc_error* error);

// Drops the error after a look at it.
static inline void check_error(const char* what, nnc_error error, uint32_t code,
                               const char* const* words, size_t word_count) {
  nnc_list text;
  nnc_error_data(error, &text);
  char* data = calloc(text.len + 1, 1);
  memcpy(data, text.ptr, text.len);
  CHECK(nnc_error_code(error) == code, "%s: expected error %u, given %u: %s", what, (unsigned)code,
        (unsigned)nnc_error_code(error), data);
  for (size_t i = 0; i < word_count; ++i) {
    CHECK(strstr(data, words[i]) != NULL, "%s: expected \"%s\" in: %s", what, words[i], data);
  }
  free(data);
  nnc_error_drop(error);
}

static inline uint32_t succeeded(const char* what, nnc_result result) {
  if (result.is_error) {
    nnc_list text;
    nnc_error_data(result.handle, &text);
    CHECK(false, "%s: error %u: %.*s", what, (unsigned)nnc_error_code(result.handle), (int)text.len,
          (const char*)text.ptr);
  }
  return result.handle;
}

static inline nnc_graph load(const char* name) {
  nnc_result result;
  nnc_load_by_name(name, strlen(name), &result);
  return succeeded(name, result);
}

static inline nnc_context open_graph(nnc_graph graph) {
  nnc_result result;
  nnc_init(graph, &result);
  return succeeded("init-execution-context", result);
}

// The context outlives the handle of its graph.
static inline nnc_context open_model(const char* name) {
  nnc_graph graph = load(name);
  nnc_context context = open_graph(graph);
  nnc_graph_drop(graph);
  return context;
}

static inline nnc_tensor floats(const float* values, uint32_t count) {
  return nnc_tensor_new(&count, 1, NNC_FP32, values, count * sizeof(float));
}

static inline void run_or_fail(nnc_context context, const input* inputs, size_t input_count,
                               const char* const* names, nnc_tensor* outputs, size_t output_count) {
  nnc_error error = 0;
  bool ran = run(context, inputs, input_count, names, outputs, output_count, &error);
  succeeded("compute", (nnc_result){.is_error = !ran, .handle = error});
}

// Takes the bytes out of a tensor and drops it.
static inline void take_data(nnc_tensor tensor, void* out, uint32_t bytes) {
  nnc_list list;
  nnc_tensor_data(tensor, &list);
  CHECK_EQUAL("bytes of the output", list.len, bytes);
  if (bytes != 0) {
    memcpy(out, list.ptr, bytes);
    free(list.ptr);
  }
  nnc_tensor_drop(tensor);
}

static inline void check_sum(nnc_context context, const char* first, const char* second) {
  static const float kA[] = {1, 2, 3, 4}, kB[] = {10, 20, 30, 40}, kSum[] = {11, 22, 33, 44};
  static const char* const kNames[] = {"sum"};
  input inputs[] = {{first, floats(kA, 4)}, {second, floats(kB, 4)}};
  nnc_tensor output;
  run_or_fail(context, inputs, 2, kNames, &output, 1);
  float sum[4];
  take_data(output, sum, sizeof(sum));
  check_floats("sum", sum, kSum, 4);
}
