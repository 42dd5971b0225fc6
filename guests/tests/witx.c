// The core-module ABI where it succeeds: types, shapes, lifetimes.
#include "witx.h"

static const element kElements[] = {
    {"f16", NN_FP16, 2}, {"f32", NN_FP32, 4}, {"f64", NN_FP64, 8},      {"u8", NN_U8, 1},
    {"i32", NN_I32, 4},  {"i64", NN_I64, 8},  {"old-u8", NN_OLD_U8, 1}, {"old-i32", NN_OLD_I32, 4},
};

// Sends `elements` through the model argv[0] as the type argv[1]; every bit must come back.
static void identity(int argc, char** argv) {
  CHECK_EQUAL("arguments", argc, 2);
  const element* e = find_element(kElements, COUNT_OF(kElements), argv[1]);
  enum { ELEMENTS = 6 };
  uint8_t sent[ELEMENTS * 8], received[ELEMENTS * 8];
  uint32_t bytes = ELEMENTS * e->size, dims = ELEMENTS;
  for (uint32_t i = 0; i < bytes; ++i) sent[i] = (uint8_t)(i * 7 + 1);
  nn_context context = open_model(argv[0]);
  nn_tensor tensor = tensor_of(&dims, 1, e->type, sent, bytes);
  CHECK_EQUAL("set_input", nn_set_input(context, 0, &tensor), NN_SUCCESS);
  compute(context);
  get(context, 0, received, bytes);
  CHECK(memcmp(sent, received, bytes) == 0, "other bytes came back");
}

// A type without a number in this ABI travels as U8: the bytes of the model's own type. The dims
// count the elements of the model or the bytes.
static void carried(int argc, char** argv) {
  CHECK_EQUAL("arguments", argc, 2);
  enum { ELEMENTS = 4 };
  uint8_t sent[ELEMENTS * 8], received[ELEMENTS * 8];
  uint32_t size = (uint32_t)atoi(argv[1]), bytes = ELEMENTS * size;
  uint32_t dims[] = {ELEMENTS, bytes};
  for (uint32_t i = 0; i < bytes; ++i) sent[i] = (uint8_t)(i & 1);
  nn_context context = open_model(argv[0]);
  for (int i = 0; i < 2; ++i) {
    nn_tensor tensor = tensor_of(&dims[i], 1, NN_U8, sent, bytes);
    CHECK_EQUAL("set_input", nn_set_input(context, 0, &tensor), NN_SUCCESS);
    compute(context);
    memset(received, 0xff, sizeof(received));
    get(context, 0, received, bytes);
    CHECK(memcmp(sent, received, bytes) == 0, "other bytes came back");
  }
}

// Strings: a four-byte length before each.
static void strings(int argc, char** argv) {
  (void)argc, (void)argv;
  static const uint8_t kSent[] = "\3\0\0\0inn\0\0\0\0\5\0\0\0gu\0st";
  uint8_t received[sizeof(kSent) - 1];
  uint32_t dims = 3;
  nn_context context = open_model("identity_string");
  nn_tensor tensor = tensor_of(&dims, 1, NN_U8, kSent, sizeof(kSent) - 1);
  CHECK_EQUAL("set_input", nn_set_input(context, 0, &tensor), NN_SUCCESS);
  compute(context);
  get(context, 0, received, sizeof(received));
  CHECK(memcmp(kSent, received, sizeof(received)) == 0, "other strings came back");
}

static void add(int argc, char** argv) {
  (void)argc, (void)argv;
  static const float kA[] = {1, 2, 3, 4}, kB[] = {10, 20, 30, 40}, kSum[] = {11, 22, 33, 44};
  float sum[4];
  nn_context context = open_model("add");
  set_floats(context, 0, kA, 4);
  set_floats(context, 1, kB, 4);
  compute(context);
  get(context, 0, sum, sizeof(sum));
  check_floats("sum", sum, kSum, 4);
}

// Two inputs and two outputs of different types.
static void multi_io(int argc, char** argv) {
  (void)argc, (void)argv;
  static const float kA[] = {1.5f, -2};
  static const int64_t kB[] = {INT64_MAX / 4, -5};
  static const uint32_t kDims = 2;
  float a2[2];
  int64_t b2[2];
  nn_context context = open_model("multi_io");
  set_floats(context, 0, kA, 2);
  nn_tensor b = tensor_of(&kDims, 1, NN_I64, kB, sizeof(kB));
  CHECK_EQUAL("set_input", nn_set_input(context, 1, &b), NN_SUCCESS);
  compute(context);
  get(context, 0, a2, sizeof(a2));
  get(context, 1, b2, sizeof(b2));
  for (int i = 0; i < 2; ++i) {
    CHECK(a2[i] == 2 * kA[i], "a2[%d]: expected %g, given %g", i, 2.0 * kA[i], (double)a2[i]);
    CHECK_EQUAL("b2", b2[i], 2 * kB[i]);
  }
}

static void scalar(int argc, char** argv) {
  (void)argc, (void)argv;
  static const float kValue = 2.5f;
  float result = 0;
  nn_context context = open_model("scalar");
  nn_tensor tensor = tensor_of(NULL, 0, NN_FP32, &kValue, sizeof(kValue));
  CHECK_EQUAL("set_input", nn_set_input(context, 0, &tensor), NN_SUCCESS);
  compute(context);
  get(context, 0, &result, sizeof(result));
  CHECK(result == 3.5f, "expected 3.5, given %g", (double)result);
}

// An input that has a default may be left out.
static void optional(int argc, char** argv) {
  (void)argc, (void)argv;
  static const float kX[] = {1, 2}, kBias[] = {5, 5}, kDefault[] = {11, 22}, kGiven[] = {6, 7};
  float y[2];
  nn_context context = open_model("optional");
  set_floats(context, 0, kX, 2);
  compute(context);
  get(context, 0, y, sizeof(y));
  check_floats("y with the default", y, kDefault, 2);
  set_floats(context, 1, kBias, 2);
  compute(context);
  get(context, 0, y, sizeof(y));
  check_floats("y with a bias", y, kGiven, 2);
}

// Weights in a file beside the model: by name the host reads it; as bytes, from the file argv[0], a
// model may not reach for files of the host.
static void external(int argc, char** argv) {
  CHECK_EQUAL("arguments", argc, 1);
  static const float kX[] = {1, 2, 3, 4}, kExpected[] = {2, 4, 6, 8};
  float y[4];
  nn_context context = open_model("external");
  set_floats(context, 0, kX, 4);
  compute(context);
  get(context, 0, y, sizeof(y));
  check_floats("y", y, kExpected, 4);
  nn_builder builder;
  nn_graph graph;
  builder.ptr = read_file(argv[0], &builder.len);
  CHECK(nn_load(&builder, 1, NN_ONNX, NN_CPU, &graph) != NN_SUCCESS, "as bytes: loaded");
}

// One context, another shape each time, one of them without any element.
static void dynamic(int argc, char** argv) {
  (void)argc, (void)argv;
  static const uint32_t kShapes[][3] = {{1, 3, 2}, {4, 3, 5}, {0, 3, 2}, {2, 3, 1}};
  float sent[60], received[60];
  for (int i = 0; i < 60; ++i) sent[i] = (float)i;
  nn_context context = open_model("dynamic");
  for (size_t i = 0; i < COUNT_OF(kShapes); ++i) {
    const uint32_t* dims = kShapes[i];
    uint32_t bytes = dims[0] * dims[1] * dims[2] * 4;
    nn_tensor tensor = tensor_of(dims, 3, NN_FP32, sent, bytes);
    CHECK_EQUAL("set_input", nn_set_input(context, 0, &tensor), NN_SUCCESS);
    compute(context);
    get(context, 0, received, bytes);
  }
}

static void copied_at_set_input(int argc, char** argv) {
  (void)argc, (void)argv;
  float values[] = {1, 2, 3}, received[3];
  static const float kExpected[] = {1, 2, 3};
  nn_context context = open_model("identity_f32");
  set_floats(context, 0, values, 3);
  memset(values, 0xff, sizeof(values));
  compute(context);
  get(context, 0, received, sizeof(received));
  check_floats("output", received, kExpected, 3);
}

// Inputs stay set until replaced, outputs stay readable until the next compute.
static void repeated(int argc, char** argv) {
  (void)argc, (void)argv;
  static const float kA[] = {1, 2, 3, 4}, kB[] = {1, 1, 1, 1}, kC[] = {5, 5, 5, 5};
  static const float kFirst[] = {2, 3, 4, 5}, kSecond[] = {6, 7, 8, 9};
  float sum[4];
  nn_context context = open_model("add");
  set_floats(context, 0, kA, 4);
  set_floats(context, 1, kB, 4);
  compute(context);
  compute(context);
  get(context, 0, sum, sizeof(sum));
  check_floats("sum", sum, kFirst, 4);
  set_floats(context, 1, kC, 4);
  get(context, 0, sum, sizeof(sum));
  check_floats("sum before the next compute", sum, kFirst, 4);
  compute(context);
  get(context, 0, sum, sizeof(sum));
  check_floats("sum after it", sum, kSecond, 4);
}

// Contexts of one graph, computed in another order than they were made and fed.
static void many_contexts(int argc, char** argv) {
  (void)argc, (void)argv;
  enum { CONTEXTS = 100 };
  nn_context contexts[CONTEXTS];
  nn_graph graph = load("identity_f32");
  for (int i = 0; i < CONTEXTS; ++i) {
    CHECK_EQUAL("init", nn_init(graph, &contexts[i]), NN_SUCCESS);
    float value = (float)i;
    set_floats(contexts[i], 0, &value, 1);
  }
  for (int i = CONTEXTS - 1; i >= 0; --i) compute(contexts[i]);
  for (int i = 0; i < CONTEXTS; ++i) {
    float value;
    get(contexts[i], 0, &value, sizeof(value));
    CHECK(value == (float)i, "context %d: given %g", i, (double)value);
  }
}

// Guests of WasmEdge print and compare them.
static void handle_numbers(int argc, char** argv) {
  (void)argc, (void)argv;
  for (uint32_t i = 0; i < 3; ++i) CHECK_EQUAL("graph", load("add"), i);
  for (uint32_t i = 0; i < 3; ++i) {
    nn_context context;
    CHECK_EQUAL("init", nn_init(1, &context), NN_SUCCESS);
    CHECK_EQUAL("context", context, i);
  }
}

static void size_probe(int argc, char** argv) {
  (void)argc, (void)argv;
  static const float kValues[] = {1, 2, 3};
  nn_context context = open_model("identity_f32");
  set_floats(context, 0, kValues, 3);
  compute(context);
  uint8_t out[12];
  memset(out, 0xaa, sizeof(out));
  for (uint32_t capacity = 0; capacity < sizeof(out); ++capacity) {
    uint32_t written = 77;
    CHECK_EQUAL("get_output", nn_get_output(context, 0, out, capacity, &written), NN_TOO_LARGE);
    CHECK_EQUAL("size needed", written, sizeof(out));
  }
  for (size_t i = 0; i < sizeof(out); ++i) CHECK(out[i] == 0xaa, "byte %zu was written", i);
  get(context, 0, out, sizeof(out));
}

// A model as bytes, from the file argv[0], with the encoding argv[1].
static void from_bytes(int argc, char** argv) {
  CHECK_EQUAL("arguments", argc, 2);
  static const float kA[] = {1, 2, 3, 4}, kB[] = {10, 20, 30, 40}, kSum[] = {11, 22, 33, 44};
  nn_builder builder;
  builder.ptr = read_file(argv[0], &builder.len);
  nn_graph graph;
  nn_context context;
  CHECK_EQUAL("load", nn_load(&builder, 1, (uint32_t)atoi(argv[1]), NN_CPU, &graph), NN_SUCCESS);
  free((void*)builder.ptr);
  CHECK_EQUAL("init", nn_init(graph, &context), NN_SUCCESS);
  set_floats(context, 0, kA, 4);
  set_floats(context, 1, kB, 4);
  compute(context);
  float sum[4];
  get(context, 0, sum, sizeof(sum));
  check_floats("sum", sum, kSum, 4);
}

static void with_config(int argc, char** argv) {
  (void)argc, (void)argv;
  nn_graph graph;
  nn_context context;
  CHECK_EQUAL("load_by_name_with_config", nn_load_by_name_with_config("add", 3, "{}", 2, &graph),
              NN_SUCCESS);
  CHECK_EQUAL("init", nn_init(graph, &context), NN_SUCCESS);
}

// Real guests send stack garbage beside the type's byte, and records at any address.
static void untidy_records(int argc, char** argv) {
  (void)argc, (void)argv;
  static const float kValues[] = {1, 2, 3};
  uint8_t space[sizeof(nn_tensor) + 1 + 4], values[sizeof(kValues) + 1], out[sizeof(kValues) + 1];
  uint32_t count = 3;
  memcpy(values + 1, kValues, sizeof(kValues));
  memcpy(space + sizeof(nn_tensor) + 1, &count, sizeof(count));
  nn_tensor tensor = tensor_of((const uint32_t*)(space + sizeof(nn_tensor) + 1), 1, NN_FP32,
                               values + 1, sizeof(kValues));
  memcpy(tensor.padding, "\x03\x30\x00", 3);
  memcpy(space + 1, &tensor, sizeof(tensor));
  nn_context context = open_model("identity_f32");
  CHECK_EQUAL("set_input", nn_set_input(context, 0, (const nn_tensor*)(space + 1)), NN_SUCCESS);
  compute(context);
  get(context, 0, out + 1, sizeof(kValues));
  CHECK(memcmp(out + 1, kValues, sizeof(kValues)) == 0, "other values came back");
}

static void large_tensor(int argc, char** argv) {
  (void)argc, (void)argv;
  static const uint32_t kDims[] = {1, 3, 224, 224};
  static float sent[150528], received[150528];
  for (int i = 0; i < 150528; ++i) sent[i] = (float)i;
  nn_context context = open_model("identity_602112");
  nn_tensor tensor = tensor_of(kDims, 4, NN_FP32, sent, sizeof(sent));
  CHECK_EQUAL("set_input", nn_set_input(context, 0, &tensor), NN_SUCCESS);
  compute(context);
  get(context, 0, received, sizeof(received));
  check_floats("output", received, sent, 150528);
}

static const test_case kCases[] = {
    {"identity", identity},
    {"carried", carried},
    {"strings", strings},
    {"add", add},
    {"multi_io", multi_io},
    {"scalar", scalar},
    {"optional", optional},
    {"external", external},
    {"dynamic", dynamic},
    {"copied_at_set_input", copied_at_set_input},
    {"repeated", repeated},
    {"many_contexts", many_contexts},
    {"handle_numbers", handle_numbers},
    {"size_probe", size_probe},
    {"from_bytes", from_bytes},
    {"with_config", with_config},
    {"untidy_records", untidy_records},
    {"large_tensor", large_tensor},
};

int main(int argc, char** argv) {
  for (size_t i = 0; i < error_case_count && argc > 1; ++i) {
    if (strcmp(error_cases[i].name, argv[1]) == 0) {
      return run_case(error_cases, error_case_count, argc, argv);
    }
  }
  return run_case(kCases, COUNT_OF(kCases), argc, argv);
}
