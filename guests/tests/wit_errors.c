// The component ABI where it fails: an error with a code and the reason, never a trap.
#include "wit.h"

static const float kValues[] = {1, 2, 3, 4, 5};
static const uint32_t kFour = 4, kFive = 5;

// The context must refuse the input "a", say why, and still do its work afterwards.
static void expect_refused(const char* what, uint32_t code, const char* name, nnc_tensor tensor,
                           const char* const* words, size_t word_count) {
  static const char* const kNames[] = {"sum"};
  nnc_context context = open_model("add");
  input inputs[] = {{name, tensor}, {"b", floats(kValues, 4)}};
  nnc_tensor output;
  nnc_error error;
  CHECK(!run(context, inputs, 2, kNames, &output, 1, &error), "%s: expected an error", what);
  check_error(what, error, code, words, word_count);
  check_sum(context, "a", "b");
  nnc_context_drop(context);
}

// The further arguments are words that the reason must hold.
#define REFUSED(what, name, tensor, ...)                                                \
  do {                                                                                  \
    static const char* const kWords[] = {__VA_ARGS__};                                  \
    expect_refused(what, NNC_INVALID_ARGUMENT, name, tensor, kWords, COUNT_OF(kWords)); \
  } while (0)

// The constructor cannot fail: the call that uses the tensor does, with both lengths.
static void wrong_length(int argc, char** argv) {
  (void)argc, (void)argv;
  REFUSED("shorter data", "a", nnc_tensor_new(&kFour, 1, NNC_FP32, kValues, 12), "16", "12");
  REFUSED("longer data", "a", nnc_tensor_new(&kFour, 1, NNC_FP32, kValues, 20), "16", "20");
  REFUSED("no data", "a", nnc_tensor_new(&kFour, 1, NNC_FP32, kValues, 0), "16", "0");
  static const uint32_t kHuge[] = {0x10000, 0x10000, 0x10000, 0x10000};
  REFUSED("2^64 elements", "a", nnc_tensor_new(kHuge, 4, NNC_FP32, kValues, 16), "65536");
}

static void wrong_shape(int argc, char** argv) {
  (void)argc, (void)argv;
  static const uint32_t kTwoTwo[] = {2, 2};
  REFUSED("another static dim", "a", nnc_tensor_new(&kFive, 1, NNC_FP32, kValues, 20), "4", "5");
  REFUSED("another rank", "a", nnc_tensor_new(kTwoTwo, 2, NNC_FP32, kValues, 16), "4", "2");
  REFUSED("rank 0", "a", nnc_tensor_new(NULL, 0, NNC_FP32, kValues, 4), "4");
}

static void wrong_type(int argc, char** argv) {
  (void)argc, (void)argv;
  static const int64_t kLongs[4];
  REFUSED("i32 for f32", "a", nnc_tensor_new(&kFour, 1, NNC_I32, kValues, 16), "f32", "i32");
  REFUSED("i64 for f32", "a", nnc_tensor_new(&kFour, 1, NNC_I64, kLongs, 32), "f32", "i64");
}

static void wrong_name(int argc, char** argv) {
  (void)argc, (void)argv;
  static const char* const kNames[] = {"nobody", "2", "sum", "A"};
  for (size_t i = 0; i < COUNT_OF(kNames); ++i) {
    expect_refused(kNames[i], NNC_NOT_FOUND, kNames[i], floats(kValues, 4), &kNames[i], 1);
  }
  expect_refused("empty name", NNC_NOT_FOUND, "", floats(kValues, 4), NULL, 0);
}

static void missing_input(int argc, char** argv) {
  (void)argc, (void)argv;
  static const char* const kNames[] = {"sum"};
  nnc_context context = open_model("add");
  input in = {"a", floats(kValues, 4)};
  nnc_tensor output;
  nnc_error error;
  CHECK(!run(context, NULL, 0, kNames, &output, 1, &error), "no inputs: expected an error");
  check_error("no inputs", error, NNC_INVALID_ARGUMENT, NULL, 0);
  CHECK(!run(context, &in, 1, kNames, &output, 1, &error), "one of two inputs: expected an error");
  static const char* const kWords[] = {"b"};
  check_error("one of two inputs", error, NNC_INVALID_ARGUMENT, kWords, 1);
  check_sum(context, "a", "b");
}

// The names are the arguments: none is a model's, some are paths of the host.
static void unknown_names(int argc, char** argv) {
  CHECK(argc > 0, "expected names, given none");
  for (int i = 0; i < argc; ++i) {
    nnc_result result;
    nnc_load_by_name(argv[i], strlen(argv[i]), &result);
    CHECK(result.is_error, "\"%s\": expected an error", argv[i]);
    check_error(argv[i], result.handle, NNC_NOT_FOUND, (const char* const*)&argv[i], 1);
  }
}

static void expect_no_model(const char* what, const nnc_list* builders, uint32_t count) {
  nnc_result result;
  nnc_load(builders, count, NNC_ONNX, NNC_CPU, &result);
  CHECK(result.is_error, "%s: loaded", what);
  nnc_list text;
  nnc_error_data(result.handle, &text);
  CHECK(text.len > 0, "%s: no reason given", what);
  nnc_error_drop(result.handle);
}

// The file argv[0] is a model; parts of it and things beside it are none.
static void bad_models(int argc, char** argv) {
  CHECK_EQUAL("arguments", argc, 1);
  nnc_list whole;
  whole.ptr = read_file(argv[0], &whole.len);
  static uint8_t text[] = "this is no model";
  nnc_list cut = {whole.ptr, whole.len / 2}, other = {text, sizeof(text)}, empty = {text, 0};
  expect_no_model("half a model", &cut, 1);
  expect_no_model("text", &other, 1);
  expect_no_model("no bytes", &empty, 1);
  expect_no_model("no builders", &empty, 0);
  nnc_result result;
  nnc_load(&whole, 1, NNC_ONNX, NNC_CPU, &result);
  succeeded("the whole model", result);
}

// Models that the policy forbids: the model argv[0] by name, or the file argv[1] as bytes. The
// reason names the rule.
static void refused(int argc, char** argv) {
  CHECK_EQUAL("arguments", argc, 2);
  static const char* const kByName[] = {"models"};
  static const char* const kBytes[] = {"load_bytes"};
  nnc_result result;
  nnc_load_by_name(argv[0], strlen(argv[0]), &result);
  CHECK(result.is_error, "%s: expected an error", argv[0]);
  check_error(argv[0], result.handle, NNC_SECURITY, kByName, 1);
  nnc_list builder;
  builder.ptr = read_file(argv[1], &builder.len);
  nnc_load(&builder, 1, NNC_ONNX, NNC_CPU, &result);
  CHECK(result.is_error, "%s: expected an error", argv[1]);
  check_error(argv[1], result.handle, NNC_SECURITY, kBytes, 1);
}

// Leaves everything undropped: the host frees what a guest forgets.
static void left_behind(int argc, char** argv) {
  (void)argc, (void)argv;
  for (int i = 0; i < 50; ++i) {
    open_graph(load("add"));
    floats(kValues, 5);
  }
}

const test_case error_cases[] = {
    {"wrong_length", wrong_length},
    {"wrong_shape", wrong_shape},
    {"wrong_type", wrong_type},
    {"wrong_name", wrong_name},
    {"missing_input", missing_input},
    {"unknown_names", unknown_names},
    {"bad_models", bad_models},
    {"left_behind", left_behind},
    {"refused", refused},
};
const size_t error_case_count = COUNT_OF(error_cases);
