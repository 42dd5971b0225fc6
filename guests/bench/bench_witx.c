// The rounds of a core module.
#include <string.h>
#include <wasi_ephemeral_nn.h>

#include "bench.h"

static nn_context context;
static nn_tensor tensor;

void open_model(const task* t) {
  nn_graph graph;
  int32_t error = nn_load_by_name(t->model, strlen(t->model), &graph);
  if (error != NN_SUCCESS) fail("load_by_name", (uint32_t)error);
  error = nn_init(graph, &context);
  if (error != NN_SUCCESS) fail("init_execution_context", (uint32_t)error);
  tensor = (nn_tensor){.dims = t->dims,
                       .dims_len = t->rank,
                       .type = t->is_u8    ? NN_U8
                               : t->is_i32 ? NN_I32
                                           : NN_FP32,
                       .data = t->data,
                       .data_len = t->bytes};
}

static void set(const task* t) {
  for (uint32_t i = 0; i < t->input_count; ++i) {
    int32_t error = nn_set_input(context, i, &tensor);
    if (error != NN_SUCCESS) fail("set_input", (uint32_t)error);
  }
}

static void compute(void) {
  int32_t error = nn_compute(context);
  if (error != NN_SUCCESS) fail("compute", (uint32_t)error);
}

static void get(const task* t) {
  uint32_t written = 0;
  int32_t error = nn_get_output(context, 0, t->output, t->output_bytes, &written);
  if (error != NN_SUCCESS) fail("get_output", (uint32_t)error);
  if (written != t->output_bytes) fail("bytes of the output: not as expected; get_output", written);
}

void run_round(task* t, phases* times) {
  if (times == NULL) {
    set(t);
    compute();
    get(t);
    return;
  }
  uint64_t start = now_ns();
  set(t);
  uint64_t was_set = now_ns();
  compute();
  uint64_t computed = now_ns();
  get(t);
  times->set += was_set - start;
  times->compute += computed - was_set;
  times->get += now_ns() - computed;
}
