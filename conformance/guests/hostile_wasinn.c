// wasinn's own functions in the hands of guests that mean harm.
#include <nn.h>
#include <noise.h>

static void random_calls_wasinn(void) {
  enum { CALLS = 20000 };
  uint32_t graph = nn_open_graph("identity_f32"), context = nn_open_context(graph);
  uint32_t scratch = g_alloc(SCRATCH), failed = 0;
  for (uint32_t i = 0; i < CALLS; ++i) {
    spoil(scratch);
    int32_t error = 0;
    uint32_t out = out_address(scratch), max = roll(SCRATCH / 2);
    switch (roll(10)) {
      case 0:
        error = nnx_last_error(out_address(scratch), out, max, out_address(scratch));
        break;
      case 1:
        error = nnx_code_name(edge(), out, max, out_address(scratch));
        break;
      case 2:
        error = nnx_describe_graph(edge(), out, max, out_address(scratch));
        break;
      case 3:
        error = nnx_describe_host(out, max, out_address(scratch));
        break;
      case 4:
        error = nnx_init_with_options(edge(), in_address(scratch), edge(), out_address(scratch));
        break;
      case 5:
        error = nnx_start(edge_but_0());
        break;
      case 6:
        error = nnx_poll(edge(), out_address(scratch));
        break;
      case 7:
        error = nnx_wait(edge(), roll(2), out_address(scratch));
        break;
      case 8:
        error = nnx_cancel(edge());
        break;
      default:
        error = nnx_read(edge(), edge(), out, max, out_address(scratch));
    }
    failed += error != 0;
  }
  g_number("calls", CALLS);
  g_number("failed", failed);
  nn_print_alive(context);
}

// Starts that are cancelled at once, or waited for; each ends one way or the other, and the next
// compute works.
static void cancels_in_a_row(void) {
  enum { ROUNDS = 60 };
  static const float kValues[] = {1, 2, 3};
  uint32_t context = nn_open("identity_f32"), status = g_alloc(4), ended = 0;
  nn_must_set_floats(context, 0, kValues, 3);
  for (uint32_t i = 0; i < ROUNDS; ++i) {
    int32_t error = nnx_start(context);
    if (error != 0) g_setup_failed("start: errno %d", (int)error);
    if (i % 3 != 0) nnx_cancel(context);
    error = nnx_wait(context, 0xffffffffu, status);
    ended += error == 5 || (error == 0 && g_get_u32(status) == 2);
    // A cancelled compute may still be ending: until then its context is busy.
    while ((error = nn_compute(context)) == 4) continue;
    ended += error == 0;
  }
  g_number("ended", ended);
  nn_print_alive(context);
}

// Many contexts under way when the guest ends: the host tidies up.
static void ends_with_computes_under_way(void) {
  static const float kValues[] = {1, 2, 3};
  uint32_t graph = nn_open_graph("slow"), started = 0;
  for (int i = 0; i < 20; ++i) {
    uint32_t context = nn_open_context(graph);
    nn_must_set_floats(context, 0, kValues, 3);
    started += nnx_start(context) == 0;
  }
  g_number("started", started);
}

static const g_case kCases[] = {
    {"random_calls_wasinn", random_calls_wasinn},
    {"cancels_in_a_row", cancels_in_a_row},
    {"cancels_together", cancels_in_a_row},
    {"ends_with_computes_under_way", ends_with_computes_under_way},
};

G_MAIN(kCases)
