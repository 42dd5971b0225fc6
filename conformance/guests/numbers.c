// The numbers of types, encodings and targets.
#include <nn.h>

// Sends four elements as type number argv[1], each argv[2] bytes long, to the model argv[0].
static void type_number(void) {
  enum { ELEMENTS = 4 };
  uint32_t type = (uint32_t)atoi(g_arg(1)), bytes = ELEMENTS * (uint32_t)atoi(g_arg(2));
  uint32_t elements = ELEMENTS;
  uint8_t sent[ELEMENTS * 8];
  if (bytes > sizeof(sent)) g_setup_failed("expected elements of at most 8 bytes");
  for (uint32_t i = 0; i < bytes; ++i) sent[i] = (uint8_t)(i * 7 + 1);
  uint32_t context = nn_open(g_arg(0));
  int32_t error = nn_set_input(context, 0, nn_tensor(&elements, 1, type, sent, bytes));
  g_number("set", error);
  if (error != 0) return;
  uint32_t out = nn_run("run", context, 0, bytes);
  if (out != 0) g_hex("out", g_at(out), bytes);
}

static void type_unknown(void) {
  static const uint8_t kNumbers[] = {6, 7, 8, 100, 127, 128, 255};
  static const float kValues[] = {1, 2, 3};
  static const uint32_t kThree = 3;
  uint32_t context = nn_open("identity_f32");
  for (uint32_t i = 0; i < G_COUNT(kNumbers); ++i) {
    g_number(g_key("set.%u", kNumbers[i]),
             nn_set_input(context, 0, nn_tensor(&kThree, 1, kNumbers[i], kValues, 12)));
  }
  nn_print_alive(context);
}

// One number, two meanings: only the length tells.
static void old_and_new_told_apart(void) {
  static const uint8_t kSmall[] = {9, 8, 7};
  static const double kLarge[] = {1.5, -2, 1e300};
  static const uint32_t kThree = 3;
  uint32_t small = nn_open("identity_u8"), large = nn_open("identity_f64");
  g_number("u8.set", nn_set_input(small, 0, nn_tensor(&kThree, 1, 2, kSmall, 3)));
  uint32_t out = nn_run("u8", small, 0, 3);
  if (out != 0) g_hex("u8.out", g_at(out), 3);
  g_number("f64.set", nn_set_input(large, 0, nn_tensor(&kThree, 1, 2, kLarge, 24)));
  out = nn_run("f64", large, 0, 24);
  if (out != 0) g_print("f64.out", "%d", memcmp(g_at(out), kLarge, 24) == 0);
}

// ------------------------------------------------------------------ encodings

static int32_t load_as(uint32_t encoding, uint32_t target, uint32_t* graph) {
  uint32_t out = g_alloc(4);
  int32_t error =
      nn_load(nn_builders("identity_f32"), g_file_count("identity_f32"), encoding, target, out);
  *graph = g_get_u32(out);
  return error;
}

static void print_load(uint32_t encoding) {
  uint32_t graph;
  int32_t error = load_as(encoding, g_target(), &graph);
  g_number("errno", error);
  if (error == 0) {
    nn_print_alive(nn_open_context(graph));
  } else {
    g_print("alive", "none");
  }
}

static void encoding_of_the_model(void) { print_load(g_encoding()); }

static void encoding_autodetect(void) { print_load(NN_AUTODETECT); }

static void encoding_of_another_framework(void) {
  uint32_t loaded = 0, graph;
  for (uint32_t encoding = 0; encoding < 5; ++encoding) {
    if (encoding == g_encoding()) continue;
    int32_t error = load_as(encoding, g_target(), &graph);
    g_number(g_key("errno.%u", (unsigned)encoding), error);
    loaded += error == 0;
  }
  g_number("loaded", loaded);
}

static void encoding_cut_to_a_byte(void) {
  uint32_t graph;
  g_number("errno", load_as(g_encoding() + 256, g_target(), &graph));
}

static int32_t load_text(uint32_t encoding, uint32_t target) {
  static const char kText[] = "this is no model";
  uint32_t builder = nn_builder_at(g_copy(kText, sizeof(kText)), sizeof(kText));
  return nn_load(builder, 1, encoding, target, g_alloc(4));
}

static void encoding_unknown(void) {
  static const uint32_t kNumbers[] = {15, 16, 99, 255, 256, 0x7fffffff, 0xffffffffu};
  for (uint32_t i = 0; i < G_COUNT(kNumbers); ++i) {
    g_number(g_key("errno.%u", (unsigned)kNumbers[i]), load_text(kNumbers[i], NN_CPU));
  }
}

static void encodings_with_text(void) {
  uint32_t loaded = 0;
  for (uint32_t encoding = 0; encoding < 15; ++encoding) {
    int32_t error = load_text(encoding, NN_CPU);
    g_number(g_key("errno.%u", (unsigned)encoding), error);
    loaded += error == 0;
  }
  g_number("loaded", loaded);
}

// ------------------------------------------------------------------ targets

// What a graph of this target computes, or that it did not load.
static void print_target(const char* key, uint32_t target) {
  static const float kValues[] = {1, 2, 3};
  uint32_t graph;
  int32_t error = load_as(g_encoding(), target, &graph);
  g_number(key, error);
  uint32_t context = g_alloc(4), out = g_alloc(sizeof(kValues)), written = g_alloc(4);
  if (error == 0) error = nn_init(graph, context);
  if (error == 0) error = nn_set_floats(g_get_u32(context), 0, kValues, 3);
  if (error == 0) error = nn_compute(g_get_u32(context));
  if (error == 0) error = nn_get_output(g_get_u32(context), 0, out, sizeof(kValues), written);
  if (error == 0) {
    g_floats(g_key("%s.out", key), g_at(out), 3);
  } else {
    g_print(g_key("%s.out", key), "none");
  }
}

static void target_gpu_and_tpu(void) {
  uint32_t graph;
  print_target("gpu", NN_GPU);
  print_target("tpu", NN_TPU);
  int32_t error = load_as(g_encoding(), NN_CPU, &graph);
  g_number("cpu", error);
  if (error == 0) nn_print_alive(nn_open_context(graph));
}

static void target_unknown(void) {
  static const uint32_t kNumbers[] = {3, 4, 255, 256, 0x7fffffff, 0xffffffffu};
  uint32_t graph;
  for (uint32_t i = 0; i < G_COUNT(kNumbers); ++i) {
    g_number(g_key("errno.%u", (unsigned)kNumbers[i]), load_as(g_encoding(), kNumbers[i], &graph));
  }
}

static const g_case kCases[] = {
    {"type_0_is_f16", type_number},
    {"type_1_is_f32", type_number},
    {"type_2_is_f64", type_number},
    {"type_3_is_u8", type_number},
    {"type_4_is_i32", type_number},
    {"type_5_is_i64", type_number},
    {"type_unknown", type_unknown},
    {"old_type_0_is_f16", type_number},
    {"old_type_1_is_f32", type_number},
    {"old_type_2_is_u8", type_number},
    {"old_type_3_is_i32", type_number},
    {"old_and_new_told_apart", old_and_new_told_apart},
    {"encoding_of_the_model", encoding_of_the_model},
    {"encoding_autodetect", encoding_autodetect},
    {"encoding_of_another_framework", encoding_of_another_framework},
    {"encoding_cut_to_a_byte", encoding_cut_to_a_byte},
    {"encoding_unknown", encoding_unknown},
    {"encodings_with_text", encodings_with_text},
    {"target_gpu_and_tpu", target_gpu_and_tpu},
    {"target_unknown", target_unknown},
};

G_MAIN(kCases)
