// The rounds of a component, by the snapshot 2024-10-28.
#include <stdlib.h>
#include <string.h>
#include <wasi_nn_component.h>

#include "bench.h"

static nnc_context context;
static nnc_named_tensor inputs[MOST_INPUTS];

void open_model(const task* t) {
  nnc_result result;
  nnc_load_by_name(t->model, strlen(t->model), &result);
  if (result.is_error) fail("load-by-name", nnc_error_code(result.handle));
  nnc_graph graph = result.handle;
  nnc_init(graph, &result);
  if (result.is_error) fail("init-execution-context", nnc_error_code(result.handle));
  context = result.handle;
  for (uint32_t i = 0; i < t->input_count; ++i) {
    inputs[i].name = t->names[i];
    inputs[i].name_len = strlen(t->names[i]);
  }
}

// Constructs the input tensors, which the compute consumes.
static void set(const task* t) {
  uint32_t type = t->is_u8 ? NNC_U8 : t->is_i32 ? NNC_I32 : NNC_FP32;
  for (uint32_t i = 0; i < t->input_count; ++i) {
    inputs[i].tensor = nnc_tensor_new(t->dims, t->rank, type, t->data, t->bytes);
  }
}

static nnc_tensor compute(const task* t) {
  nnc_outputs outputs;
  nnc_compute(context, inputs, t->input_count, &outputs);
  if (outputs.is_error) fail("compute", nnc_error_code(outputs.value.error));
  uint32_t count = outputs.value.list.len;
  nnc_named_tensor* list = outputs.value.list.ptr;
  if (count == 0) fail("compute gave no output; it", 0);
  nnc_tensor first = list[0].tensor;
  for (uint32_t i = 0; i < count; ++i) {
    free((char*)list[i].name);
    if (i != 0) nnc_tensor_drop(list[i].tensor);
  }
  free(list);
  return first;
}

// The host lowers the bytes into a block of our allocator, which is the one copy out: it becomes
// the output in the place of the last round's.
static void get(task* t, nnc_tensor output) {
  nnc_list data;
  nnc_tensor_data(output, &data);
  nnc_tensor_drop(output);
  if (data.len != t->output_bytes) fail("bytes of the output: not as expected; data", data.len);
  free(t->output);
  t->output = data.ptr;
}

void run_round(task* t, phases* times) {
  if (times == NULL) {
    set(t);
    get(t, compute(t));
    return;
  }
  uint64_t start = now_ns();
  set(t);
  uint64_t was_set = now_ns();
  nnc_tensor output = compute(t);
  uint64_t computed = now_ns();
  get(t, output);
  times->set += was_set - start;
  times->compute += computed - was_set;
  times->get += now_ns() - computed;
}
