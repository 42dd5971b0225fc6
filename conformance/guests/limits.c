// What a policy forbids is refused, and the guest goes on with the rest.
#include <nn.h>

static void contexts_are_counted(void) {
  uint32_t graph = nn_open_graph("identity_f32"), out = g_alloc(4), opened = 0, context = 0;
  int32_t error = 0;
  for (; opened < 100; ++opened) {
    error = nn_init(graph, out);
    if (error != 0) break;
    context = g_get_u32(out);
  }
  g_number("opened", opened);
  g_number("errno", error);
  nn_print_alive(context);
}

static void graphs_are_counted(void) {
  uint32_t name = g_copy("identity_f32", 12), out = g_alloc(4), opened = 0;
  int32_t error = 0;
  for (; opened < 100; ++opened) {
    error = nn_load_by_name(name, 12, out);
    if (error != 0) break;
  }
  g_number("opened", opened);
  g_number("errno", error);
  nn_print_alive(nn_open_context(g_get_u32(out)));
}

static void bytes_are_refused(void) {
  uint32_t out = g_alloc(4);
  g_put_u32(out, 77);
  g_number("errno", nn_load(nn_builders("identity_f32"), g_file_count("identity_f32"), g_encoding(),
                            g_target(), out));
  g_number("graph", g_get_u32(out));
}

static void builders_are_added_up(void) {
  // Each of the eight fits; together they do not.
  enum { COUNT = 8, SIZE = 100 };
  uint32_t bytes = g_alloc(SIZE), records = g_alloc(COUNT * NN_BUILDER_BYTES);
  memset(g_at(bytes), 'x', SIZE);
  for (uint32_t i = 0; i < COUNT; ++i) {
    g_put_u32(records + i * NN_BUILDER_BYTES, bytes);
    g_put_u32(records + i * NN_BUILDER_BYTES + 4, SIZE);
  }
  g_number("together", nn_load(records, COUNT, g_encoding(), g_target(), g_alloc(4)));
  g_number("one", nn_load(records, 1, g_encoding(), g_target(), g_alloc(4)));
}

static int32_t load(const char* name) {
  uint32_t size = (uint32_t)strlen(name);
  return nn_load_by_name(g_copy(name, size), size, g_alloc(4));
}

static void names_are_granted(void) {
  g_number("granted", load("identity_f32"));
  g_number("other", load("identity_u8"));
  g_number("unknown", load("nobody"));
  g_number("pattern", load("*"));
  nn_print_alive(nn_open("identity_f32"));
}

static void tensors_have_a_size(void) {
  static const float kValues[64];
  uint32_t context = nn_open("identity_f32");
  g_number("fits", nn_set_floats(context, 0, kValues, 16));
  g_number("more", nn_set_floats(context, 0, kValues, 17));
  g_number("much", nn_set_floats(context, 0, kValues, 64));
  nn_print_alive(context);
}

static void inputs_are_added_up(void) {
  static const float kValues[64];
  uint32_t graph = nn_open_graph("identity_f32"), set = 0, context = 0;
  int32_t error = 0;
  for (; set < 100; ++set) {
    context = nn_open_context(graph);
    error = nn_set_floats(context, 0, kValues, 64);
    if (error != 0) break;
  }
  g_number("set", set);
  g_number("errno", error);
}

static void computes_have_a_time(void) {
  static const float kValue = 1;
  uint32_t slow = nn_open("slow"), other = nn_open("identity_f32");
  nn_must_set_floats(slow, 0, &kValue, 1);
  g_number("compute", nn_compute(slow));
  g_number("get", nn_get_output(slow, 0, g_alloc(4), 4, g_alloc(4)));
  nn_print_alive(other);
}

static const g_case kCases[] = {
    {"contexts_are_counted", contexts_are_counted},
    {"contexts_of_each_guest", contexts_are_counted},
    {"graphs_are_counted", graphs_are_counted},
    {"bytes_are_refused", bytes_are_refused},
    {"bytes_have_a_size", bytes_are_refused},
    {"builders_are_added_up", builders_are_added_up},
    {"names_are_granted", names_are_granted},
    {"tensors_have_a_size", tensors_have_a_size},
    {"inputs_are_added_up", inputs_are_added_up},
    {"computes_have_a_time", computes_have_a_time},
};

G_MAIN(kCases)
