// The core-module ABI where it fails: always an errno, never a trap, and the context lives on.
#include "witx.h"

// No address of this guest: its memory is far smaller.
static const uint32_t kOutside = 0xfff00000u;
#define OUTSIDE(type) ((type*)(uintptr_t)kOutside)
// The last byte of the memory: a record that starts here ends outside.
#define LAST_BYTE(type) ((type*)(uintptr_t)(__builtin_wasm_memory_size(0) * 65536u - 1))

static const float kValues[] = {1, 2, 3, 4};
static const uint32_t kFour = 4;

// A context that was refused something must still do its work.
static void check_alive(nn_context context) {
  float sum[4];
  static const float kSum[] = {2, 4, 6, 8};
  set_floats(context, 0, kValues, 4);
  set_floats(context, 1, kValues, 4);
  compute(context);
  get(context, 0, sum, sizeof(sum));
  check_floats("sum", sum, kSum, 4);
}

static void expect_refused(const char* what, nn_context context, nn_tensor tensor) {
  int32_t error = nn_set_input(context, 0, &tensor);
  if (error == NN_SUCCESS) error = nn_compute(context);
  CHECK_EQUAL(what, error, NN_INVALID_ARGUMENT);
}

static void before_load(int argc, char** argv) {
  (void)argc, (void)argv;
  nn_context context = 77;
  uint32_t written = 77;
  float out;
  nn_tensor tensor = tensor_of(&kFour, 1, NN_FP32, kValues, sizeof(kValues));
  CHECK_EQUAL("init", nn_init(0, &context), NN_INVALID_ARGUMENT);
  CHECK_EQUAL("set_input", nn_set_input(0, 0, &tensor), NN_INVALID_ARGUMENT);
  CHECK_EQUAL("compute", nn_compute(0), NN_INVALID_ARGUMENT);
  CHECK_EQUAL("get_output", nn_get_output(0, 0, &out, sizeof(out), &written), NN_INVALID_ARGUMENT);
  CHECK_EQUAL("context after the failure", context, 77);
}

static void bad_handles(int argc, char** argv) {
  (void)argc, (void)argv;
  static const uint32_t kHandles[] = {1, 2, 1000, 0x7fffffff, 0xffffffff};
  nn_context context = open_model("add"), other;
  nn_tensor tensor = tensor_of(&kFour, 1, NN_FP32, kValues, sizeof(kValues));
  for (size_t i = 0; i < COUNT_OF(kHandles); ++i) {
    uint32_t written;
    float out;
    CHECK_EQUAL("init", nn_init(kHandles[i], &other), NN_INVALID_ARGUMENT);
    CHECK_EQUAL("set_input", nn_set_input(kHandles[i], 0, &tensor), NN_INVALID_ARGUMENT);
    CHECK_EQUAL("compute", nn_compute(kHandles[i]), NN_INVALID_ARGUMENT);
    CHECK_EQUAL("get_output", nn_get_output(kHandles[i], 0, &out, sizeof(out), &written),
                NN_INVALID_ARGUMENT);
  }
  check_alive(context);
}

static void bad_pointers_of_load(int argc, char** argv) {
  (void)argc, (void)argv;
  nn_graph graph = 77;
  static const uint8_t kBytes[16];
  nn_builder good = {kBytes, sizeof(kBytes)}, outside = {OUTSIDE(uint8_t), 4};
  nn_builder too_long = {kBytes, 0xffffffff}, wraps = {LAST_BYTE(uint8_t), 0xffffffff};
  struct {
    const nn_builder* builders;
    uint32_t count;
    nn_graph* out;
  } cases[] = {
      {OUTSIDE(nn_builder), 1, &graph},
      {LAST_BYTE(nn_builder), 1, &graph},
      {&good, 0x20000001, &graph},
      {&good, 0xffffffff, &graph},
      {&outside, 1, &graph},
      {&too_long, 1, &graph},
      {&wraps, 1, &graph},
      {&good, 1, OUTSIDE(nn_graph)},
      {&good, 1, LAST_BYTE(nn_graph)},
  };
  for (size_t i = 0; i < COUNT_OF(cases); ++i) {
    int32_t error = nn_load(cases[i].builders, cases[i].count, NN_ONNX, NN_CPU, cases[i].out);
    CHECK(error == NN_INVALID_ARGUMENT, "case %zu: expected %d, given %d", i, NN_INVALID_ARGUMENT,
          (int)error);
  }
  struct {
    const char* name;
    uint32_t length;
    nn_graph* out;
  } names[] = {
      {OUTSIDE(char), 3, &graph},    {LAST_BYTE(char), 3, &graph},    {"add", 0xffffffff, &graph},
      {"add", 3, OUTSIDE(nn_graph)}, {"add", 3, LAST_BYTE(nn_graph)},
  };
  for (size_t i = 0; i < COUNT_OF(names); ++i) {
    int32_t error = nn_load_by_name(names[i].name, names[i].length, names[i].out);
    CHECK(error == NN_INVALID_ARGUMENT, "name %zu: expected %d, given %d", i, NN_INVALID_ARGUMENT,
          (int)error);
  }
  CHECK_EQUAL("config", nn_load_by_name_with_config("add", 3, OUTSIDE(char), 2, &graph),
              NN_INVALID_ARGUMENT);
  CHECK_EQUAL("graph after the failures", graph, 77);
  CHECK_EQUAL("init", nn_init(load("add"), OUTSIDE(nn_context)), NN_INVALID_ARGUMENT);
}

static void bad_pointers_of_tensors(int argc, char** argv) {
  (void)argc, (void)argv;
  nn_context context = open_model("add");
  CHECK_EQUAL("tensor outside", nn_set_input(context, 0, OUTSIDE(nn_tensor)), NN_INVALID_ARGUMENT);
  CHECK_EQUAL("tensor at the end", nn_set_input(context, 0, LAST_BYTE(nn_tensor)),
              NN_INVALID_ARGUMENT);
  struct {
    const char* what;
    nn_tensor tensor;
  } cases[] = {
      {"dims outside", tensor_of(OUTSIDE(uint32_t), 1, NN_FP32, kValues, 16)},
      {"dims at the end", tensor_of(LAST_BYTE(uint32_t), 1, NN_FP32, kValues, 16)},
      {"rank too large", tensor_of(&kFour, 0xffffffff, NN_FP32, kValues, 16)},
      {"rank that wraps", tensor_of(&kFour, 0x40000001, NN_FP32, kValues, 16)},
      {"data outside", tensor_of(&kFour, 1, NN_FP32, OUTSIDE(float), 16)},
      {"data at the end", tensor_of(&kFour, 1, NN_FP32, LAST_BYTE(float), 16)},
      {"data too long", tensor_of(&kFour, 1, NN_FP32, kValues, 0xffffffff)},
  };
  for (size_t i = 0; i < COUNT_OF(cases); ++i) {
    CHECK_EQUAL(cases[i].what, nn_set_input(context, 0, &cases[i].tensor), NN_INVALID_ARGUMENT);
  }
  check_alive(context);
  uint32_t written;
  float sum[4];
  CHECK_EQUAL("buffer outside", nn_get_output(context, 0, OUTSIDE(float), 16, &written),
              NN_INVALID_ARGUMENT);
  CHECK_EQUAL("buffer at the end", nn_get_output(context, 0, LAST_BYTE(float), 16, &written),
              NN_INVALID_ARGUMENT);
  CHECK_EQUAL("size outside", nn_get_output(context, 0, sum, 16, OUTSIDE(uint32_t)),
              NN_INVALID_ARGUMENT);
  CHECK_EQUAL("size at the end", nn_get_output(context, 0, sum, 16, LAST_BYTE(uint32_t)),
              NN_INVALID_ARGUMENT);
}

static void bad_enums(int argc, char** argv) {
  (void)argc, (void)argv;
  nn_context context = open_model("add");
  for (uint32_t type = 6; type < 256; ++type) {
    nn_tensor tensor = tensor_of(&kFour, 1, type, kValues, sizeof(kValues));
    CHECK_EQUAL("type", nn_set_input(context, 0, &tensor), NN_INVALID_ARGUMENT);
  }
  static const uint32_t kNumbers[] = {99, 262, 0x7fffffff, 0xffffffff};
  static const uint8_t kBytes[16];
  nn_builder builder = {kBytes, sizeof(kBytes)};
  for (size_t i = 0; i < COUNT_OF(kNumbers); ++i) {
    nn_graph graph;
    int32_t error = nn_load(&builder, 1, kNumbers[i], NN_CPU, &graph);
    CHECK(error == NN_INVALID_ARGUMENT || error == NN_INVALID_ENCODING,
          "encoding %u: expected %d or %d, given %d", (unsigned)kNumbers[i], NN_INVALID_ARGUMENT,
          NN_INVALID_ENCODING, (int)error);
    CHECK_EQUAL("target", nn_load(&builder, 1, NN_ONNX, kNumbers[i], &graph), NN_INVALID_ARGUMENT);
  }
  check_alive(context);
}

static void bad_shapes(int argc, char** argv) {
  (void)argc, (void)argv;
  static const uint32_t kFive = 5, kTwoTwo[] = {2, 2},
                        kHuge[] = {0x10000, 0x10000, 0x10000, 0x10000},
                        kWraps[] = {0xffffffff, 0xffffffff, 4}, kNone = 0;
  static const float kMore[5];
  nn_context context = open_model("add");
  expect_refused("shorter data", context, tensor_of(&kFour, 1, NN_FP32, kValues, 12));
  expect_refused("longer data", context, tensor_of(&kFour, 1, NN_FP32, kMore, 20));
  expect_refused("data of odd length", context, tensor_of(&kFour, 1, NN_FP32, kValues, 15));
  expect_refused("another static dim", context, tensor_of(&kFive, 1, NN_FP32, kMore, 20));
  expect_refused("another rank", context, tensor_of(kTwoTwo, 2, NN_FP32, kValues, 16));
  expect_refused("rank 0", context, tensor_of(NULL, 0, NN_FP32, kValues, 4));
  expect_refused("no elements", context, tensor_of(&kNone, 1, NN_FP32, NULL, 0));
  expect_refused("2^64 elements", context, tensor_of(kHuge, 4, NN_FP32, kValues, 16));
  expect_refused("a product that wraps", context, tensor_of(kWraps, 3, NN_FP32, kValues, 16));
  check_alive(context);
}

static void bad_types(int argc, char** argv) {
  (void)argc, (void)argv;
  static const int64_t kLongs[4];
  nn_context context = open_model("add");
  expect_refused("i32 for f32", context, tensor_of(&kFour, 1, NN_I32, kValues, 16));
  expect_refused("i64 for f32", context, tensor_of(&kFour, 1, NN_I64, kLongs, 32));
  expect_refused("f16 for f32", context, tensor_of(&kFour, 1, NN_FP16, kValues, 8));
  check_alive(context);
}

static void bad_indices(int argc, char** argv) {
  (void)argc, (void)argv;
  static const uint32_t kIndices[] = {2, 3, 0x7fffffff, 0xffffffff};
  nn_context context = open_model("add");
  nn_tensor tensor = tensor_of(&kFour, 1, NN_FP32, kValues, sizeof(kValues));
  for (size_t i = 0; i < COUNT_OF(kIndices); ++i) {
    CHECK_EQUAL("input index", nn_set_input(context, kIndices[i], &tensor), NN_INVALID_ARGUMENT);
  }
  check_alive(context);
  for (size_t i = 0; i < COUNT_OF(kIndices); ++i) {
    uint32_t written;
    float out[4];
    CHECK_EQUAL("output index", nn_get_output(context, kIndices[i], out, sizeof(out), &written),
                NN_INVALID_ARGUMENT);
  }
}

static void too_early(int argc, char** argv) {
  (void)argc, (void)argv;
  nn_context context = open_model("add");
  float out[4];
  uint32_t written;
  CHECK(nn_get_output(context, 0, out, sizeof(out), &written) != NN_SUCCESS,
        "get_output before compute: expected an error, given success");
  CHECK(nn_compute(context) != NN_SUCCESS, "compute without inputs: expected an error");
  set_floats(context, 0, kValues, 4);
  CHECK(nn_compute(context) != NN_SUCCESS, "compute with one of two inputs: expected an error");
  check_alive(context);
}

// The names are the arguments: none is a model's, some are paths of the host.
static void unknown_names(int argc, char** argv) {
  CHECK(argc > 0, "expected names, given none");
  for (int i = 0; i < argc; ++i) {
    nn_graph graph = 77;
    int32_t error = nn_load_by_name(argv[i], strlen(argv[i]), &graph);
    CHECK(error == NN_NOT_FOUND, "\"%s\": expected %d, given %d", argv[i], NN_NOT_FOUND,
          (int)error);
    CHECK_EQUAL("graph after the failure", graph, 77);
  }
  nn_graph graph;
  static const char kNotText[] = {'a', 'd', 'd', (char)0xff, 0};
  CHECK(nn_load_by_name(kNotText, 5, &graph) != NN_SUCCESS, "bytes that are no text: loaded");
}

// The file argv[0] is a model; parts of it and things beside it are none.
static void bad_models(int argc, char** argv) {
  CHECK_EQUAL("arguments", argc, 1);
  nn_graph graph = 77;
  nn_builder whole;
  whole.ptr = read_file(argv[0], &whole.len);
  static const uint8_t kText[] = "this is no model";
  nn_builder cut = {whole.ptr, whole.len / 2}, text = {kText, sizeof(kText)}, empty = {kText, 0};
  CHECK(nn_load(&cut, 1, NN_ONNX, NN_CPU, &graph) != NN_SUCCESS, "half a model: loaded");
  CHECK(nn_load(&text, 1, NN_ONNX, NN_CPU, &graph) != NN_SUCCESS, "text: loaded");
  CHECK(nn_load(&text, 1, NN_AUTODETECT, NN_CPU, &graph) != NN_SUCCESS, "any text: loaded");
  CHECK(nn_load(&empty, 1, NN_ONNX, NN_CPU, &graph) != NN_SUCCESS, "no bytes: loaded");
  CHECK(nn_load(&text, 0, NN_ONNX, NN_CPU, &graph) != NN_SUCCESS, "no builders: loaded");
  CHECK_EQUAL("graph after the failures", graph, 77);
  CHECK_EQUAL("the whole model", nn_load(&whole, 1, NN_ONNX, NN_CPU, &graph), NN_SUCCESS);
}

// What the policy forbids; this ABI's number for it is unsupported_operation. argv[0] tells what:
// the model argv[1] by name, the file argv[1] as bytes, or one context more than argv[1].
static void refused(int argc, char** argv) {
  CHECK_EQUAL("arguments", argc, 2);
  nn_graph graph;
  if (strcmp(argv[0], "name") == 0) {
    CHECK_EQUAL(argv[1], nn_load_by_name(argv[1], strlen(argv[1]), &graph),
                NN_UNSUPPORTED_OPERATION);
  } else if (strcmp(argv[0], "bytes") == 0) {
    nn_builder builder;
    builder.ptr = read_file(argv[1], &builder.len);
    CHECK_EQUAL(argv[1], nn_load(&builder, 1, NN_ONNX, NN_CPU, &graph), NN_UNSUPPORTED_OPERATION);
  } else {
    nn_context context;
    graph = load("add");
    for (int i = 0; i < atoi(argv[1]); ++i) {
      CHECK_EQUAL("init", nn_init(graph, &context), NN_SUCCESS);
    }
    CHECK_EQUAL("one too many", nn_init(graph, &context), NN_UNSUPPORTED_OPERATION);
    check_alive(context);
  }
}

// Fails in a way that the host is to explain; the runner reads the host's words.
static void explained(int argc, char** argv) {
  (void)argc, (void)argv;
  static const uint32_t kFive = 5;
  static const float kMore[5];
  expect_refused("another static dim", open_model("add"), tensor_of(&kFive, 1, NN_FP32, kMore, 20));
}

const test_case error_cases[] = {
    {"before_load", before_load},
    {"bad_handles", bad_handles},
    {"bad_pointers_of_load", bad_pointers_of_load},
    {"bad_pointers_of_tensors", bad_pointers_of_tensors},
    {"bad_enums", bad_enums},
    {"bad_shapes", bad_shapes},
    {"bad_types", bad_types},
    {"bad_indices", bad_indices},
    {"too_early", too_early},
    {"unknown_names", unknown_names},
    {"bad_models", bad_models},
    {"refused", refused},
    {"explained", explained},
};
const size_t error_case_count = COUNT_OF(error_cases);
