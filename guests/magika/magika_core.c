// A file-type teller as a core module: Magika through wasi_ephemeral_nn.
#include <stdio.h>
#include <string.h>
#include <wasi_ephemeral_nn.h>

#include "magika.h"

static int failed(const char* what, int32_t error) {
  fprintf(stderr, "%s failed with error %d\n", what, (int)error);
  return 0;
}

static int run_model(void* state, const int32_t* input, float* scores, size_t count) {
  nn_context context = *(nn_context*)state;
  static const uint32_t kDims[] = {1, MAGIKA_INPUT};
  nn_tensor tensor = {.dims = kDims,
                      .dims_len = 2,
                      .type = NN_I32,
                      .data = (const uint8_t*)input,
                      .data_len = MAGIKA_INPUT * sizeof(int32_t)};
  int32_t error = nn_set_input(context, 0, &tensor);
  if (error != NN_SUCCESS) return failed("set_input", error);
  error = nn_compute(context);
  if (error != NN_SUCCESS) return failed("compute", error);
  uint32_t expected = (uint32_t)(count * sizeof(float)), written = 0;
  error = nn_get_output(context, 0, scores, expected, &written);
  if (error != NN_SUCCESS) return failed("get_output", error);
  if (written != expected) {
    fprintf(stderr, "expected %u bytes of scores, given %u\n", (unsigned)expected,
            (unsigned)written);
    return 0;
  }
  return 1;
}

int main(int argc, char** argv) {
  static const char kName[] = "magika";
  nn_graph graph;
  nn_context context;
  int32_t error = nn_load_by_name(kName, strlen(kName), &graph);
  if (error != NN_SUCCESS) return failed("load_by_name(\"magika\")", error) + 1;
  error = nn_init(graph, &context);
  if (error != NN_SUCCESS) return failed("init_execution_context", error) + 1;
  return magika_main(argc, argv, run_model, &context);
}
