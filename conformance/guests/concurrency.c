// Several guests in one host work at the same time. Each prints the same lines.
#include <nn.h>
#include <time.h>

enum { ROUNDS = 200, CONTEXTS = 8 };
static const uint32_t kOne = 1;

// A number that no other guest or round is likely to send.
G_STATE uint32_t seed;
static float next_value(void) {
  if (seed == 0) {
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    seed = (uint32_t)now.tv_nsec | 1;
  }
  seed = seed * 1664525u + 1013904223u;
  return (float)(seed >> 8);
}

static void values_do_not_mix(void) {
  uint32_t context = nn_open("identity_f32"), right = 0;
  uint32_t data = g_alloc(4), out = g_alloc(4), written = g_alloc(4);
  uint32_t tensor = nn_tensor_at(g_copy(&kOne, 4), 1, NN_F32, data, 4);
  for (uint32_t i = 0; i < ROUNDS; ++i) {
    float value = next_value();
    memcpy(g_at(data), &value, 4);
    right += nn_set_input(context, 0, tensor) == 0 && nn_compute(context) == 0 &&
             nn_get_output(context, 0, out, 4, written) == 0 && memcmp(g_at(out), &value, 4) == 0;
  }
  g_number("right", right);
}

static void contexts_do_not_mix(void) {
  uint32_t graph = nn_open_graph("identity_f32"), right = 0;
  uint32_t contexts[CONTEXTS], out = g_alloc(4), written = g_alloc(4);
  float values[CONTEXTS];
  for (uint32_t i = 0; i < CONTEXTS; ++i) contexts[i] = nn_open_context(graph);
  for (uint32_t round = 0; round < ROUNDS / CONTEXTS; ++round) {
    for (uint32_t i = 0; i < CONTEXTS; ++i) {
      values[i] = next_value();
      nn_must_set_floats(contexts[i], 0, &values[i], 1);
    }
    for (uint32_t i = CONTEXTS; i-- > 0;) nn_must_compute(contexts[i]);
    for (uint32_t i = 0; i < CONTEXTS; ++i) {
      right += nn_get_output(contexts[i], 0, out, 4, written) == 0 &&
               memcmp(g_at(out), &values[i], 4) == 0;
    }
  }
  g_number("right", right);
}

static void handles_are_the_guests_own(void) {
  uint32_t graph = nn_open_graph("identity_f32"), context = nn_open_context(graph), seen = 0;
  uint32_t out = g_alloc(64), written = g_alloc(4);
  nn_must_set_floats(context, 0, (const float[]){1, 2, 3}, 3);
  nn_must_compute(context);
  // Other guests have outputs now, too; their handles are not ours.
  for (uint32_t i = 1; i < 1000; ++i) {
    seen += nn_get_output(context + i, 0, out, 64, written) == 0;
  }
  g_number("seen", seen);
  nn_print_alive(context);
}

static void same_bytes(void) {
  uint32_t builders = nn_builders("identity_f32"), count = g_file_count("identity_f32");
  uint32_t out = g_alloc(4), loaded = 0;
  for (int i = 0; i < 10; ++i) {
    loaded += nn_load(builders, count, g_encoding(), g_target(), out) == 0;
  }
  g_number("loaded", loaded);
  if (loaded > 0) nn_print_alive(nn_open_context(g_get_u32(out)));
}

static void first_use_of_a_name(void) { nn_print_alive(nn_open("identity_f32")); }

static void slow_model(void) {
  float value = next_value();
  uint32_t context = nn_open("slow");
  nn_must_set_floats(context, 0, &value, 1);
  uint32_t out = nn_run("run", context, 0, 4);
  if (out != 0) g_number("same", memcmp(g_at(out), &value, 4) == 0);
}

static void failing_beside_working(void) {
  uint32_t bad = nn_open("fail"), good = nn_open("identity_f32"), failed = 0, right = 0;
  uint32_t out = g_alloc(4), written = g_alloc(4);
  for (uint32_t i = 0; i < 50; ++i) {
    float value = next_value();
    nn_must_set_floats(bad, 0, &value, 1);
    failed += nn_compute(bad) != 0;
    nn_must_set_floats(good, 0, &value, 1);
    right += nn_compute(good) == 0 && nn_get_output(good, 0, out, 4, written) == 0 &&
             memcmp(g_at(out), &value, 4) == 0;
  }
  g_number("failed", failed);
  g_number("right", right);
}

static void several_ports(void) {
  static const uint32_t kTwo = 2;
  uint32_t context = nn_open("pair"), right = 0;
  for (uint32_t i = 0; i < 50; ++i) {
    const float a[] = {next_value(), next_value()};
    const int64_t b[] = {(int64_t)next_value(), -(int64_t)next_value()};
    nn_must_set_floats(context, 0, a, 2);
    nn_must_set(context, 1, nn_tensor(&kTwo, 1, NN_I64, b, sizeof(b)));
    nn_must_compute(context);
    right += memcmp(g_at(nn_must_get(context, 0, sizeof(a))), a, sizeof(a)) == 0 &&
             memcmp(g_at(nn_must_get(context, 1, sizeof(b))), b, sizeof(b)) == 0;
  }
  g_number("right", right);
}

static void large_tensors(void) {
  enum { ELEMENTS = 602112 / 4 };
  static const uint32_t kPicture[] = {1, 3, 224, 224};
  uint32_t context = nn_open("identity_602112"), right = 0;
  uint32_t data = g_alloc(ELEMENTS * 4), out = g_alloc(ELEMENTS * 4), written = g_alloc(4);
  uint32_t tensor = nn_tensor_at(g_copy(kPicture, 16), 4, NN_F32, data, ELEMENTS * 4);
  for (uint32_t round = 0; round < 10; ++round) {
    float value = next_value();
    for (uint32_t i = 0; i < ELEMENTS; ++i) memcpy((uint8_t*)g_at(data) + i * 4, &value, 4);
    right += nn_set_input(context, 0, tensor) == 0 && nn_compute(context) == 0 &&
             nn_get_output(context, 0, out, ELEMENTS * 4, written) == 0 &&
             memcmp(g_at(out), g_at(data), ELEMENTS * 4) == 0;
  }
  g_number("right", right);
}

static const g_case kCases[] = {
    {"values_do_not_mix", values_do_not_mix},
    {"contexts_do_not_mix", contexts_do_not_mix},
    {"handles_are_the_guests_own", handles_are_the_guests_own},
    {"same_bytes", same_bytes},
    {"first_use_of_a_name", first_use_of_a_name},
    {"slow_model", slow_model},
    {"failing_beside_working", failing_beside_working},
    {"several_ports", several_ports},
    {"large_tensors", large_tensors},
};

G_MAIN(kCases)
