// Several inputs and outputs.
#include <nn.h>

static const float kA[] = {1.5f, -2};
static const int64_t kB[] = {INT64_MAX / 4, -5};
static const uint32_t kTwo = 2, kOne = 1;
enum { MANY = 16 };

static int32_t set_a(uint32_t context) { return nn_set_floats(context, 0, kA, 2); }
static int32_t set_b(uint32_t context) {
  return nn_set_input(context, 1, nn_tensor(&kTwo, 1, NN_I64, kB, sizeof(kB)));
}

static void get(const char* key, uint32_t context, uint32_t index, uint32_t bytes,
                void (*print)(const char*, const void*, uint32_t), uint32_t count) {
  uint32_t out = g_alloc(bytes), written = g_alloc(4);
  int32_t error = nn_get_output(context, index, out, bytes, written);
  g_number(g_key("%s.errno", key), error);
  if (error == 0) print(g_key("%s.out", key), g_at(out), count);
}

static void print_pair(uint32_t context) {
  g_number("compute", nn_compute(context));
  get("a2", context, 0, sizeof(kA), g_floats, 2);
  get("b2", context, 1, sizeof(kB), g_longs, 2);
}

static void two_of_each(void) {
  uint32_t context = nn_open("pair");
  g_number("a.set", set_a(context));
  g_number("b.set", set_b(context));
  print_pair(context);
}

static void inputs_in_any_order(void) {
  uint32_t context = nn_open("pair");
  g_number("b.set", set_b(context));
  g_number("a.set", set_a(context));
  print_pair(context);
}

static void outputs_in_any_order(void) {
  uint32_t context = nn_open("pair");
  set_a(context), set_b(context);
  g_number("compute", nn_compute(context));
  get("b2", context, 1, sizeof(kB), g_longs, 2);
  get("a2", context, 0, sizeof(kA), g_floats, 2);
  get("again", context, 1, sizeof(kB), g_longs, 2);
}

static void two_that_compute(void) {
  uint32_t context = nn_open("multi_io");
  set_a(context), set_b(context);
  print_pair(context);
}

static void sum_of_two(void) {
  static const float kX[] = {1, 2, 3, 4}, kY[] = {10, 20, 30, 40};
  uint32_t context = nn_open("add");
  g_number("a.set", nn_set_floats(context, 0, kX, 4));
  g_number("b.set", nn_set_floats(context, 1, kY, 4));
  g_number("compute", nn_compute(context));
  get("sum", context, 0, 16, g_floats, 4);
}

static void input_of_another_port(void) {
  uint32_t context = nn_open("pair");
  // The i64 input at the place of the f32 one.
  int32_t set = nn_set_input(context, 0, nn_tensor(&kTwo, 1, NN_I64, kB, sizeof(kB)));
  set_b(context);
  int32_t compute = nn_compute(context);
  g_number("set", set);
  g_number("refused", set != 0 || compute != 0);
  g_number("a.set", set_a(context));
  print_pair(context);
}

static void missing_input(void) {
  uint32_t context = nn_open("pair");
  g_number("none", nn_compute(context));
  set_a(context);
  g_number("first", nn_compute(context));
  uint32_t other = nn_open("pair");
  set_b(other);
  g_number("second", nn_compute(other));
  set_b(context);
  print_pair(context);
}

static void last_input_counts(void) {
  static const float kFirst[] = {7, 7};
  uint32_t context = nn_open("pair");
  nn_must_set_floats(context, 0, kFirst, 2);
  set_b(context);
  g_number("a.set", set_a(context));
  print_pair(context);
}

static void optional_input(void) {
  static const float kX[] = {1, 2}, kBias[] = {5, 5};
  uint32_t context = nn_open("optional");
  nn_must_set_floats(context, 0, kX, 2);
  g_number("without", nn_compute(context));
  get("default", context, 0, 8, g_floats, 2);
  nn_must_set_floats(context, 1, kBias, 2);
  g_number("with", nn_compute(context));
  get("given", context, 0, 8, g_floats, 2);
}

static void sixteen_of_each(void) {
  uint32_t context = nn_open("many");
  uint32_t set = 0, right = 0, written = g_alloc(4), out = g_alloc(4);
  for (uint32_t i = 0; i < MANY; ++i) {
    float value = (float)(i * i);
    set += nn_set_input(context, i, nn_tensor(&kOne, 1, NN_F32, &value, 4)) == 0;
  }
  g_number("set", set);
  g_number("compute", nn_compute(context));
  for (uint32_t i = 0; i < MANY; ++i) {
    float expected = (float)(i * i);
    if (nn_get_output(context, i, out, 4, written) != 0) continue;
    right += memcmp(g_at(out), &expected, 4) == 0;
  }
  g_number("right", right);
}

static void sixteen_backwards(void) {
  uint32_t context = nn_open("many");
  float got[MANY];
  uint32_t written = g_alloc(4), out = g_alloc(4);
  for (uint32_t i = MANY; i-- > 0;) {
    float value = (float)i;
    nn_must_set(context, i, nn_tensor(&kOne, 1, NN_F32, &value, 4));
  }
  g_number("compute", nn_compute(context));
  for (uint32_t i = MANY; i-- > 0;) {
    if (nn_get_output(context, i, out, 4, written) != 0) g_put_u32(out, 0xffffffffu);
    memcpy(&got[i], g_at(out), 4);
  }
  g_floats("out", got, MANY);
}

static void fifteen_of_sixteen(void) {
  uint32_t context = nn_open("many");
  static const float kValue = 3;
  for (uint32_t i = 0; i < MANY; ++i) {
    if (i != 9) nn_must_set(context, i, nn_tensor(&kOne, 1, NN_F32, &kValue, 4));
  }
  g_number("without", nn_compute(context));
  nn_must_set(context, 9, nn_tensor(&kOne, 1, NN_F32, &kValue, 4));
  g_number("with", nn_compute(context));
}

static void index_past_the_last(void) {
  static const uint32_t kPast[] = {2, 3, 255, 0x7fffffff, 0xffffffffu};
  uint32_t context = nn_open("pair"), out = g_alloc(16), written = g_alloc(4);
  for (uint32_t i = 0; i < G_COUNT(kPast); ++i) {
    uint32_t tensor = nn_tensor(&kTwo, 1, NN_F32, kA, sizeof(kA));
    g_number(g_key("set.%u", (unsigned)i), nn_set_input(context, kPast[i], tensor));
  }
  set_a(context), set_b(context);
  print_pair(context);
  for (uint32_t i = 0; i < G_COUNT(kPast); ++i) {
    g_number(g_key("get.%u", (unsigned)i), nn_get_output(context, kPast[i], out, 16, written));
  }
}

static const g_case kCases[] = {
    {"two_of_each", two_of_each},
    {"inputs_in_any_order", inputs_in_any_order},
    {"outputs_in_any_order", outputs_in_any_order},
    {"two_that_compute", two_that_compute},
    {"sum_of_two", sum_of_two},
    {"input_of_another_port", input_of_another_port},
    {"missing_input", missing_input},
    {"last_input_counts", last_input_counts},
    {"optional_input", optional_input},
    {"sixteen_of_each", sixteen_of_each},
    {"sixteen_backwards", sixteen_backwards},
    {"fifteen_of_sixteen", fifteen_of_sixteen},
    {"index_past_the_last", index_past_the_last},
};

G_MAIN(kCases)
