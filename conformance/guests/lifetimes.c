// How long graphs, contexts, inputs and outputs live.
#include <nn.h>

static const float kFirst[] = {1, 2, 3}, kSecond[] = {4, 5, 6};
enum { BYTES = sizeof(kFirst) };

static void print_output(const char* key, uint32_t context) {
  uint32_t out = g_alloc(BYTES), written = g_alloc(4);
  int32_t error = nn_get_output(context, 0, out, BYTES, written);
  g_number(g_key("%s.errno", key), error);
  if (error == 0) g_floats(g_key("%s.out", key), g_at(out), 3);
}

static void handles_count_from_zero(void) {
  uint32_t handles[3], contexts[3];
  for (int i = 0; i < 3; ++i) handles[i] = nn_open_graph("identity_f32");
  for (int i = 0; i < 3; ++i) contexts[i] = nn_open_context(handles[1]);
  g_print("graphs", "%u %u %u", (unsigned)handles[0], (unsigned)handles[1], (unsigned)handles[2]);
  g_print("contexts", "%u %u %u", (unsigned)contexts[0], (unsigned)contexts[1],
          (unsigned)contexts[2]);
}

static void contexts_are_distinct(void) {
  uint32_t graph = nn_open_graph("identity_f32");
  uint32_t a = nn_open_context(graph), b = nn_open_context(graph), c = nn_open_context(graph);
  g_number("distinct", a != b && b != c && a != c);
}

static void compute_repeats(void) {
  uint32_t context = nn_open("identity_f32");
  nn_must_set_floats(context, 0, kFirst, 3);
  g_number("first", nn_compute(context));
  g_number("second", nn_compute(context));
  g_number("third", nn_compute(context));
  print_output("get", context);
}

static void inputs_stay_set(void) {
  static const float kA[] = {1, 2}, kC[] = {7, 8};
  static const int64_t kB[] = {3, 4};
  static const uint32_t kTwo = 2;
  uint32_t context = nn_open("pair");
  nn_must_set_floats(context, 0, kA, 2);
  nn_must_set(context, 1, nn_tensor(&kTwo, 1, NN_I64, kB, sizeof(kB)));
  nn_must_compute(context);
  nn_must_set_floats(context, 0, kC, 2);
  g_number("compute", nn_compute(context));
  g_floats("a2", g_at(nn_must_get(context, 0, sizeof(kC))), 2);
  g_longs("b2", g_at(nn_must_get(context, 1, sizeof(kB))), 2);
}

static void outputs_stay_until_the_next_compute(void) {
  uint32_t context = nn_open("identity_f32");
  nn_must_set_floats(context, 0, kFirst, 3);
  nn_must_compute(context);
  nn_must_set_floats(context, 0, kSecond, 3);
  print_output("before", context);
  nn_must_compute(context);
  print_output("after", context);
}

static void output_is_read_twice(void) {
  uint32_t context = nn_open("identity_f32");
  nn_must_set_floats(context, 0, kFirst, 3);
  nn_must_compute(context);
  print_output("first", context);
  print_output("second", context);
}

static void contexts_of_one_graph(void) {
  uint32_t graph = nn_open_graph("identity_f32");
  uint32_t a = nn_open_context(graph), b = nn_open_context(graph);
  nn_must_set_floats(a, 0, kFirst, 3);
  nn_must_set_floats(b, 0, kSecond, 3);
  nn_must_compute(b);
  nn_must_compute(a);
  print_output("a", a);
  print_output("b", b);
}

static void graphs_of_one_name(void) {
  uint32_t a = nn_open("identity_f32"), b = nn_open("identity_f32");
  nn_must_set_floats(a, 0, kFirst, 3);
  nn_must_compute(a);
  nn_must_set_floats(b, 0, kSecond, 3);
  nn_must_compute(b);
  print_output("a", a);
  print_output("b", b);
}

static void graphs_of_two_names(void) {
  static const uint8_t kBytes[] = {9, 8, 7};
  static const uint32_t kThree = 3;
  uint32_t a = nn_open("identity_f32"), b = nn_open("identity_u8");
  nn_must_set_floats(a, 0, kFirst, 3);
  nn_must_set(b, 0, nn_tensor(&kThree, 1, NN_U8, kBytes, 3));
  nn_must_compute(a);
  nn_must_compute(b);
  print_output("a", a);
  g_hex("b", g_at(nn_must_get(b, 0, 3)), 3);
}

// Opens contexts until one is refused or there are `max`; each of some is really used.
static void many(uint32_t max) {
  uint32_t graph = nn_open_graph("identity_f32"), out = g_alloc(4), opened = 0, right = 0;
  uint32_t buffer = g_alloc(BYTES), written = g_alloc(4);
  uint32_t tensor = nn_tensor((const uint32_t[]){3}, 1, NN_F32, kFirst, BYTES);
  int32_t error = 0;
  for (; opened < max; ++opened) {
    error = nn_init(graph, out);
    if (error != 0) break;
    uint32_t context = g_get_u32(out);
    if (nn_set_input(context, 0, tensor) != 0 || nn_compute(context) != 0) continue;
    right += nn_get_output(context, 0, buffer, BYTES, written) == 0 &&
             memcmp(g_at(buffer), kFirst, BYTES) == 0;
  }
  g_number("opened", opened);
  g_number("right", right);
  g_number("errno", error);
}

static void hundred_contexts(void) { many(100); }
static void ten_thousand_contexts(void) { many(10000); }

static void contexts_backwards(void) {
  enum { CONTEXTS = 100 };
  uint32_t graph = nn_open_graph("identity_f32"), right = 0;
  uint32_t contexts[CONTEXTS];
  for (uint32_t i = 0; i < CONTEXTS; ++i) {
    float value = (float)i;
    contexts[i] = nn_open_context(graph);
    nn_must_set_floats(contexts[i], 0, &value, 1);
  }
  for (uint32_t i = CONTEXTS; i-- > 0;) nn_must_compute(contexts[i]);
  for (uint32_t i = 0; i < CONTEXTS; ++i) {
    float value = (float)i;
    right += memcmp(g_at(nn_must_get(contexts[i], 0, 4)), &value, 4) == 0;
  }
  g_number("right", right);
}

static void thousand_graphs(void) {
  uint32_t name = g_copy("identity_f32", 12), out = g_alloc(4), opened = 0;
  for (; opened < 1000; ++opened) {
    if (nn_load_by_name(name, 12, out) != 0) break;
  }
  g_number("opened", opened);
  nn_print_alive(nn_open_context(g_get_u32(out)));
}

static void graphs_from_bytes(void) {
  uint32_t builders = nn_builders("identity_f32"), count = g_file_count("identity_f32");
  uint32_t out = g_alloc(4), opened = 0;
  for (; opened < 50; ++opened) {
    if (nn_load(builders, count, g_encoding(), g_target(), out) != 0) break;
  }
  g_number("opened", opened);
  if (opened > 0) nn_print_alive(nn_open_context(g_get_u32(out)));
}

static void thousand_computes(void) {
  uint32_t context = nn_open("identity_f32"), right = 0, out = g_alloc(4), written = g_alloc(4);
  uint32_t data = g_alloc(4),
           tensor = nn_tensor_at(g_copy((const uint32_t[]){1}, 4), 1, NN_F32, data, 4);
  for (uint32_t i = 0; i < 1000; ++i) {
    float value = (float)i;
    memcpy(g_at(data), &value, 4);
    right += nn_set_input(context, 0, tensor) == 0 && nn_compute(context) == 0 &&
             nn_get_output(context, 0, out, 4, written) == 0 && memcmp(g_at(out), &value, 4) == 0;
  }
  g_number("right", right);
}

static const g_case kCases[] = {
    {"handles_count_from_zero", handles_count_from_zero},
    {"contexts_are_distinct", contexts_are_distinct},
    {"compute_repeats", compute_repeats},
    {"inputs_stay_set", inputs_stay_set},
    {"outputs_stay_until_the_next_compute", outputs_stay_until_the_next_compute},
    {"output_is_read_twice", output_is_read_twice},
    {"contexts_of_one_graph", contexts_of_one_graph},
    {"graphs_of_one_name", graphs_of_one_name},
    {"graphs_of_two_names", graphs_of_two_names},
    {"hundred_contexts", hundred_contexts},
    {"ten_thousand_contexts", ten_thousand_contexts},
    {"contexts_backwards", contexts_backwards},
    {"thousand_graphs", thousand_graphs},
    {"graphs_from_bytes", graphs_from_bytes},
    {"thousand_computes", thousand_computes},
};

G_MAIN(kCases)
