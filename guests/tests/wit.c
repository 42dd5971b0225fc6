// The component ABI where it succeeds: types, shapes, names, lifetimes.
#include "wit.h"

static const element kElements[] = {
    {"f16", NNC_FP16, 2}, {"f32", NNC_FP32, 4}, {"f64", NNC_FP64, 8}, {"bf16", NNC_BF16, 2},
    {"u8", NNC_U8, 1},    {"i32", NNC_I32, 4},  {"i64", NNC_I64, 8},
};

static const char* const kY[] = {"y"};

// Sends elements through the model argv[0] as the type argv[1]; every bit must come back.
static void identity(int argc, char** argv) {
  CHECK_EQUAL("arguments", argc, 2);
  const element* e = find_element(kElements, COUNT_OF(kElements), argv[1]);
  enum { ELEMENTS = 6 };
  uint8_t sent[ELEMENTS * 8], received[ELEMENTS * 8];
  uint32_t bytes = ELEMENTS * e->size, dims = ELEMENTS;
  for (uint32_t i = 0; i < bytes; ++i) sent[i] = (uint8_t)(i * 7 + 1);
  input in = {"x", nnc_tensor_new(&dims, 1, e->type, sent, bytes)};
  nnc_tensor output;
  run_or_fail(open_model(argv[0]), &in, 1, kY, &output, 1);
  CHECK_EQUAL("type of the output", nnc_tensor_type(output), e->type);
  take_data(output, received, bytes);
  CHECK(memcmp(sent, received, bytes) == 0, "other bytes came back");
}

// A type without a name in this ABI travels as U8: the bytes of the model's own type.
static void carried(int argc, char** argv) {
  CHECK_EQUAL("arguments", argc, 2);
  enum { ELEMENTS = 4 };
  uint8_t sent[ELEMENTS * 8], received[ELEMENTS * 8];
  uint32_t bytes = ELEMENTS * (uint32_t)atoi(argv[1]), dims = ELEMENTS;
  for (uint32_t i = 0; i < bytes; ++i) sent[i] = (uint8_t)(i & 1);
  input in = {"x", nnc_tensor_new(&dims, 1, NNC_U8, sent, bytes)};
  // The constructor cannot know the model: the length is checked by the call that uses it.
  nnc_tensor output;
  run_or_fail(open_model(argv[0]), &in, 1, kY, &output, 1);
  CHECK_EQUAL("type of the output", nnc_tensor_type(output), NNC_U8);
  nnc_list given;
  nnc_tensor_dimensions(output, &given);
  CHECK_EQUAL("rank", given.len, 1);
  CHECK_EQUAL("dims[0], in bytes", *(uint32_t*)given.ptr, bytes);
  take_data(output, received, bytes);
  CHECK(memcmp(sent, received, bytes) == 0, "other bytes came back");
}

static void tensor_methods(int argc, char** argv) {
  (void)argc, (void)argv;
  static const uint32_t kDims[] = {2, 1, 3};
  static const int64_t kValues[6] = {1, -2, 3, -4, 5, INT64_MIN};
  nnc_tensor tensor = nnc_tensor_new(kDims, 3, NNC_I64, kValues, sizeof(kValues));
  nnc_list dims;
  nnc_tensor_dimensions(tensor, &dims);
  CHECK_EQUAL("rank", dims.len, 3);
  CHECK(memcmp(dims.ptr, kDims, sizeof(kDims)) == 0, "other dims came back");
  CHECK_EQUAL("type", nnc_tensor_type(tensor), NNC_I64);
  int64_t values[6];
  take_data(tensor, values, sizeof(values));
  CHECK(memcmp(values, kValues, sizeof(values)) == 0, "other values came back");
}

static void two_inputs(int argc, char** argv) {
  (void)argc, (void)argv;
  nnc_context context = open_model("add");
  check_sum(context, "a", "b");
  check_sum(context, "b", "a");
  nnc_context_drop(context);
}

static void inputs_by_index(int argc, char** argv) {
  (void)argc, (void)argv;
  check_sum(open_model("add"), "0", "1");
}

static void multi_io(int argc, char** argv) {
  (void)argc, (void)argv;
  static const float kA[] = {1.5f, -2};
  static const int64_t kB[] = {INT64_MAX / 4, -5};
  static const char* const kNames[] = {"a2", "b2"};
  static const uint32_t kDims = 2;
  input inputs[] = {{"a", floats(kA, 2)}, {"b", nnc_tensor_new(&kDims, 1, NNC_I64, kB, 16)}};
  nnc_tensor outputs[2];
  run_or_fail(open_model("multi_io"), inputs, 2, kNames, outputs, 2);
  CHECK_EQUAL("type of a2", nnc_tensor_type(outputs[0]), NNC_FP32);
  CHECK_EQUAL("type of b2", nnc_tensor_type(outputs[1]), NNC_I64);
  float a2[2];
  int64_t b2[2];
  take_data(outputs[0], a2, sizeof(a2));
  take_data(outputs[1], b2, sizeof(b2));
  for (int i = 0; i < 2; ++i) {
    CHECK(a2[i] == 2 * kA[i], "a2[%d]: expected %g, given %g", i, 2.0 * kA[i], (double)a2[i]);
    CHECK_EQUAL("b2", b2[i], 2 * kB[i]);
  }
}

// An input that has a default may be left out.
static void optional(int argc, char** argv) {
  (void)argc, (void)argv;
  static const float kX[] = {1, 2}, kExpected[] = {11, 22};
  float y[2];
  input in = {"x", floats(kX, 2)};
  nnc_tensor output;
  run_or_fail(open_model("optional"), &in, 1, kY, &output, 1);
  take_data(output, y, sizeof(y));
  check_floats("y", y, kExpected, 2);
}

// One context, another shape each time, one of them without any element.
static void dynamic(int argc, char** argv) {
  (void)argc, (void)argv;
  static const uint32_t kShapes[][3] = {{1, 3, 2}, {4, 3, 5}, {0, 3, 2}, {2, 3, 1}};
  static const float kValues[60];
  nnc_context context = open_model("dynamic");
  for (size_t i = 0; i < COUNT_OF(kShapes); ++i) {
    const uint32_t* dims = kShapes[i];
    uint32_t bytes = dims[0] * dims[1] * dims[2] * 4;
    input in = {"x", nnc_tensor_new(dims, 3, NNC_FP32, kValues, bytes)};
    nnc_tensor output;
    run_or_fail(context, &in, 1, kY, &output, 1);
    nnc_list given;
    nnc_tensor_dimensions(output, &given);
    CHECK_EQUAL("rank", given.len, 3);
    CHECK(memcmp(given.ptr, dims, 12) == 0, "shape %zu: other dims came back", i);
    float received[60];
    take_data(output, received, bytes);
  }
}

static void scalar(int argc, char** argv) {
  (void)argc, (void)argv;
  static const float kValue = 2.5f;
  input in = {"x", nnc_tensor_new(NULL, 0, NNC_FP32, &kValue, sizeof(kValue))};
  nnc_tensor output;
  run_or_fail(open_model("scalar"), &in, 1, kY, &output, 1);
  nnc_list dims;
  nnc_tensor_dimensions(output, &dims);
  CHECK_EQUAL("rank", dims.len, 0);
  float result;
  take_data(output, &result, sizeof(result));
  CHECK(result == 3.5f, "expected 3.5, given %g", (double)result);
}

static void copied_at_construction(int argc, char** argv) {
  (void)argc, (void)argv;
  static const float kExpected[] = {1, 2, 3};
  float values[] = {1, 2, 3}, received[3];
  input in = {"x", floats(values, 3)};
  memset(values, 0xff, sizeof(values));
  nnc_tensor output;
  run_or_fail(open_model("identity_f32"), &in, 1, kY, &output, 1);
  take_data(output, received, sizeof(received));
  check_floats("output", received, kExpected, 3);
}

static void many_contexts(int argc, char** argv) {
  (void)argc, (void)argv;
  enum { CONTEXTS = 100 };
  nnc_context contexts[CONTEXTS];
  nnc_graph graph = load("identity_f32");
  for (int i = 0; i < CONTEXTS; ++i) contexts[i] = open_graph(graph);
  nnc_graph_drop(graph);
  for (int i = CONTEXTS - 1; i >= 0; --i) {
    float value = (float)i, received;
    input in = {"x", floats(&value, 1)};
    nnc_tensor output;
    run_or_fail(contexts[i], &in, 1, kY, &output, 1);
    take_data(output, &received, sizeof(received));
    CHECK(received == value, "context %d: given %g", i, (double)received);
    nnc_context_drop(contexts[i]);
  }
}

// An output is a tensor like any other: it can be the next model's input.
static void chained(int argc, char** argv) {
  (void)argc, (void)argv;
  static const float kValues[] = {4, 5, 6};
  nnc_tensor tensor = floats(kValues, 3);
  for (int i = 0; i < 3; ++i) {
    input in = {"x", tensor};
    run_or_fail(open_model("identity_f32"), &in, 1, kY, &tensor, 1);
  }
  float received[3];
  take_data(tensor, received, sizeof(received));
  check_floats("output", received, kValues, 3);
}

static nnc_context load_file(const char* path, uint32_t encoding) {
  nnc_list builder;
  builder.ptr = read_file(path, &builder.len);
  nnc_result result;
  nnc_load(&builder, 1, encoding, NNC_CPU, &result);
  free(builder.ptr);
  return open_graph(succeeded("load", result));
}

// A model as bytes, from the file argv[0].
static void from_bytes(int argc, char** argv) {
  CHECK_EQUAL("arguments", argc, 1);
  check_sum(load_file(argv[0], NNC_ONNX), "a", "b");
  check_sum(load_file(argv[0], NNC_AUTODETECT), "a", "b");
}

// The file argv[0] is a model of more than 128 MiB: element i of its table is i.
static void large_from_bytes(int argc, char** argv) {
  CHECK_EQUAL("arguments", argc, 1);
  static const int64_t kIndex = 1234567;
  static const uint32_t kOne = 1;
  nnc_context context = load_file(argv[0], NNC_ONNX);
  input in = {"i", nnc_tensor_new(&kOne, 1, NNC_I64, &kIndex, sizeof(kIndex))};
  nnc_tensor output;
  run_or_fail(context, &in, 1, kY, &output, 1);
  float result;
  take_data(output, &result, sizeof(result));
  CHECK(result == (float)kIndex, "expected %lld, given %g", (long long)kIndex, (double)result);
}

static const test_case kCases[] = {
    {"identity", identity},
    {"carried", carried},
    {"tensor_methods", tensor_methods},
    {"two_inputs", two_inputs},
    {"inputs_by_index", inputs_by_index},
    {"multi_io", multi_io},
    {"optional", optional},
    {"dynamic", dynamic},
    {"scalar", scalar},
    {"copied_at_construction", copied_at_construction},
    {"many_contexts", many_contexts},
    {"chained", chained},
    {"from_bytes", from_bytes},
    {"large_from_bytes", large_from_bytes},
};

int main(int argc, char** argv) {
  for (size_t i = 0; i < error_case_count && argc > 1; ++i) {
    if (strcmp(error_cases[i].name, argv[1]) == 0) {
      return run_case(error_cases, error_case_count, argc, argv);
    }
  }
  return run_case(kCases, COUNT_OF(kCases), argc, argv);
}
