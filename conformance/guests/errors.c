// Which errno each mistake gives, and that nothing is left behind.
#include <nn.h>

static const float kValues[] = {1, 2, 3};
static const uint32_t kThree = 3;
enum { BYTES = sizeof(kValues), FILL = 0xaa };

static void before_any_load(void) {
  uint32_t out = g_alloc(4), written = g_alloc(4), buffer = g_alloc(BYTES);
  g_put_u32(out, 77);
  g_number("init", nn_init(0, out));
  g_number("set", nn_set_floats(0, 0, kValues, 3));
  g_number("compute", nn_compute(0));
  g_number("get", nn_get_output(0, 0, buffer, BYTES, written));
  g_number("context", g_get_u32(out));
}

static const uint32_t kHandles[] = {1, 2, 1000, 0x7fffffff, 0xffffffffu};

static void init_of_no_graph(void) {
  uint32_t graph = nn_open_graph("identity_f32"), out = g_alloc(4);
  g_put_u32(out, 77);
  for (uint32_t i = 0; i < G_COUNT(kHandles); ++i) {
    g_number(g_key("errno.%u", (unsigned)i), nn_init(graph + kHandles[i], out));
  }
  g_number("context", g_get_u32(out));
  nn_print_alive(nn_open_context(graph));
}

static void set_input_of_no_context(void) {
  uint32_t context = nn_open("identity_f32");
  for (uint32_t i = 0; i < G_COUNT(kHandles); ++i) {
    g_number(g_key("errno.%u", (unsigned)i), nn_set_floats(context + kHandles[i], 0, kValues, 3));
  }
  nn_print_alive(context);
}

static void compute_of_no_context(void) {
  uint32_t context = nn_open("identity_f32");
  for (uint32_t i = 0; i < G_COUNT(kHandles); ++i) {
    g_number(g_key("errno.%u", (unsigned)i), nn_compute(context + kHandles[i]));
  }
  nn_print_alive(context);
}

static void get_output_of_no_context(void) {
  uint32_t context = nn_open("identity_f32"), out = g_alloc(BYTES), written = g_alloc(4);
  nn_must_set_floats(context, 0, kValues, 3);
  nn_must_compute(context);
  memset(g_at(out), FILL, BYTES);
  for (uint32_t i = 0; i < G_COUNT(kHandles); ++i) {
    g_number(g_key("errno.%u", (unsigned)i),
             nn_get_output(context + kHandles[i], 0, out, BYTES, written));
  }
  g_hex("out", g_at(out), BYTES);
}

static void compute_without_input(void) {
  uint32_t context = nn_open("identity_f32");
  g_number("errno", nn_compute(context));
  nn_print_alive(context);
}

static void get_output_before_compute(void) {
  uint32_t context = nn_open("identity_f32"), out = g_alloc(BYTES), written = g_alloc(4);
  memset(g_at(out), FILL, BYTES);
  g_number("fresh", nn_get_output(context, 0, out, BYTES, written));
  nn_must_set_floats(context, 0, kValues, 3);
  g_number("set", nn_get_output(context, 0, out, BYTES, written));
  g_hex("out", g_at(out), BYTES);
  nn_print_alive(context);
}

static void get_output_after_failed_compute(void) {
  uint32_t context = nn_open("fail"), out = g_alloc(BYTES), written = g_alloc(4);
  memset(g_at(out), FILL, BYTES);
  nn_must_set_floats(context, 0, kValues, 3);
  g_number("compute", nn_compute(context));
  g_number("get", nn_get_output(context, 0, out, BYTES, written));
  g_hex("out", g_at(out), BYTES);
  g_number("again", nn_compute(context));
}

static void index_of_no_input(void) {
  uint32_t context = nn_open("identity_f32");
  g_number("one", nn_set_floats(context, 1, kValues, 3));
  g_number("last", nn_set_floats(context, 0xffffffffu, kValues, 3));
  nn_print_alive(context);
}

static void index_of_no_output(void) {
  uint32_t context = nn_open("identity_f32"), out = g_alloc(BYTES), written = g_alloc(4);
  nn_must_set_floats(context, 0, kValues, 3);
  nn_must_compute(context);
  memset(g_at(out), FILL, BYTES);
  g_number("one", nn_get_output(context, 1, out, BYTES, written));
  g_number("last", nn_get_output(context, 0xffffffffu, out, BYTES, written));
  g_hex("out", g_at(out), BYTES);
}

static void buffer_too_small(void) {
  uint32_t context = nn_open("identity_f32"), out = g_alloc(BYTES), written = g_alloc(4);
  nn_must_set_floats(context, 0, kValues, 3);
  nn_must_compute(context);
  memset(g_at(out), FILL, BYTES);
  static const uint32_t kSizes[] = {0, 1, 8, 11};
  for (uint32_t i = 0; i < G_COUNT(kSizes); ++i) {
    g_put_u32(written, 77);
    g_number(g_key("errno.%u", (unsigned)kSizes[i]),
             nn_get_output(context, 0, out, kSizes[i], written));
    g_number(g_key("needed.%u", (unsigned)kSizes[i]), g_get_u32(written));
  }
  g_hex("out", g_at(out), BYTES);
  g_number("whole", nn_get_output(context, 0, out, BYTES, written));
  g_floats("values", g_at(out), 3);
}

static void size_probe(void) {
  uint32_t context = nn_open("identity_f32"), written = g_alloc(4);
  nn_must_set_floats(context, 0, kValues, 3);
  nn_must_compute(context);
  // No buffer at all: the usual way to ask for the size.
  int32_t error = nn_get_output(context, 0, 0, 0, written);
  g_number("errno", error);
  uint32_t size = g_get_u32(written);
  g_number("needed", size);
  if (size != BYTES) return;
  uint32_t out = g_alloc(size);
  g_number("get", nn_get_output(context, 0, out, size, written));
  g_floats("values", g_at(out), 3);
}

static void probe_of_an_empty_output(void) {
  static const uint32_t kDims[] = {0, 3, 2};
  uint32_t context = nn_open("dynamic"), written = g_alloc(4);
  nn_must_set(context, 0, nn_tensor(kDims, 3, NN_F32, NULL, 0));
  nn_must_compute(context);
  g_put_u32(written, 77);
  g_number("errno", nn_get_output(context, 0, 0, 0, written));
  g_number("needed", g_get_u32(written));
}

static void good_input_stays_after_bad_one(void) {
  static const uint32_t kFive = 5;
  uint32_t context = nn_open("identity_f32");
  nn_must_set_floats(context, 0, kValues, 3);
  g_number("bad", nn_set_input(context, 0, nn_tensor(&kFive, 1, NN_F32, kValues, BYTES)));
  uint32_t out = nn_run("run", context, 0, BYTES);
  if (out != 0) g_floats("out", g_at(out), 3);
}

static void failed_load_leaves_the_graph_alone(void) {
  uint32_t out = g_alloc(4);
  g_put_u32(out, 77);
  g_number("name", nn_load_by_name(g_copy("nobody", 6), 6, out));
  g_number("graph", g_get_u32(out));
  // A failed load uses up no handle: the next two follow each other as they would.
  uint32_t first = nn_open_graph("identity_f32");
  nn_load_by_name(g_copy("nobody", 6), 6, out);
  uint32_t second = nn_open_graph("identity_f32");
  g_number("step", (int64_t)second - first);
}

static void failing_model(void) {
  uint32_t context = nn_open("fail"), other = nn_open("identity_f32");
  nn_must_set_floats(context, 0, kValues, 3);
  g_number("compute", nn_compute(context));
  nn_print_alive(other);
}

static void graph_is_no_context(void) {
  // As long as there is no context, a graph's number is that of no context.
  uint32_t graph = nn_open_graph("identity_f32");
  g_number("compute", nn_compute(graph));
  nn_print_alive(nn_open_context(graph));
}

static void unknown_rank_0_of_vector(void) {
  uint32_t context = nn_open("identity_f32");
  int32_t error = nn_set_input(context, 0, nn_tensor(&kThree, 0, NN_F32, kValues, BYTES));
  if (error == 0) error = nn_compute(context);
  g_number("errno", error);
  nn_print_alive(context);
}

static const g_case kCases[] = {
    {"before_any_load", before_any_load},
    {"init_of_no_graph", init_of_no_graph},
    {"set_input_of_no_context", set_input_of_no_context},
    {"compute_of_no_context", compute_of_no_context},
    {"get_output_of_no_context", get_output_of_no_context},
    {"compute_without_input", compute_without_input},
    {"get_output_before_compute", get_output_before_compute},
    {"get_output_after_failed_compute", get_output_after_failed_compute},
    {"index_of_no_input", index_of_no_input},
    {"index_of_no_output", index_of_no_output},
    {"buffer_too_small", buffer_too_small},
    {"size_probe", size_probe},
    {"probe_of_an_empty_output", probe_of_an_empty_output},
    {"good_input_stays_after_bad_one", good_input_stays_after_bad_one},
    {"failed_load_leaves_the_graph_alone", failed_load_leaves_the_graph_alone},
    {"failing_model", failing_model},
    {"graph_is_no_context", graph_is_no_context},
    {"no_dims_for_three_elements", unknown_rank_0_of_vector},
};

G_MAIN(kCases)
