// How long resources live, how many there may be, several guests at once, and the host's limits.
#include <time.h>

#include "wit.h"

static const float kA[] = {1, 2, 3, 4}, kB[] = {10, 20, 30, 40};

// A row of numbers that looks random; the same each time for the same seed.
typedef struct {
  uint32_t state;
} w_random;

static uint32_t next_random(w_random* random, uint32_t below) {
  random->state = random->state * 1664525u + 1013904223u;
  return (uint32_t)(((uint64_t)random->state * below) >> 32);
}

// ------------------------------------------------------------------ who goes first

static void graph_dropped_first(void) {
  const nnc_graph graph = w_open_graph("identity_f32");
  const nnc_context context = w_open_context(graph);
  nnc_graph_drop(graph);
  w_print_alive(context);
}

static void context_dropped_first(void) {
  const nnc_context context = w_open("identity_f32");
  nnc_tensor y = w_must_xy(context, w_floats(kA, 3));
  nnc_context_drop(context);
  w_print_data("y", y);
}

// A graph, its context and an output, dropped in each of the six orders.
static void dropped_in_any_order(void) {
  static const uint8_t kOrders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                       {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
  uint32_t good = 0;
  for (uint32_t i = 0; i < G_COUNT(kOrders); ++i) {
    const nnc_graph graph = w_open_graph("identity_f32");
    const nnc_context context = w_open_context(graph);
    nnc_tensor y = w_must_xy(context, w_float((float)i));
    for (uint32_t j = 0; j < 3; ++j) {
      switch (kOrders[i][j]) {
        case 0:
          nnc_graph_drop(graph);
          break;
        case 1:
          nnc_context_drop(context);
          break;
        default:
          good += w_take_float(y) == (float)i;
      }
    }
  }
  g_number("good", good);
  w_print_alive(w_open("identity_f32"));
}

static void graph_loaded_twice(void) {
  const nnc_graph one = w_open_graph("identity_f32"), other = w_open_graph("identity_f32");
  const nnc_context context = w_open_context(one);
  nnc_graph_drop(other);
  nnc_tensor_drop(w_must_xy(context, w_float(1)));
  nnc_graph_drop(one);
  w_print_alive(context);
}

static void left_behind(void) {
  for (int i = 0; i < 50; ++i) {
    (void)w_open("identity_f32");
    (void)w_floats(kA, 4);
    (void)w_load_by_name("nobody");
  }
  w_print_alive(w_open("identity_f32"));
}

// ------------------------------------------------------------------ how many

static void tensors_made_and_dropped(void) {
  enum { TENSORS = 100000 };
  uint32_t good = 0;
  for (uint32_t i = 0; i < TENSORS; ++i) good += w_take_float(w_float((float)i)) == (float)i;
  g_number("good", good);
  w_print_alive(w_open("identity_f32"));
}

// args: how many are kept at a time; then they go in an order of no pattern.
static void tensors_kept(void) {
  const uint32_t count = (uint32_t)atoi(g_arg(0));
  nnc_tensor* tensors = malloc(count * sizeof(*tensors));
  uint32_t* values = malloc(count * sizeof(*values));
  for (uint32_t i = 0; i < count; ++i) {
    tensors[i] = w_float((float)i);
    values[i] = i;
  }
  w_random random = {1};
  uint32_t good = 0;
  for (uint32_t left = count; left > 0; --left) {
    const uint32_t at = next_random(&random, left);
    good += w_take_float(tensors[at]) == (float)values[at];
    tensors[at] = tensors[left - 1];
    values[at] = values[left - 1];
  }
  g_number("good", good);
  w_print_alive(w_open("identity_f32"));
}

// Handles are used again: each must still be the tensor that it was given for.
static void handles_used_again(void) {
  enum { SLOTS = 500, STEPS = 20000 };
  static const float kNobody = -1;
  nnc_tensor tensors[SLOTS];
  float values[SLOTS];
  for (uint32_t i = 0; i < SLOTS; ++i) values[i] = kNobody;
  w_random random = {7};
  uint32_t wrong = 0;
  for (uint32_t step = 0; step < STEPS; ++step) {
    const uint32_t slot = next_random(&random, SLOTS);
    if (values[slot] == kNobody) {
      values[slot] = (float)step;
      tensors[slot] = w_float(values[slot]);
    } else {
      wrong += w_take_float(tensors[slot]) != values[slot];
      values[slot] = kNobody;
    }
  }
  g_number("wrong", wrong);
}

static void contexts_made_and_dropped(void) {
  enum { CONTEXTS = 10000 };
  const nnc_graph graph = w_open_graph("identity_f32");
  uint32_t good = 0;
  for (uint32_t i = 0; i < CONTEXTS; ++i) {
    const nnc_context context = w_open_context(graph);
    if (i % 100 == 0) good += w_pass(context, (float)i) == (float)i;
    nnc_context_drop(context);
  }
  g_number("good", good);
}

// args: how many contexts of one graph are kept at a time.
static void contexts_kept(void) {
  const uint32_t count = (uint32_t)atoi(g_arg(0));
  nnc_context* contexts = malloc(count * sizeof(*contexts));
  const nnc_graph graph = w_open_graph("identity_f32");
  for (uint32_t i = 0; i < count; ++i) contexts[i] = w_open_context(graph);
  uint32_t good = 0;
  for (uint32_t i = count; i-- > 0;) {
    good += w_pass(contexts[i], (float)i) == (float)i;
    nnc_context_drop(contexts[i]);
  }
  g_number("good", good);
}

static void errors_made_and_dropped(void) {
  enum { ERRORS = 10000 };
  uint32_t good = 0;
  for (uint32_t i = 0; i < ERRORS; ++i) {
    const nnc_result result = w_load_by_name("nobody");
    good += result.is_error && nnc_error_code(result.handle) == NNC_NOT_FOUND;
    if (result.is_error) nnc_error_drop(result.handle);
  }
  g_number("good", good);
}

static void errors_kept(void) {
  enum { ERRORS = 1000 };
  nnc_error errors[ERRORS];
  for (uint32_t i = 0; i < ERRORS; ++i) {
    const nnc_result result = w_load_by_name("nobody");
    if (!result.is_error) g_setup_failed("a model named nobody was loaded");
    errors[i] = result.handle;
  }
  uint32_t good = 0;
  for (uint32_t i = ERRORS; i-- > 0;) {
    good += nnc_error_code(errors[i]) == NNC_NOT_FOUND;
    nnc_error_drop(errors[i]);
  }
  g_number("good", good);
}

static void computes_repeated(void) {
  enum { COMPUTES = 10000 };
  const nnc_context context = w_open("identity_f32");
  uint32_t good = 0;
  for (uint32_t i = 0; i < COMPUTES; ++i) good += w_pass(context, (float)i) == (float)i;
  g_number("good", good);
}

static void loads_repeated(void) {
  enum { LOADS = 1000 };
  uint32_t good = 0;
  for (uint32_t i = 0; i < LOADS; ++i) {
    const nnc_graph graph = w_open_graph("identity_f32");
    if (i % 100 == 0) {
      const nnc_context context = w_open_context(graph);
      good += w_pass(context, (float)i) == (float)i;
      nnc_context_drop(context);
    }
    nnc_graph_drop(graph);
  }
  g_number("good", good);
}

static void loads_of_bytes_repeated(void) {
  enum { LOADS = 100 };
  nnc_list builders[4];
  const uint32_t count = w_read_model("identity_f32", builders, G_COUNT(builders));
  uint32_t good = 0;
  for (uint32_t i = 0; i < LOADS; ++i) {
    const nnc_graph graph = w_must("load", w_load_builders(builders, count, g_encoding()));
    const nnc_context context = w_open_context(graph);
    good += w_pass(context, (float)i) == (float)i;
    nnc_context_drop(context);
    nnc_graph_drop(graph);
  }
  g_number("good", good);
}

// ------------------------------------------------------------------ inputs and outputs

static nnc_result set_x(nnc_context context, nnc_tensor x) {
  const char* const name = w_port("x");
  nnc_result result;
  nnc_old_set_input(context, name, (uint32_t)strlen(name), x, &result);
  return result;
}

static nnc_tensor get_y(nnc_context context) {
  const char* const name = w_port("y");
  nnc_result result;
  nnc_old_get_output(context, name, (uint32_t)strlen(name), &result);
  return w_must("get-output", result);
}

static nnc_result step(nnc_context context) {
  nnc_result result;
  nnc_old_compute(context, &result);
  return result;
}

// What a step gives, or that it gives nothing.
static void print_step(const char* key, nnc_context context) {
  if (w_print_result(key, step(context))) {
    w_print_data("y", get_y(context));
  } else {
    g_print("y", "none");
  }
}

static void inputs_stay(void) {
  W_STEPS_ONLY();
  const nnc_context context = w_open("identity_f32");
  w_must("set-input", set_x(context, w_floats(kA, 3)));
  w_must("compute", step(context));
  print_step("again", context);
}

static void input_replaced(void) {
  W_STEPS_ONLY();
  const nnc_context context = w_open("identity_f32");
  w_must("set-input", set_x(context, w_floats(kA, 3)));
  if (!w_print_result("set", set_x(context, w_floats(kB, 2)))) return;
  w_must("compute", step(context));
  w_print_data("y", get_y(context));
}

// A refused tensor after a good one: the good one is still set, or none is.
static void refused_input_replaces_nothing(void) {
  W_STEPS_ONLY();
  static const uint32_t kThree = 3;
  const nnc_context context = w_open("identity_f32");
  w_must("set-input", set_x(context, w_floats(kA, 3)));
  const nnc_result refused = set_x(context, nnc_tensor_new(&kThree, 1, NNC_FP32, kB, 8));
  w_print_result("set", refused);
  print_step("compute", context);
  w_print_alive(context);
}

static void output_read_twice(void) {
  W_STEPS_ONLY();
  const nnc_context context = w_open("identity_f32");
  w_must("set-input", set_x(context, w_floats(kA, 3)));
  w_must("compute", step(context));
  nnc_tensor first = get_y(context), second = get_y(context);
  g_print("handles", "%s", first == second ? "the same" : "two");
  nnc_tensor_drop(first);
  w_print_data("second", second);
}

// The next input does not change what the last compute gave.
static void output_after_next_input(void) {
  W_STEPS_ONLY();
  const nnc_context context = w_open("identity_f32");
  w_must("set-input", set_x(context, w_floats(kA, 3)));
  w_must("compute", step(context));
  nnc_tensor before = get_y(context);
  w_must("set-input", set_x(context, w_floats(kB, 2)));
  w_print_data("before", before);
  w_must("compute", step(context));
  w_print_data("before_again", before);
  w_print_data("after", get_y(context));
}

// Each compute stands for itself: what the one before was given is not there any more.
static void inputs_belong_to_the_compute(void) {
  W_NAMED_TENSORS_ONLY();
  const nnc_context context = w_open("identity_f32");
  nnc_tensor_drop(w_must_xy(context, w_floats(kA, 3)));
  nnc_tensor y;
  w_print_result("without", w_compute(context, NULL, 0, NULL, &y, 1));
  w_print_alive(context);
}

// Tensors of refused computes are gone, too: there would be no room for so many.
static void refused_tensors_are_consumed(void) {
  enum { TIMES = 10000, FLOATS = 16384 };
  static const uint32_t kFloats = FLOATS;
  float* values = calloc(FLOATS, sizeof(float));
  const nnc_context context = w_open("identity_f32");
  uint32_t refused = 0;
  for (uint32_t i = 0; i < TIMES; ++i) {
    // One element too few.
    nnc_tensor x = nnc_tensor_new(&kFloats, 1, NNC_FP32, values, (FLOATS - 1) * 4);
    nnc_tensor y;
    const nnc_result result = w_compute_xy(context, x, &y);
    refused += result.is_error;
    if (result.is_error) nnc_error_drop(result.handle);
  }
  g_number("refused", refused);
  w_print_alive(context);
}

static void contexts_interleaved(void) {
  enum { CONTEXTS = 4 };
  const nnc_graph one = w_open_graph("identity_f32"), other = w_open_graph("identity_f32");
  nnc_context contexts[CONTEXTS];
  for (int i = 0; i < CONTEXTS; ++i) contexts[i] = w_open_context(i % 2 == 0 ? one : other);
  nnc_tensor outputs[CONTEXTS];
  for (int i = 0; i < CONTEXTS; ++i) outputs[i] = w_must_xy(contexts[i], w_float((float)i + 1));
  float values[CONTEXTS];
  for (int i = CONTEXTS - 1; i >= 0; --i) values[i] = w_take_float(outputs[i]);
  g_floats("y", values, CONTEXTS);
}

// ------------------------------------------------------------------ several guests at once

// A number that the guests beside this one hardly have.
static w_random own_random(void) {
  struct timespec now;
  timespec_get(&now, TIME_UTC);
  return (w_random){(uint32_t)now.tv_nsec};
}

static void copies_compute(void) {
  enum { COMPUTES = 500 };
  w_random random = own_random();
  const nnc_context context = w_open("identity_f32");
  uint32_t good = 0;
  for (uint32_t i = 0; i < COMPUTES; ++i) {
    const float value = (float)next_random(&random, 1 << 20);
    good += w_pass(context, value) == value;
  }
  g_number("good", good);
}

static void copies_open_contexts(void) {
  enum { CONTEXTS = 100 };
  w_random random = own_random();
  uint32_t good = 0;
  for (uint32_t i = 0; i < CONTEXTS; ++i) {
    const nnc_graph graph = w_open_graph("identity_f32");
    const nnc_context context = w_open_context(graph);
    nnc_graph_drop(graph);
    const float value = (float)next_random(&random, 1 << 20);
    good += w_pass(context, value) == value;
    nnc_context_drop(context);
  }
  g_number("good", good);
}

static void copies_are_refused(void) {
  enum { TIMES = 200 };
  const nnc_context context = w_open("identity_f32");
  static const uint32_t kTwo = 2;
  uint32_t good = 0;
  for (uint32_t i = 0; i < TIMES; ++i) {
    nnc_tensor y;
    const nnc_result result = w_compute_xy(context, nnc_tensor_new(&kTwo, 1, NNC_FP32, kA, 4), &y);
    good += result.is_error && w_pass(context, (float)i) == (float)i;
    if (result.is_error) nnc_error_drop(result.handle);
  }
  g_number("good", good);
}

// ------------------------------------------------------------------ limits

// Prints how many of `max` could be made, how the next one was refused, and whether there is room
// after one was dropped.
static void count_up_to(nnc_result (*make)(uint32_t), void (*drop)(uint32_t), uint32_t subject) {
  enum { MOST = 64 };
  uint32_t made[MOST], count = 0;
  nnc_result result = {0};
  while (count < MOST) {
    result = make(subject);
    if (result.is_error) break;
    made[count++] = result.handle;
  }
  g_number("made", count);
  if (count == MOST || count == 0) return;
  w_print_result("next", result);
  drop(made[0]);
  w_print_result("again", make(subject));
}

static nnc_result load_identity(uint32_t subject) {
  (void)subject;
  return w_load_by_name("identity_f32");
}

static void max_contexts(void) {
  count_up_to(w_init, nnc_context_drop, w_open_graph("identity_f32"));
}

static void max_graphs(void) { count_up_to(load_identity, nnc_graph_drop, 0); }

// args: models by name.
static void models_granted(void) {
  for (uint32_t i = 0; i < g_arg_count(); ++i) {
    w_print_result(g_key("load%u", (unsigned)i), w_load_by_name(g_arg(i)));
  }
}

static void bytes_refused(void) {
  w_print_result("load", w_load_file("identity_f32", g_encoding()));
  w_print_alive(w_open("identity_f32"));
}

static void max_tensor_bytes(void) {
  const nnc_context context = w_open("identity_f32");
  nnc_tensor y;
  w_print_result("larger", w_compute_xy(context, w_floats(kA, 4), &y));
  w_print_alive(context);
}

// Three tensors of 4 KiB, where two have room.
static void max_session_bytes(void) {
  enum { FLOATS = 1024 };
  static const float kZeros[FLOATS];
  const nnc_context context = w_open("identity_f32");
  nnc_tensor first = w_floats(kZeros, FLOATS), second = w_floats(kZeros, FLOATS);
  nnc_tensor y;
  w_print_result("third", w_compute_xy(context, w_floats(kZeros, FLOATS), &y));
  nnc_tensor_drop(first);
  nnc_tensor_drop(second);
  w_print_alive(context);
}

static void compute_timeout(void) {
  nnc_tensor y;
  w_print_result("compute", w_compute_xy(w_open("slow"), w_floats(kA, 3), &y));
  w_print_alive(w_open("identity_f32"));
}

static const g_case kCases[] = {
    {"wit_graph_dropped_first", graph_dropped_first},
    {"wit_context_dropped_first", context_dropped_first},
    {"wit_dropped_in_any_order", dropped_in_any_order},
    {"wit_graph_loaded_twice", graph_loaded_twice},
    {"wit_left_behind", left_behind},
    {"wit_tensors_100000", tensors_made_and_dropped},
    {"wit_tensors_kept", tensors_kept},
    {"wit_tensors_kept_120000", tensors_kept},
    {"wit_handles_used_again", handles_used_again},
    {"wit_contexts_10000", contexts_made_and_dropped},
    {"wit_contexts_kept", contexts_kept},
    {"wit_contexts_kept_10000", contexts_kept},
    {"wit_errors_10000", errors_made_and_dropped},
    {"wit_errors_kept", errors_kept},
    {"wit_computes_10000", computes_repeated},
    {"wit_loads_1000", loads_repeated},
    {"wit_loads_of_bytes_100", loads_of_bytes_repeated},
    {"wit_inputs_stay", inputs_stay},
    {"wit_input_replaced", input_replaced},
    {"wit_refused_input_replaces_nothing", refused_input_replaces_nothing},
    {"wit_output_read_twice", output_read_twice},
    {"wit_output_after_next_input", output_after_next_input},
    {"wit_inputs_belong_to_the_compute", inputs_belong_to_the_compute},
    {"wit_refused_tensors_are_consumed", refused_tensors_are_consumed},
    {"wit_contexts_interleaved", contexts_interleaved},
    {"wit_copies_compute", copies_compute},
    {"wit_copies_open_contexts", copies_open_contexts},
    {"wit_copies_are_refused", copies_are_refused},
    {"wit_copies_load_bytes", loads_of_bytes_repeated},
    {"wit_max_contexts", max_contexts},
    {"wit_max_graphs", max_graphs},
    {"wit_max_tensors", computes_repeated},
    {"wit_max_errors", errors_made_and_dropped},
    {"wit_max_tensors_refused", refused_tensors_are_consumed},
    {"wit_models_granted", models_granted},
    {"wit_load_bytes", bytes_refused},
    {"wit_max_model_bytes", bytes_refused},
    {"wit_max_tensor_bytes", max_tensor_bytes},
    {"wit_max_session_bytes", max_session_bytes},
    {"wit_compute_timeout", compute_timeout},
};

W_MAIN(kCases)
