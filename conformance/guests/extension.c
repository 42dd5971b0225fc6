// wasinn's extension for core modules: import module wasinn_nn.
#include <nn.h>

enum { TEXT = 4096, NO_DEADLINE = -1 };
static const float kValues[] = {1, 2, 3};
enum { BYTES = sizeof(kValues) };

// Prints a text that a function gave.
static void print_text(const char* key, int32_t error, uint32_t text, uint32_t written) {
  g_number(g_key("%s.errno", key), error);
  if (error == 0) g_text(g_key("%s.text", key), g_at(text), g_get_u32(written));
}

static void print_last_error(const char* key) {
  uint32_t code = g_alloc(4), text = g_alloc(TEXT), written = g_alloc(4);
  int32_t error = nnx_last_error(code, text, TEXT, written);
  g_number(g_key("%s.code", key), g_get_u32(code));
  print_text(key, error, text, written);
}

// ------------------------------------------------------------------ errors

static void no_error_yet(void) { print_last_error("last"); }

static void error_names_the_model(void) {
  nn_load_by_name(g_copy("nobody", 6), 6, g_alloc(4));
  print_last_error("last");
}

static void error_says_expected_and_given(void) {
  static const uint32_t kFive = 5;
  static const float kFiveValues[5];
  uint32_t context = nn_open("identity_4");
  g_number("set", nn_set_input(context, 0, nn_tensor(&kFive, 1, NN_F32, kFiveValues, 20)));
  print_last_error("last");
}

static void error_stays_until_the_next(void) {
  nn_load_by_name(g_copy("nobody", 6), 6, g_alloc(4));
  nn_open("identity_f32");
  print_last_error("after_success");
  nn_compute(1000);
  print_last_error("after_failure");
}

static void error_text_in_a_small_buffer(void) {
  nn_load_by_name(g_copy("nobody", 6), 6, g_alloc(4));
  uint32_t code = g_alloc(4), text = g_alloc(TEXT), written = g_alloc(4);
  memset(g_at(text), 0xaa, 8);
  g_number("probe", nnx_last_error(code, text, 0, written));
  uint32_t needed = g_get_u32(written);
  g_number("needed", needed > 6);
  g_number("small", nnx_last_error(code, text, 3, written));
  g_hex("text", g_at(text), 8);
  g_number("exact", nnx_last_error(code, text, needed, written));
  g_number("same", g_get_u32(written) == needed);
}

static void names_of_codes(void) {
  uint32_t text = g_alloc(TEXT), written = g_alloc(4);
  static const uint32_t kCodes[] = {0, 1, 7, 14, 999, 0xffffffffu};
  for (uint32_t i = 0; i < G_COUNT(kCodes); ++i) {
    print_text(g_key("code%u", (unsigned)i), nnx_code_name(kCodes[i], text, TEXT, written), text,
               written);
  }
}

// ------------------------------------------------------------------ descriptions

static void description_of_a_graph(void) {
  uint32_t graph = nn_open_graph("pair"), text = g_alloc(TEXT), written = g_alloc(4);
  print_text("graph", nnx_describe_graph(graph, text, TEXT, written), text, written);
}

static void description_of_no_graph(void) {
  uint32_t text = g_alloc(TEXT), written = g_alloc(4);
  g_number("none", nnx_describe_graph(0, text, TEXT, written));
  g_number("last", nnx_describe_graph(0xffffffffu, text, TEXT, written));
}

static void description_of_the_host(void) {
  uint32_t text = g_alloc(65536), written = g_alloc(4);
  print_text("host", nnx_describe_host(text, 65536, written), text, written);
}

// ------------------------------------------------------------------ options

static int32_t init_with(uint32_t graph, const char* options, uint32_t* context) {
  uint32_t out = g_alloc(4), size = (uint32_t)strlen(options);
  g_put_u32(out, 77);
  int32_t error = nnx_init_with_options(graph, g_copy(options, size), size, out);
  *context = g_get_u32(out);
  return error;
}

static void options_of_a_context(void) {
  uint32_t graph = nn_open_graph("identity_f32"), context;
  int32_t error = init_with(graph, "{}", &context);
  g_number("none", error);
  if (error == 0) nn_print_alive(context);
  g_number("unknown", init_with(graph, "{\"no_such_option\": 1}", &context));
  g_number("context", context);
  g_number("not_json", init_with(graph, "hello", &context));
  g_number("list", init_with(graph, "[1]", &context));
  g_number("no_graph", init_with(graph + 1000, "{}", &context));
}

static void options_reach_the_backend(void) {
  uint32_t graph = nn_open_graph("identity_f32"), context;
  g_number("init", init_with(graph, "{\"fail\": \"runtime_error\"}", &context));
  nn_must_set_floats(context, 0, kValues, 3);
  g_number("compute", nn_compute(context));
  // And only this context.
  nn_print_alive(nn_open_context(graph));
}

// ------------------------------------------------------------------ computes under way

static uint32_t started(const char* model) {
  uint32_t context = nn_open(model);
  nn_must_set_floats(context, 0, kValues, 3);
  g_number("start", nnx_start(context));
  return context;
}

static void print_wait(const char* key, uint32_t context, uint32_t timeout) {
  uint32_t status = g_alloc(4);
  g_put_u32(status, 77);
  g_number(g_key("%s.errno", key), nnx_wait(context, timeout, status));
  g_number(g_key("%s.status", key), g_get_u32(status));
}

static void print_poll(const char* key, uint32_t context) {
  uint32_t status = g_alloc(4);
  g_put_u32(status, 77);
  g_number(g_key("%s.errno", key), nnx_poll(context, status));
  g_number(g_key("%s.status", key), g_get_u32(status));
}

static void start_and_wait(void) {
  uint32_t context = started("identity_f32");
  print_wait("wait", context, (uint32_t)NO_DEADLINE);
  print_poll("poll", context);
  g_floats("out", g_at(nn_must_get(context, 0, BYTES)), 3);
}

static void poll_while_it_runs(void) {
  uint32_t context = started("slow");
  print_poll("first", context);
  print_wait("short", context, 1);
  print_wait("end", context, (uint32_t)NO_DEADLINE);
  g_floats("out", g_at(nn_must_get(context, 0, BYTES)), 3);
}

static void two_at_the_same_time(void) {
  uint32_t a = nn_open("slow"), b = nn_open("slow");
  static const float kOther[] = {4, 5, 6};
  nn_must_set_floats(a, 0, kValues, 3);
  nn_must_set_floats(b, 0, kOther, 3);
  g_number("a.start", nnx_start(a));
  g_number("b.start", nnx_start(b));
  print_wait("b", b, (uint32_t)NO_DEADLINE);
  print_wait("a", a, (uint32_t)NO_DEADLINE);
  g_floats("a.out", g_at(nn_must_get(a, 0, BYTES)), 3);
  g_floats("b.out", g_at(nn_must_get(b, 0, BYTES)), 3);
}

static void busy_while_it_runs(void) {
  uint32_t context = started("slow");
  g_number("again", nnx_start(context));
  g_number("compute", nn_compute(context));
  print_wait("wait", context, (uint32_t)NO_DEADLINE);
}

static void cancelled(void) {
  uint32_t context = started("slow");
  g_number("cancel", nnx_cancel(context));
  print_poll("poll", context);
  g_number("get", nn_get_output(context, 0, g_alloc(BYTES), BYTES, g_alloc(4)));
}

static void cancel_comes_late(void) {
  uint32_t context = nn_open("identity_f32");
  g_number("never_started", nnx_cancel(context));
  g_number("no_context", nnx_cancel(context + 1000));
  nn_must_set_floats(context, 0, kValues, 3);
  g_number("start", nnx_start(context));
  print_wait("wait", context, (uint32_t)NO_DEADLINE);
  g_number("cancel", nnx_cancel(context));
  print_poll("poll", context);
  g_floats("out", g_at(nn_must_get(context, 0, BYTES)), 3);
}

static void failing_compute(void) {
  uint32_t context = started("fail");
  print_wait("wait", context, (uint32_t)NO_DEADLINE);
  print_last_error("last");
}

static void contexts_that_are_none(void) {
  uint32_t status = g_alloc(4), out = g_alloc(BYTES), written = g_alloc(4);
  g_number("start", nnx_start(1000));
  g_number("poll", nnx_poll(1000, status));
  g_number("wait", nnx_wait(1000, 0, status));
  g_number("read", nnx_read(1000, 0, out, BYTES, written));
}

// ------------------------------------------------------------------ reading while it runs

static void read_to_the_end(void) {
  static const char kText[] = "abcdefghijklmnop";
  enum { SIZE = sizeof(kText) - 1, PIECE = 5 };
  uint32_t size = SIZE, context = nn_open("stream"), at = 0, empty = 0;
  uint32_t out = g_alloc(PIECE), written = g_alloc(4), status = g_alloc(4);
  char got[SIZE + 1] = "";
  nn_must_set(context, 0, nn_tensor(&size, 1, NN_U8, kText, SIZE));
  g_number("start", nnx_start(context));
  int32_t error = 0;
  while (empty < 1000) {
    error = nnx_read(context, 0, out, PIECE, written);
    if (error != 0) break;
    uint32_t count = g_get_u32(written);
    if (count > PIECE || at + count > SIZE) g_setup_failed("read gave %u bytes", (unsigned)count);
    memcpy(got + at, g_at(out), count);
    at += count;
    if (count != 0) continue;
    ++empty;
    if (nnx_wait(context, (uint32_t)NO_DEADLINE, status) != 0) break;
  }
  g_number("end", error);
  g_text("got", got, at);
  uint32_t whole = nn_must_get(context, 0, SIZE);
  g_number("same", memcmp(g_at(whole), kText, SIZE) == 0);
}

static void pointers_past_the_end(void) {
  uint32_t graph = nn_open_graph("identity_f32"), context = nn_open_context(graph);
  uint32_t code = g_alloc(4), text = g_alloc(TEXT), written = g_alloc(4);
  const uint32_t far = 0xfff00000u;
  nn_must_set_floats(context, 0, kValues, 3);
  g_number("last_error.code", nnx_last_error(far, text, TEXT, written));
  g_number("last_error.text", nnx_last_error(code, far, TEXT, written));
  g_number("last_error.written", nnx_last_error(code, text, TEXT, far));
  g_number("code_name", nnx_code_name(1, far, TEXT, written));
  g_number("describe_graph", nnx_describe_graph(graph, far, TEXT, written));
  g_number("describe_host", nnx_describe_host(far, TEXT, written));
  g_number("options", nnx_init_with_options(graph, far, 2, written));
  g_number("context", nnx_init_with_options(graph, g_copy("{}", 2), 2, far));
  g_number("start", nnx_start(context));
  g_number("poll", nnx_poll(context, far));
  g_number("wait", nnx_wait(context, 0, far));
  g_number("end", nnx_wait(context, (uint32_t)NO_DEADLINE, written));
  g_number("read", nnx_read(context, 0, far, BYTES, written));
  g_number("read.written", nnx_read(context, 0, text, BYTES, far));
  nn_print_alive(context);
}

static const g_case kCases[] = {
    {"no_error_yet", no_error_yet},
    {"error_names_the_model", error_names_the_model},
    {"error_says_expected_and_given", error_says_expected_and_given},
    {"error_stays_until_the_next", error_stays_until_the_next},
    {"error_text_in_a_small_buffer", error_text_in_a_small_buffer},
    {"names_of_codes", names_of_codes},
    {"description_of_a_graph", description_of_a_graph},
    {"description_of_no_graph", description_of_no_graph},
    {"description_of_the_host", description_of_the_host},
    {"options_of_a_context", options_of_a_context},
    {"options_reach_the_backend", options_reach_the_backend},
    {"start_and_wait", start_and_wait},
    {"poll_while_it_runs", poll_while_it_runs},
    {"two_at_the_same_time", two_at_the_same_time},
    {"busy_while_it_runs", busy_while_it_runs},
    {"cancelled", cancelled},
    {"cancel_comes_late", cancel_comes_late},
    {"failing_compute", failing_compute},
    {"contexts_that_are_none", contexts_that_are_none},
    {"read_to_the_end", read_to_the_end},
    {"pointers_past_the_end", pointers_past_the_end},
};

G_MAIN(kCases)
