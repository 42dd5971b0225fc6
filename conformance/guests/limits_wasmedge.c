// What was given back does not count, and no function is a way around a rule.
#include <nn.h>

static void contexts_given_back_do_not_count(void) {
  uint32_t graph = nn_open_graph("identity_f32"), out = g_alloc(4), rounds = 0;
  for (; rounds < 100; ++rounds) {
    if (nn_init(graph, out) != 0 || nn_finalize(g_get_u32(out)) != 0) break;
  }
  g_number("rounds", rounds);
  nn_print_alive(nn_open_context(graph));
}

static void graphs_given_back_do_not_count(void) {
  uint32_t name = g_copy("identity_f32", 12), out = g_alloc(4), rounds = 0;
  for (; rounds < 100; ++rounds) {
    if (nn_load_by_name(name, 12, out) != 0 || nn_unload(g_get_u32(out)) != 0) break;
  }
  g_number("rounds", rounds);
  nn_print_alive(nn_open("identity_f32"));
}

static void inputs_given_back_do_not_count(void) {
  static const float kValues[64];
  uint32_t graph = nn_open_graph("identity_f32"), rounds = 0;
  for (; rounds < 100; ++rounds) {
    uint32_t context = nn_open_context(graph);
    if (nn_set_floats(context, 0, kValues, 64) != 0 || nn_finalize(context) != 0) break;
  }
  g_number("rounds", rounds);
}

static void names_with_a_config_are_granted(void) {
  uint32_t config = g_copy("{}", 2), out = g_alloc(4);
  g_number("granted", nn_load_by_name_with_config(g_copy("identity_f32", 12), 12, config, 2, out));
  g_number("other", nn_load_by_name_with_config(g_copy("identity_u8", 11), 11, config, 2, out));
}

static const g_case kCases[] = {
    {"contexts_given_back_do_not_count", contexts_given_back_do_not_count},
    {"graphs_given_back_do_not_count", graphs_given_back_do_not_count},
    {"inputs_given_back_do_not_count", inputs_given_back_do_not_count},
    {"names_with_a_config_are_granted", names_with_a_config_are_granted},
};

G_MAIN(kCases)
