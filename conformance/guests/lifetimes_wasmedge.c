// Giving back graphs and contexts, as WasmEdge's guests do.
#include <nn.h>

static const float kValues[] = {1, 2, 3};
enum { BYTES = sizeof(kValues) };

static uint32_t computed(uint32_t graph) {
  uint32_t context = nn_open_context(graph);
  nn_must_set_floats(context, 0, kValues, 3);
  nn_must_compute(context);
  return context;
}

static void must_unload(uint32_t graph) {
  int32_t error = nn_unload(graph);
  if (error != 0) g_setup_failed("unload: errno %d", (int)error);
}

static void must_finalize(uint32_t context) {
  int32_t error = nn_finalize(context);
  if (error != 0) g_setup_failed("finalize_execution_context: errno %d", (int)error);
}

static void print_output(const char* key, uint32_t context) {
  uint32_t out = g_alloc(BYTES), written = g_alloc(4);
  int32_t error = nn_get_output(context, 0, out, BYTES, written);
  g_number(g_key("%s.errno", key), error);
  if (error == 0) g_floats(g_key("%s.out", key), g_at(out), 3);
}

static void unload_ends_the_graph(void) {
  uint32_t graph = nn_open_graph("identity_f32");
  g_number("unload", nn_unload(graph));
  g_number("init", nn_init(graph, g_alloc(4)));
}

static void unload_twice(void) {
  uint32_t graph = nn_open_graph("identity_f32");
  g_number("first", nn_unload(graph));
  g_number("second", nn_unload(graph));
}

static void unload_of_no_graph(void) {
  g_number("zero", nn_unload(0));
  g_number("large", nn_unload(1000));
  g_number("last", nn_unload(0xffffffffu));
}

static void unload_keeps_outputs(void) {
  uint32_t graph = nn_open_graph("identity_f32"), context = computed(graph);
  must_unload(graph);
  print_output("first", context);
  print_output("again", context);
}

static void unload_refuses_inputs(void) {
  uint32_t graph = nn_open_graph("identity_f32"), context = computed(graph);
  must_unload(graph);
  g_number("set", nn_set_floats(context, 0, kValues, 3));
  g_number("compute", nn_compute(context));
  print_output("get", context);
}

static void unload_leaves_other_graphs(void) {
  uint32_t one = nn_open_graph("identity_f32"), other = nn_open_graph("identity_f32");
  if (one == other) {
    g_print("alive", "one graph");
    return;
  }
  uint32_t context = nn_open_context(other);
  must_unload(one);
  nn_print_alive(context);
}

static void load_after_unload(void) {
  must_unload(nn_open_graph("identity_f32"));
  nn_print_alive(nn_open("identity_f32"));
}

static void finalize_ends_the_context(void) {
  uint32_t context = computed(nn_open_graph("identity_f32"));
  g_number("finalize", nn_finalize(context));
  g_number("set", nn_set_floats(context, 0, kValues, 3));
  g_number("compute", nn_compute(context));
  g_number("get", nn_get_output(context, 0, g_alloc(BYTES), BYTES, g_alloc(4)));
}

static void finalize_twice(void) {
  uint32_t context = nn_open("identity_f32");
  g_number("first", nn_finalize(context));
  g_number("second", nn_finalize(context));
}

static void finalize_of_no_context(void) {
  g_number("zero", nn_finalize(0));
  g_number("large", nn_finalize(1000));
  g_number("last", nn_finalize(0xffffffffu));
}

static void finalize_leaves_other_contexts(void) {
  uint32_t graph = nn_open_graph("identity_f32");
  uint32_t one = computed(graph), other = computed(graph);
  must_finalize(one);
  print_output("get", other);
  nn_print_alive(other);
}

static void finalize_after_unload(void) {
  uint32_t graph = nn_open_graph("identity_f32"), context = computed(graph);
  must_unload(graph);
  g_number("finalize", nn_finalize(context));
  g_number("get", nn_get_output(context, 0, g_alloc(BYTES), BYTES, g_alloc(4)));
}

static void unload_after_finalize(void) {
  uint32_t graph = nn_open_graph("identity_f32");
  must_finalize(computed(graph));
  g_number("unload", nn_unload(graph));
}

static void graphs_are_never_reused(void) {
  uint32_t first = nn_open_graph("identity_f32");
  must_unload(first);
  uint32_t second = nn_open_graph("identity_f32");
  must_unload(second);
  uint32_t third = nn_open_graph("identity_f32");
  g_print("graphs", "%u %u %u", (unsigned)first, (unsigned)second, (unsigned)third);
}

static void contexts_are_never_reused(void) {
  uint32_t graph = nn_open_graph("identity_f32");
  uint32_t first = nn_open_context(graph), second = nn_open_context(graph);
  must_finalize(second);
  must_finalize(first);
  uint32_t third = nn_open_context(graph);
  g_print("contexts", "%u %u %u", (unsigned)first, (unsigned)second, (unsigned)third);
}

static void contexts_come_and_go(void) {
  uint32_t graph = nn_open_graph("identity_f32"), out = g_alloc(4), rounds = 0;
  for (; rounds < 20000; ++rounds) {
    if (nn_init(graph, out) != 0 || nn_finalize(g_get_u32(out)) != 0) break;
  }
  g_number("rounds", rounds);
  nn_print_alive(nn_open_context(graph));
}

static void graphs_come_and_go(void) {
  uint32_t name = g_copy("identity_f32", 12), out = g_alloc(4), rounds = 0;
  for (; rounds < 2000; ++rounds) {
    if (nn_load_by_name(name, 12, out) != 0 || nn_unload(g_get_u32(out)) != 0) break;
  }
  g_number("rounds", rounds);
  nn_print_alive(nn_open("identity_f32"));
}

static const g_case kCases[] = {
    {"unload_ends_the_graph", unload_ends_the_graph},
    {"unload_twice", unload_twice},
    {"unload_of_no_graph", unload_of_no_graph},
    {"unload_keeps_outputs", unload_keeps_outputs},
    {"unload_refuses_inputs", unload_refuses_inputs},
    {"unload_leaves_other_graphs", unload_leaves_other_graphs},
    {"load_after_unload", load_after_unload},
    {"finalize_ends_the_context", finalize_ends_the_context},
    {"finalize_twice", finalize_twice},
    {"finalize_of_no_context", finalize_of_no_context},
    {"finalize_leaves_other_contexts", finalize_leaves_other_contexts},
    {"finalize_after_unload", finalize_after_unload},
    {"unload_after_finalize", unload_after_finalize},
    {"graphs_are_never_reused", graphs_are_never_reused},
    {"contexts_are_never_reused", contexts_are_never_reused},
    {"contexts_come_and_go", contexts_come_and_go},
    {"graphs_come_and_go", graphs_come_and_go},
};

G_MAIN(kCases)
