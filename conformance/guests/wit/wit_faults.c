// Where components go wrong: errors and their texts, models that are none, and calls of a kind that
// brought other hosts down.
#include "wit.h"

static const float kA[] = {1, 2, 3, 4}, kB[] = {10, 20, 30, 40};
static const uint32_t kFour = 4;

// ------------------------------------------------------------------ errors

// Runs add with `first` under `name` as its first input.
static nnc_result run_add(nnc_context context, const char* name, nnc_tensor first) {
  const w_input inputs[] = {{name, first}, {w_port("b"), w_floats(kB, 4)}};
  const char* const out = w_port("sum");
  nnc_tensor sum = 0;
  const nnc_result result = w_compute(context, inputs, 2, &out, &sum, 1);
  if (!result.is_error) nnc_tensor_drop(sum);
  return result;
}

static void print_add_alive(nnc_context context) {
  w_print_result("alive", run_add(context, w_port("a"), w_floats(kA, 4)));
}

static void refuse(const char* name, nnc_tensor first) {
  const nnc_context context = w_open("add");
  w_print_result("compute", run_add(context, name, first));
  print_add_alive(context);
}

static void says_size(void) { refuse(w_port("a"), nnc_tensor_new(&kFour, 1, NNC_FP32, kA, 12)); }

static void says_shape(void) {
  static const float kFive[5];
  refuse(w_port("a"), w_floats(kFive, 5));
}

static void says_type(void) {
  refuse(w_port("a"), nnc_tensor_new(&kFour, 1, NNC_I32, kA, sizeof(kA)));
}

static void says_input_name(void) { refuse("nobody", w_floats(kA, 4)); }

static void says_missing_input(void) {
  const nnc_context context = w_open("add");
  const w_input a = {w_port("a"), w_floats(kA, 4)};
  const char* const out = w_port("sum");
  nnc_tensor sum;
  w_print_result("compute", w_compute(context, &a, 1, &out, &sum, 1));
  print_add_alive(context);
}

static void says_model_name(void) { w_print_result("load", w_load_by_name("nobody")); }

static void says_output_name(void) {
  W_STEPS_ONLY();
  const nnc_context context = w_open("identity_f32");
  nnc_tensor_drop(w_must_xy(context, w_float(1)));
  nnc_result result;
  nnc_old_get_output(context, "nobody", 6, &result);
  w_print_result("get", result);
}

static void says_framework(void) {
  const nnc_context context = w_open("fail");
  nnc_tensor y;
  w_print_result("compute", w_compute_xy(context, w_float(1), &y));
}

static nnc_error new_error(const char* name) {
  const nnc_result result = w_load_by_name(name);
  if (!result.is_error) g_setup_failed("a model named %s was loaded", name);
  return result.handle;
}

// An error is asked again, and beside others.
static void errors_apart(void) {
  const nnc_error first = new_error("nobody"), second = new_error("noone");
  const nnc_context context = w_open("identity_f32");
  nnc_tensor y;
  const nnc_result third = w_compute_xy(context, nnc_tensor_new(&kFour, 1, NNC_FP32, kA, 12), &y);
  if (!third.is_error) g_setup_failed("a tensor of a wrong size was taken");
  nnc_list before, after;
  nnc_error_data(first, &before);
  nnc_error_data(second, &after);
  w_free(after);
  nnc_context_drop(context);
  nnc_error_data(first, &after);
  g_print("text", "%s",
          before.len == after.len && memcmp(before.ptr, after.ptr, after.len) == 0 ? "the same"
                                                                                   : "another");
  g_print("first", "%s", w_code_name(nnc_error_code(first)));
  g_print("first_again", "%s", w_code_name(nnc_error_code(first)));
  w_print_error("third", third.handle);
  w_print_error("second", second);
}

// How many bytes of a UTF-8 character follow its first one; -1 when none begins so.
static int bytes_that_follow(uint8_t first) {
  if (first < 0x80) return 0;
  if (first >= 0xc2 && first < 0xe0) return 1;
  if (first >= 0xe0 && first < 0xf0) return 2;
  return first >= 0xf0 && first < 0xf5 ? 3 : -1;
}

// A string must be UTF-8, also where the host cut a long name.
static void text_is_utf8(void) {
  enum { SIZE = 3 * 500 };
  char name[SIZE];
  for (uint32_t i = 0; i < SIZE; i += 3) memcpy(name + i, "\xe6\xa8\xa1", 3);
  nnc_result result;
  nnc_load_by_name(name, SIZE, &result);
  if (!result.is_error) g_setup_failed("a model of that name was loaded");
  g_print("load", "%s", w_code_name(nnc_error_code(result.handle)));
  nnc_list text;
  nnc_error_data(result.handle, &text);
  bool good = true;
  const uint8_t* bytes = text.ptr;
  for (uint32_t i = 0; i < text.len && good; ++i) {
    const int more = bytes_that_follow(bytes[i]);
    good = more >= 0 && i + (uint32_t)more < text.len;
    for (int j = 0; j < more && good; ++j) good = (bytes[++i] & 0xc0) == 0x80;
  }
  g_print("utf8", "%s", good ? "yes" : "no");
}

static void errors_come_and_go(void) {
  const nnc_context context = w_open("identity_f32");
  uint32_t good = 0;
  for (uint32_t i = 0; i < 100; ++i) {
    nnc_tensor y;
    const nnc_result result =
        w_compute_xy(context, nnc_tensor_new(&kFour, 1, NNC_FP32, kA, 12), &y);
    good += result.is_error && w_pass(context, (float)i) == (float)i;
    if (result.is_error) nnc_error_drop(result.handle);
  }
  g_number("good", good);
}

// ------------------------------------------------------------------ load

static void print_load(const char* key, const nnc_list* builders, uint32_t count,
                       uint32_t encoding) {
  const nnc_result result = w_load_builders(builders, count, encoding);
  if (w_print_result(key, result)) nnc_graph_drop(result.handle);
}

// Whether the model add computes, loaded from its own bytes.
static void print_loaded_add(nnc_result loaded) {
  if (!w_print_result("load", loaded)) {
    g_print("sum", "none");
    return;
  }
  const nnc_context context = w_open_context(loaded.handle);
  const w_input inputs[] = {{w_port("a"), w_floats(kA, 4)}, {w_port("b"), w_floats(kB, 4)}};
  const char* const out = w_port("sum");
  nnc_tensor sum;
  (void)w_must("compute", w_compute(context, inputs, 2, &out, &sum, 1));
  w_take("sum", sum);
}

static void load_bytes(void) { print_loaded_add(w_load_file("add", g_encoding())); }

static void load_autodetected(void) { print_loaded_add(w_load_file("add", NNC_AUTODETECT)); }

static void load_identity(void) {
  const nnc_result result = w_load_file("identity_f32", g_encoding());
  if (w_print_result("load", result)) w_print_alive(w_open_context(result.handle));
}

// args: encodings that the model is not in, unless one is its own.
static void load_as_another(void) {
  for (uint32_t i = 0; i < g_arg_count(); ++i) {
    const uint32_t encoding = (uint32_t)atoi(g_arg(i));
    if (encoding == g_encoding()) {
      g_print(g_key("load%u", (unsigned)i), "own");
      continue;
    }
    const nnc_result result = w_load_file("add", encoding);
    if (w_print_result(g_key("load%u", (unsigned)i), result)) nnc_graph_drop(result.handle);
  }
  print_loaded_add(w_load_file("add", g_encoding()));
}

// The first file of the model, cut to `numerator` eighths.
static void load_cut(void) {
  nnc_list builders[4];
  const uint32_t count = w_read_model("add", builders, G_COUNT(builders));
  const uint32_t whole = builders[0].len;
  builders[0].len = whole / 2;
  print_load("half", builders, count, g_encoding());
  builders[0].len = 1;
  print_load("one_byte", builders, count, g_encoding());
  builders[0].len = whole;
  print_loaded_add(w_load_builders(builders, count, g_encoding()));
}

static void load_garbage(void) {
  enum { SIZE = 4096 };
  uint8_t* bytes = malloc(SIZE);
  for (uint32_t i = 0; i < SIZE; ++i) bytes[i] = (uint8_t)(i * 167 + (i >> 3) + 1);
  const nnc_list garbage = {bytes, SIZE};
  print_load("garbage", &garbage, 1, g_encoding());
  memset(bytes, 0, SIZE);
  print_load("zeros", &garbage, 1, g_encoding());
  print_loaded_add(w_load_file("add", g_encoding()));
}

static void load_without_bytes(void) {
  static uint8_t nothing[1];
  const nnc_list empty[] = {{nothing, 0}, {NULL, 0}};
  print_load("none", NULL, 0, g_encoding());
  print_load("empty", empty, 1, g_encoding());
  print_load("two_empty", empty, 2, g_encoding());
  print_load("autodetected", empty, 1, NNC_AUTODETECT);
  print_loaded_add(w_load_file("add", g_encoding()));
}

// args: how many builders of one byte.
static void load_many_builders(void) {
  const uint32_t count = (uint32_t)atoi(g_arg(0));
  static uint8_t byte[] = {'x'};
  nnc_list* builders = malloc(count * sizeof(*builders));
  for (uint32_t i = 0; i < count; ++i) builders[i] = (nnc_list){byte, 1};
  print_load("many", builders, count, g_encoding());
  free(builders);
  print_loaded_add(w_load_file("add", g_encoding()));
}

// Element i of the model's table, which makes it larger than 128 MiB, is i.
static void load_large(void) {
  static const int64_t kIndex = 1234567;
  static const uint32_t kOne = 1;
  const nnc_result loaded = w_load_file("large", g_encoding());
  if (!w_print_result("load", loaded)) return;
  const w_input input = {w_port("i"), nnc_tensor_new(&kOne, 1, NNC_I64, &kIndex, 8)};
  const char* const out = w_port("y");
  nnc_tensor y;
  const nnc_result result = w_compute(w_open_context(loaded.handle), &input, 1, &out, &y, 1);
  if (w_print_result("compute", result)) g_print("y", "%.0f", (double)w_take_float(y));
}

static void load_by_both_ways(void) {
  const nnc_graph bytes = w_must("load", w_load_file("identity_f32", g_encoding()));
  const nnc_graph name = w_open_graph("identity_f32");
  const float one = w_pass(w_open_context(bytes), 1), two = w_pass(w_open_context(name), 2);
  g_print("y", "%g %g", (double)one, (double)two);
}

// ------------------------------------------------------------------ hostile guests

// args: a number of tensors in one compute, none of which the model knows.
static void many_named_tensors(void) {
  W_NAMED_TENSORS_ONLY();
  const uint32_t count = (uint32_t)atoi(g_arg(0));
  nnc_named_tensor* inputs = malloc(count * sizeof(*inputs));
  for (uint32_t i = 0; i < count; ++i) inputs[i] = (nnc_named_tensor){"nobody", 6, w_float(1)};
  const nnc_context context = w_open("identity_f32");
  nnc_outputs outputs;
  nnc_compute(context, inputs, count, &outputs);
  if (!outputs.is_error) g_setup_failed("inputs that the model lacks were taken");
  w_print_error("compute", outputs.value.error);
  w_print_alive(context);
}

// The tensor says it is large, and is not.
static void short_of_its_dims(void) {
  static const uint32_t kLarge[] = {1u << 30}, kLarger[] = {0xffffffff, 0xffffffff};
  const nnc_context context = w_open("identity_f32");
  nnc_tensor y;
  w_print_result("large", w_compute_xy(context, nnc_tensor_new(kLarge, 1, NNC_FP32, kA, 16), &y));
  w_print_result("larger", w_compute_xy(context, nnc_tensor_new(kLarger, 2, NNC_FP32, kA, 16), &y));
  w_print_alive(context);
}

static void million_dims(void) {
  enum { DIMS = 1000000 };
  uint32_t* dims = malloc(DIMS * sizeof(uint32_t));
  for (uint32_t i = 0; i < DIMS; ++i) dims[i] = 1;
  nnc_tensor x = nnc_tensor_new(dims, DIMS, NNC_FP32, kA, 4);
  free(dims);
  const nnc_context context = w_open("identity_f32");
  nnc_tensor y;
  w_print_result("compute", w_compute_xy(context, x, &y));
  w_print_alive(context);
}

static void tensor_of_64_mib(void) {
  enum { BYTES = 64 << 20 };
  static const uint32_t kDims = BYTES / 4;
  float* values = calloc(BYTES, 1);
  if (values == NULL) g_setup_failed("no memory for 64 MiB");
  values[kDims - 1] = 3;
  nnc_tensor x = nnc_tensor_new(&kDims, 1, NNC_FP32, values, BYTES);
  free(values);
  nnc_tensor y = w_must_xy(w_open("identity_f32"), x);
  nnc_list list;
  nnc_tensor_data(y, &list);
  g_number("bytes", list.len);
  g_print("last", "%g", (double)((const float*)list.ptr)[list.len / 4 - 1]);
}

static void five_contexts(void) {
  const nnc_graph graph = w_open_graph("identity_f32");
  float values[5];
  for (uint32_t i = 0; i < 5; ++i) values[i] = w_pass(w_open_context(graph), (float)i + 1);
  g_floats("y", values, 5);
}

// Calls of no sense and of some, in an order that nobody would write.
static void random_calls(void) {
  enum { CALLS = 5000 };
  uint32_t state = 12345, refused = 0, passed = 0, wrong = 0;
  const nnc_graph graph = w_open_graph("identity_f32");
  nnc_context context = w_open_context(graph);
  for (uint32_t i = 0; i < CALLS; ++i) {
    state = state * 1664525u + 1013904223u;
    const uint32_t choice = state >> 29, number = state >> 8 & 15;
    nnc_tensor y;
    nnc_result result = {0};
    if (choice < 3) {
      const uint32_t dims[] = {number, state >> 12 & 3};
      result = w_compute_xy(context, nnc_tensor_new(dims, choice, number % 7, kA, number), &y);
      if (!result.is_error) nnc_tensor_drop(y);
    } else if (choice == 3) {
      result = w_load_by_name("nobody");
    } else if (choice == 4) {
      nnc_context_drop(context);
      context = w_open_context(graph);
    } else if (choice == 5) {
      const nnc_list builder = {(void*)kA, number};
      result = w_load_builders(&builder, number % 2, number % 7);
      if (!result.is_error) nnc_graph_drop(result.handle);
    } else {
      if (w_pass(context, (float)number) == (float)number) {
        ++passed;
      } else {
        ++wrong;
      }
    }
    if (result.is_error) {
      ++refused;
      nnc_error_drop(result.handle);
    }
  }
  g_number("wrong", wrong);
  g_print("passed", "%s", passed > 0 ? "some" : "none");
  g_print("refused", "%s", refused > 0 ? "some" : "none");
  w_print_alive(context);
}

static const g_case kCases[] = {
    {"wit_says_size", says_size},
    {"wit_says_shape", says_shape},
    {"wit_says_type", says_type},
    {"wit_says_input_name", says_input_name},
    {"wit_says_missing_input", says_missing_input},
    {"wit_says_model_name", says_model_name},
    {"wit_says_output_name", says_output_name},
    {"wit_says_framework", says_framework},
    {"wit_errors_apart", errors_apart},
    {"wit_text_is_utf8", text_is_utf8},
    {"wit_errors_come_and_go", errors_come_and_go},
    {"wit_load_bytes", load_bytes},
    {"wit_load_identity", load_identity},
    {"wit_load_autodetected", load_autodetected},
    {"wit_load_as_another", load_as_another},
    {"wit_load_cut", load_cut},
    {"wit_load_garbage", load_garbage},
    {"wit_load_without_bytes", load_without_bytes},
    {"wit_load_many_builders", load_many_builders},
    {"wit_load_large", load_large},
    {"wit_load_by_both_ways", load_by_both_ways},
    {"wit_many_named_tensors", many_named_tensors},
    {"wit_short_of_its_dims", short_of_its_dims},
    {"wit_million_dims", million_dims},
    {"wit_tensor_of_64_mib", tensor_of_64_mib},
    {"wit_five_contexts", five_contexts},
    {"wit_no_builders", load_without_bytes},
    {"wit_100000_builders", load_many_builders},
    {"wit_large_model", load_large},
    {"wit_random_calls", random_calls},
};

W_MAIN(kCases)
