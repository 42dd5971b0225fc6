// Models as bytes: what loads, what does not.
#include <nn.h>

static int32_t load(uint32_t records, uint32_t count, uint32_t* graph) {
  uint32_t out = g_alloc(4);
  g_put_u32(out, 77);
  int32_t error = nn_load(records, count, g_encoding(), g_target(), out);
  *graph = g_get_u32(out);
  return error;
}

static void print_load(uint32_t records, uint32_t count) {
  uint32_t graph;
  int32_t error = load(records, count, &graph);
  g_number("errno", error);
  g_number("graph", graph);
  if (error == 0) nn_print_alive(nn_open_context(graph));
}

static void from_bytes(void) {
  print_load(nn_builders("identity_f32"), g_file_count("identity_f32"));
}

static void two_models(void) {
  static const uint8_t kBytes[] = {9, 8, 7};
  static const uint32_t kThree = 3;
  uint32_t a, b;
  g_number("a", load(nn_builders("identity_f32"), g_file_count("identity_f32"), &a));
  int32_t error = load(nn_builders("identity_u8"), g_file_count("identity_u8"), &b);
  g_number("b", error);
  if (error != 0) return;
  uint32_t context = nn_open_context(b);
  nn_must_set(context, 0, nn_tensor(&kThree, 1, NN_U8, kBytes, 3));
  uint32_t out = nn_run("run", context, 0, 3);
  if (out != 0) g_hex("out", g_at(out), 3);
  nn_print_alive(nn_open_context(a));
}

static void no_builders(void) {
  uint32_t records = nn_builders("identity_f32"), graph;
  g_number("errno", load(records, 0, &graph));
  g_number("graph", graph);
  g_number("null", load(0, 0, &graph));
}

static void empty_builder(void) {
  uint32_t graph;
  g_number("errno", load(nn_builder_at(g_copy("x", 1), 0), 1, &graph));
  g_number("null", load(nn_builder_at(0, 0), 1, &graph));
  g_number("graph", graph);
}

static void text_is_no_model(void) {
  static const char kText[] = "this is no model";
  print_load(nn_builder_at(g_copy(kText, sizeof(kText)), sizeof(kText)), 1);
}

static void noise_is_no_model(void) {
  enum { SIZE = 4096 };
  uint32_t bytes = g_alloc(SIZE), state = 1;
  for (uint32_t i = 0; i < SIZE; ++i) {
    state = state * 1664525u + 1013904223u;
    ((uint8_t*)g_at(bytes))[i] = (uint8_t)(state >> 24);
  }
  print_load(nn_builder_at(bytes, SIZE), 1);
}

static void truncated(void) {
  uint32_t records = nn_builders("identity_f32"), count = g_file_count("identity_f32"), graph;
  uint32_t size = g_get_u32(records + 4), loaded = 0;
  // Every cut, or some hundred of a large file.
  uint32_t step = size / 200 + 1;
  for (uint32_t cut = size / 2; cut > step; cut -= step) {
    g_put_u32(records + 4, cut);
    loaded += load(records, count, &graph) == 0;
  }
  g_number("loaded", loaded);
  g_put_u32(records + 4, size);
  g_number("whole", load(records, count, &graph));
}

static void too_many_builders(void) {
  enum { COUNT = 5000 };
  uint32_t records = g_alloc(COUNT * NN_BUILDER_BYTES), byte = g_copy("x", 1), graph;
  for (uint32_t i = 0; i < COUNT; ++i) {
    g_put_u32(records + i * NN_BUILDER_BYTES, byte);
    g_put_u32(records + i * NN_BUILDER_BYTES + 4, 1);
  }
  g_number("errno", load(records, COUNT, &graph));
}

// The same bytes in two builders; only some frameworks take several files.
static void more_builders_than_files(void) {
  uint32_t one = nn_builders("identity_f32"), count = g_file_count("identity_f32"), graph;
  uint32_t records = g_alloc((count + 1) * NN_BUILDER_BYTES);
  memcpy(g_at(records), g_at(one), count * NN_BUILDER_BYTES);
  memcpy(g_at(records + count * NN_BUILDER_BYTES), g_at(one), NN_BUILDER_BYTES);
  g_number("more", load(records, count + 1, &graph));
  g_number("right", load(records, count, &graph));
}

static void above_128_mib(void) {
  static const int64_t kIndex[] = {30000000};
  static const uint32_t kOne = 1;
  uint32_t records = nn_builders("large"), graph;
  g_number("bytes", g_get_u32(records + 4));
  int32_t error = load(records, 1, &graph);
  g_number("errno", error);
  if (error != 0) return;
  uint32_t context = nn_open_context(graph);
  g_number("set", nn_set_input(context, 0, nn_tensor(&kOne, 1, NN_I64, kIndex, 8)));
  uint32_t out = nn_run("run", context, 0, 4);
  float value = 0;
  if (out == 0) return;
  memcpy(&value, g_at(out), 4);
  g_print("value", "%.0f", (double)value);
}

static void failed_loads_then_good_one(void) {
  static const char kText[] = "this is no model";
  uint32_t bad = nn_builder_at(g_copy(kText, sizeof(kText)), sizeof(kText)), graph;
  uint32_t failed = 0;
  for (int i = 0; i < 100; ++i) failed += load(bad, 1, &graph) != 0;
  g_number("failed", failed);
  print_load(nn_builders("identity_f32"), g_file_count("identity_f32"));
}

static const g_case kCases[] = {
    {"from_bytes", from_bytes},
    {"two_models", two_models},
    {"no_builders", no_builders},
    {"empty_builder", empty_builder},
    {"text_is_no_model", text_is_no_model},
    {"noise_is_no_model", noise_is_no_model},
    {"truncated", truncated},
    {"too_many_builders", too_many_builders},
    {"more_builders_than_files", more_builders_than_files},
    {"above_128_mib", above_128_mib},
    {"failed_loads_then_good_one", failed_loads_then_good_one},
};

G_MAIN(kCases)
