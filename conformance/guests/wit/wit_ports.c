// How components name models, inputs and outputs, and whose memory the values are.
#include "wit.h"

static const float kA[] = {1, 2, 3, 4}, kB[] = {10, 20, 30, 40};

// ------------------------------------------------------------------ names

static void load_by_name(void) {
  const nnc_result result = w_load_by_name("identity_f32");
  if (w_print_result("load", result)) w_print_alive(w_open_context(result.handle));
}

// args: names that are no model's.
static void unknown_names(void) {
  for (uint32_t i = 0; i < g_arg_count(); ++i) {
    w_print_result(g_key("load%u", (unsigned)i), w_load_by_name(g_arg(i)));
  }
  w_print_alive(w_open("identity_f32"));
}

static void name_is_the_models_path(void) {
  w_print_result("load", w_load_by_name(g_file("identity_f32")));
  w_print_alive(w_open("identity_f32"));
}

static void load_text(const char* key, const char* text, uint32_t size) {
  nnc_result result;
  nnc_load_by_name(text, size, &result);
  w_print_result(key, result);
}

static void odd_names(void) {
  load_text("empty", NULL, 0);
  load_text("zero_inside", "identity_f32\0more", 17);
  load_text("zero_behind", "identity_f32", 13);
  load_text("two_lines", "identity_f32\nidentity_f32", 25);
  load_text("not_latin", "\xe6\xa8\xa1\xe5\x9e\x8b", 6);
  w_print_alive(w_open("identity_f32"));
}

static void long_name(void) {
  enum { SIZE = 1 << 20 };
  char* name = malloc(SIZE);
  memset(name, 'n', SIZE);
  nnc_result result;
  nnc_load_by_name(name, SIZE, &result);
  g_print("load", "%s", result.is_error ? w_code_name(nnc_error_code(result.handle)) : "ok");
  w_print_alive(w_open("identity_f32"));
}

// Runs add under the two names, in that order.
static nnc_result run_add(nnc_context context, const char* first, const char* second,
                          nnc_tensor* sum) {
  const w_input inputs[] = {{first, w_floats(kA, 4)}, {second, w_floats(kB, 4)}};
  const char* const name = w_port("sum");
  return w_compute(context, inputs, 2, &name, sum, 1);
}

static void print_add(const char* key, nnc_context context, const char* first, const char* second) {
  nnc_tensor sum;
  if (!w_print_result(key, run_add(context, first, second, &sum))) {
    g_print(g_key("%s.sum", key), "none");
    return;
  }
  w_print_data(g_key("%s.sum", key), sum);
  nnc_tensor_drop(sum);
}

// args: two names of inputs. A refusal must leave the context as it was.
static void inputs_named(void) {
  const nnc_context context = w_open("add");
  print_add("compute", context, g_arg(0), g_arg(1));
  print_add("alive", context, w_port("a"), w_port("b"));
}

static void empty_input_name(void) {
  const nnc_context context = w_open("add");
  print_add("compute", context, "", "b");
  print_add("alive", context, w_port("a"), w_port("b"));
}

// More inputs than the model has: one of them has a name that it does not know.
static void extra_input(void) {
  const nnc_context context = w_open("add");
  const w_input inputs[] = {{"a", w_floats(kA, 4)}, {"b", w_floats(kB, 4)}, {"c", w_floats(kB, 4)}};
  const char* const name = "sum";
  nnc_tensor sum;
  w_print_result("compute", w_compute(context, inputs, 3, &name, &sum, 1));
  print_add("alive", context, "a", "b");
}

// The names of a compute's outputs, in their order.
static void output_names(void) {
  W_NAMED_TENSORS_ONLY();
  const nnc_context context = w_open("pair");
  static const int64_t kLongs[] = {3, 4};
  static const uint32_t kTwo = 2;
  const w_input inputs[] = {{w_port("a"), w_floats(kA, 2)},
                            {w_port("b"), nnc_tensor_new(&kTwo, 1, NNC_I64, kLongs, 16)}};
  nnc_outputs outputs = w_compute_named(context, inputs, 2);
  if (outputs.is_error) w_must("compute", (nnc_result){1, outputs.value.error});
  g_number("outputs", outputs.value.list.len);
  for (uint32_t i = 0; i < outputs.value.list.len; ++i) {
    const nnc_named_tensor* output = &outputs.value.list.ptr[i];
    g_text(g_key("name%u", (unsigned)i), output->name, output->name_len);
    w_take(g_key("y%u", (unsigned)i), output->tensor);
  }
}

// args: names of an output that are asked for after a compute of identity_f32.
static void get_output_named(void) {
  W_STEPS_ONLY();
  const nnc_context context = w_open("identity_f32");
  nnc_tensor_drop(w_must_xy(context, w_float(7)));
  for (uint32_t i = 0; i < g_arg_count(); ++i) {
    nnc_result result;
    nnc_old_get_output(context, g_arg(i), (uint32_t)strlen(g_arg(i)), &result);
    if (w_print_result(g_key("get%u", (unsigned)i), result)) {
      g_print(g_key("y%u", (unsigned)i), "%g", (double)w_take_float(result.handle));
    }
  }
  w_print_alive(context);
}

static void get_output_before_compute(void) {
  W_STEPS_ONLY();
  const nnc_context context = w_open("identity_f32");
  const char* const name = w_port("y");
  nnc_result result;
  nnc_old_get_output(context, name, (uint32_t)strlen(name), &result);
  w_print_result("get", result);
  w_print_alive(context);
}

static void compute_before_set_input(void) {
  W_STEPS_ONLY();
  const nnc_context context = w_open("identity_f32");
  nnc_result result;
  nnc_old_compute(context, &result);
  w_print_result("compute", result);
  w_print_alive(context);
}

static void two_models(void) {
  const nnc_context one = w_open("identity_4"), other = w_open("add");
  print_add("compute", other, w_port("a"), w_port("b"));
  nnc_tensor y = w_must_xy(one, w_floats(kB, 4));
  w_print_data("y", y);
}

// ------------------------------------------------------------------ ports

static void add(void) { print_add("compute", w_open("add"), w_port("a"), w_port("b")); }

static void add_reversed(void) { print_add("compute", w_open("add"), w_port("b"), w_port("a")); }

// args: a model with the inputs a f32 [2] and b i64 [2].
static void two_types(void) {
  static const int64_t kLongs[] = {INT64_MAX / 4, -5};
  static const uint32_t kTwo = 2;
  const char* const names[] = {w_port("a2"), w_port("b2")};
  const w_input inputs[] = {{w_port("a"), w_floats(kA, 2)},
                            {w_port("b"), nnc_tensor_new(&kTwo, 1, NNC_I64, kLongs, 16)}};
  nnc_tensor outputs[2];
  if (!w_print_result("compute", w_compute(w_open(g_arg(0)), inputs, 2, names, outputs, 2))) {
    return;
  }
  w_take("a2", outputs[0]);
  w_take("b2", outputs[1]);
}

// Sixteen inputs, in the order that `first` and `step` make.
static void run_many(uint32_t first, uint32_t step) {
  char in[W_MOST_PORTS][4], out[W_MOST_PORTS][4];
  const char* names[W_MOST_PORTS];
  w_input inputs[W_MOST_PORTS];
  nnc_tensor outputs[W_MOST_PORTS];
  for (uint32_t i = 0; i < W_MOST_PORTS; ++i) {
    const uint32_t port = (first + i * step) % W_MOST_PORTS;
    snprintf(in[i], sizeof(in[i]), "i%u", (unsigned)port);
    snprintf(out[i], sizeof(out[i]), "o%u", (unsigned)i);
    inputs[i] = (w_input){w_port(in[i]), w_float((float)port + 100)};
    names[i] = w_port(out[i]);
  }
  const nnc_result result =
      w_compute(w_open("many"), inputs, W_MOST_PORTS, names, outputs, W_MOST_PORTS);
  if (!w_print_result("compute", result)) return;
  float values[W_MOST_PORTS];
  for (uint32_t i = 0; i < W_MOST_PORTS; ++i) values[i] = w_take_float(outputs[i]);
  g_floats("y", values, W_MOST_PORTS);
}

static void many(void) { run_many(0, 1); }

static void many_shuffled(void) { run_many(5, 7); }

static void missing_input(void) {
  const nnc_context context = w_open("add");
  const char* const name = w_port("sum");
  const w_input one = {w_port("a"), w_floats(kA, 4)};
  nnc_tensor sum;
  w_print_result("none", w_compute(context, NULL, 0, &name, &sum, 1));
  w_print_result("one", w_compute(context, &one, 1, &name, &sum, 1));
  print_add("alive", context, w_port("a"), w_port("b"));
}

static void print_optional(const char* key, nnc_context context, bool with_bias) {
  const w_input inputs[] = {{"x", w_floats(kA, 2)}, {"bias", with_bias ? w_floats(kB, 2) : 0}};
  const char* const name = "y";
  nnc_tensor y;
  if (!w_print_result(key, w_compute(context, inputs, with_bias ? 2 : 1, &name, &y, 1))) return;
  w_print_data(g_key("%s.y", key), y);
  nnc_tensor_drop(y);
}

static void optional_left_out(void) { print_optional("compute", w_open("optional"), false); }

static void optional_given(void) { print_optional("compute", w_open("optional"), true); }

// ------------------------------------------------------------------ aliasing

static void copied_at_construction(void) {
  float values[] = {1, 2, 3};
  nnc_tensor x = w_floats(values, 3);
  memset(values, 0xff, sizeof(values));
  w_print_data("x", x);
  w_print_data("y", w_must_xy(w_open("identity_f32"), x));
}

// The dims are read at once, too.
static void dims_copied_at_construction(void) {
  uint32_t dims[] = {3, 1};
  nnc_tensor x = nnc_tensor_new(dims, 2, NNC_FP32, kA, 12);
  dims[0] = 77;
  w_print_dims("x.dims", x);
  w_take("y", w_must_xy(w_open("identity_any_rank"), x));
}

static void changed_after_set_input(void) {
  W_STEPS_ONLY();
  float values[] = {1, 2, 3};
  const nnc_context context = w_open("identity_f32");
  const char* const in = w_port("x");
  const char* const out = w_port("y");
  nnc_result result;
  nnc_old_set_input(context, in, (uint32_t)strlen(in), w_floats(values, 3), &result);
  w_must("set-input", result);
  memset(values, 0xff, sizeof(values));
  nnc_old_compute(context, &result);
  w_must("compute", result);
  nnc_old_get_output(context, out, (uint32_t)strlen(out), &result);
  w_print_data("y", w_must("get-output", result));
}

// The list that `data` gives is the guest's own.
static void data_is_a_copy(void) {
  nnc_tensor y = w_must_xy(w_open("identity_f32"), w_floats(kA, 3));
  nnc_list list;
  nnc_tensor_data(y, &list);
  memset(list.ptr, 0xff, list.len);
  w_print_data("again", y);
  nnc_tensor x = w_floats(kB, 3);
  nnc_tensor_data(x, &list);
  memset(list.ptr, 0xff, list.len);
  w_print_data("x", x);
}

static void outputs_stay(void) {
  const nnc_context context = w_open("identity_f32");
  nnc_tensor first = w_must_xy(context, w_floats(kA, 3));
  nnc_tensor second = w_must_xy(context, w_floats(kB, 3));
  w_print_data("first", first);
  w_print_data("second", second);
}

static void two_contexts(void) {
  const nnc_graph graph = w_open_graph("identity_f32");
  const nnc_context one = w_open_context(graph), other = w_open_context(graph);
  nnc_tensor first = w_must_xy(one, w_floats(kA, 3));
  nnc_tensor second = w_must_xy(other, w_floats(kB, 3));
  nnc_tensor third = w_must_xy(one, w_floats(kB, 1));
  w_print_data("first", first);
  w_print_data("second", second);
  w_print_data("third", third);
}

static void builder_changed_after_load(void) {
  nnc_list builders[4];
  const uint32_t count = w_read_model("identity_f32", builders, G_COUNT(builders));
  const nnc_graph graph = w_must("load", w_load_builders(builders, count, g_encoding()));
  for (uint32_t i = 0; i < count; ++i) memset(builders[i].ptr, 0xff, builders[i].len);
  w_print_alive(w_open_context(graph));
}

static void name_changed_after_load(void) {
  char name[] = "identity_f32";
  const nnc_graph graph = w_open_graph(name);
  memset(name, 'z', sizeof(name) - 1);
  w_print_alive(w_open_context(graph));
}

// Two tensors of the same bytes have nothing to do with each other.
static void same_bytes_twice(void) {
  nnc_tensor first = w_floats(kA, 3), second = w_floats(kA, 3);
  nnc_tensor_drop(first);
  w_print_data("second", second);
  nnc_tensor y = w_must_xy(w_open("identity_f32"), second);
  w_print_data("y", y);
}

// Dims that lie within the data.
static void overlapping_lists(void) {
  static const uint32_t kWords[] = {1, 3, 2};
  w_take("x", nnc_tensor_new(kWords, 2, NNC_I32, kWords, sizeof(kWords)));
}

// An output is a tensor like any other.
static void output_fed_back(void) {
  const nnc_context context = w_open("identity_f32");
  nnc_tensor y = w_floats(kA, 4);
  for (int i = 0; i < 10; ++i) y = w_must_xy(context, y);
  w_take("y", y);
}

static const g_case kCases[] = {
    {"wit_load_by_name", load_by_name},
    {"wit_unknown_names", unknown_names},
    {"wit_paths_are_no_names", unknown_names},
    {"wit_names_are_exact", unknown_names},
    {"wit_name_is_the_models_path", name_is_the_models_path},
    {"wit_odd_names", odd_names},
    {"wit_long_name", long_name},
    {"wit_inputs_by_name", inputs_named},
    {"wit_inputs_by_index", inputs_named},
    {"wit_input_unknown", inputs_named},
    {"wit_input_of_other_case", inputs_named},
    {"wit_input_named_as_output", inputs_named},
    {"wit_input_index_too_large", inputs_named},
    {"wit_input_index_negative", inputs_named},
    {"wit_input_name_empty", empty_input_name},
    {"wit_input_twice", inputs_named},
    {"wit_input_by_name_and_index", inputs_named},
    {"wit_input_extra", extra_input},
    {"wit_output_names", output_names},
    {"wit_output_by_index", get_output_named},
    {"wit_output_unknown", get_output_named},
    {"wit_output_before_compute", get_output_before_compute},
    {"wit_compute_before_set_input", compute_before_set_input},
    {"wit_two_models", two_models},
    {"wit_add", add},
    {"wit_add_reversed", add_reversed},
    {"wit_multi_io", two_types},
    {"wit_pair", two_types},
    {"wit_many", many},
    {"wit_many_shuffled", many_shuffled},
    {"wit_missing_input", missing_input},
    {"wit_optional_left_out", optional_left_out},
    {"wit_optional_given", optional_given},
    {"wit_copied_at_construction", copied_at_construction},
    {"wit_dims_copied_at_construction", dims_copied_at_construction},
    {"wit_changed_after_set_input", changed_after_set_input},
    {"wit_data_is_a_copy", data_is_a_copy},
    {"wit_outputs_stay", outputs_stay},
    {"wit_two_contexts", two_contexts},
    {"wit_builder_changed_after_load", builder_changed_after_load},
    {"wit_name_changed_after_load", name_changed_after_load},
    {"wit_same_bytes_twice", same_bytes_twice},
    {"wit_overlapping_lists", overlapping_lists},
    {"wit_output_fed_back", output_fed_back},
};

W_MAIN(kCases)
