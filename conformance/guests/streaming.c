// Answers piece by piece, as WasmEdge's guests take them.
#include <nn.h>

enum { MOST = 64 };
static const char kText[] = "abcdefgh";
enum { SIZE = sizeof(kText) - 1 };

static void must_set_text(uint32_t context, const char* text, uint32_t size) {
  nn_must_set(context, 0, nn_tensor(&size, 1, NN_U8, text, size));
}

static uint32_t open_stream(void) {
  uint32_t context = nn_open("stream");
  must_set_text(context, kText, SIZE);
  return context;
}

static void print_chunk(const char* key, uint32_t context) {
  uint32_t out = g_alloc(MOST), written = g_alloc(4);
  int32_t error = nn_get_output_single(context, 0, out, MOST, written);
  g_number(g_key("%s.get", key), error);
  if (error == 0) g_text(g_key("%s.chunk", key), g_at(out), g_get_u32(written));
}

static int32_t step(const char* key, uint32_t context) {
  int32_t error = nn_compute_single(context);
  g_number(g_key("%s.errno", key), error);
  if (error == 0) print_chunk(key, context);
  return error;
}

static void chunks_one_by_one(void) {
  uint32_t context = open_stream();
  for (uint32_t i = 0; i < 6; ++i) {
    if (step(g_key("step%u", (unsigned)i), context) != 0) break;
  }
  g_number("fini", nn_fini_single(context));
}

static void starts_over_after_the_end(void) {
  uint32_t context = open_stream();
  for (uint32_t i = 0; i < 6 && nn_compute_single(context) == 0; ++i) continue;
  step("next", context);
}

static void starts_over_after_fini(void) {
  uint32_t context = open_stream();
  step("first", context);
  g_number("fini", nn_fini_single(context));
  step("next", context);
}

static void next_input_after_fini(void) {
  uint32_t context = open_stream();
  step("first", context);
  g_number("fini", nn_fini_single(context));
  must_set_text(context, "xyz", 3);
  step("next", context);
  step("end", context);
}

static void small_buffer_loses_nothing(void) {
  uint32_t context = open_stream(), written = g_alloc(4), out = g_alloc(MOST);
  g_number("step", nn_compute_single(context));
  memset(g_at(out), 0xaa, MOST);
  g_number("probe", nn_get_output_single(context, 0, out, 0, written));
  g_number("needed", g_get_u32(written));
  g_number("small", nn_get_output_single(context, 0, out, 2, written));
  g_hex("out", g_at(out), 4);
  print_chunk("whole", context);
  step("next", context);
}

static void chunk_is_read_twice(void) {
  uint32_t context = open_stream();
  step("first", context);
  print_chunk("again", context);
}

static void unread_chunk_is_passed_over(void) {
  uint32_t context = open_stream();
  g_number("first", nn_compute_single(context));
  step("second", context);
}

static void whole_answer_by_compute(void) {
  uint32_t context = open_stream();
  uint32_t out = nn_run("run", context, 0, MOST);
  if (out != 0) g_text("out", g_at(out), SIZE);
}

static void whole_answer_after_a_stream(void) {
  uint32_t context = open_stream();
  step("first", context);
  g_number("fini", nn_fini_single(context));
  uint32_t out = nn_run("run", context, 0, MOST);
  if (out != 0) g_text("out", g_at(out), SIZE);
}

static void contexts_interleaved(void) {
  uint32_t graph = nn_open_graph("stream");
  uint32_t a = nn_open_context(graph), b = nn_open_context(graph);
  must_set_text(a, kText, SIZE);
  must_set_text(b, "12345678", 8);
  step("a0", a);
  step("b0", b);
  step("a1", a);
  step("b1", b);
  g_number("fini", nn_fini_single(a));
  step("b2", b);
  step("b3", b);
}

static void many_chunks(void) {
  enum { BYTES = 3000, CHUNK = 3 };
  uint32_t context = nn_open("stream"), out = g_alloc(MOST), written = g_alloc(4);
  uint32_t size = BYTES, data = g_alloc(BYTES), at = 0, chunks = 0;
  for (uint32_t i = 0; i < BYTES; ++i) ((uint8_t*)g_at(data))[i] = (uint8_t)(i * 31 + i / 256);
  nn_must_set(context, 0, nn_tensor_at(g_copy(&size, 4), 1, NN_U8, data, BYTES));
  int32_t error;
  bool same = true;
  while ((error = nn_compute_single(context)) == 0 && at < BYTES) {
    if (nn_get_output_single(context, 0, out, MOST, written) != 0) break;
    uint32_t got = g_get_u32(written);
    same = same && at + got <= BYTES && memcmp(g_at(out), (uint8_t*)g_at(data) + at, got) == 0;
    at += got;
    ++chunks;
  }
  g_number("end", error);
  g_number("chunks", chunks);
  g_number("bytes", at);
  g_number("same", same);
}

static void no_bytes(void) {
  uint32_t context = nn_open("stream"), steps = 0;
  must_set_text(context, "", 0);
  int32_t error = 0;
  while (steps < 3 && (error = nn_compute_single(context)) == 0) ++steps;
  g_number("end", error);
  g_number("steps", steps);
}

static void model_that_does_not_stream(void) {
  static const float kValues[] = {1, 2, 3};
  uint32_t context = nn_open("identity_f32"), out = g_alloc(12), written = g_alloc(4);
  nn_must_set_floats(context, 0, kValues, 3);
  int32_t error = nn_compute_single(context);
  g_number("first", error);
  if (error == 0) {
    g_number("get", nn_get_output_single(context, 0, out, 12, written));
    g_floats("out", g_at(out), 3);
    g_number("second", nn_compute_single(context));
    g_number("fini", nn_fini_single(context));
  } else {
    g_print("out", "none");
  }
  nn_print_alive(context);
}

static void before_anything(void) {
  uint32_t context = nn_open("stream"), out = g_alloc(MOST), written = g_alloc(4);
  g_number("get", nn_get_output_single(context, 0, out, MOST, written));
  g_number("compute", nn_compute_single(context));
  g_number("fini", nn_fini_single(context));
  must_set_text(context, kText, SIZE);
  g_number("set", nn_get_output_single(context, 0, out, MOST, written));
  step("first", context);
}

static void handles_that_are_none(void) {
  static const uint32_t kHandles[] = {1, 1000, 0xffffffffu};
  uint32_t context = open_stream(), out = g_alloc(MOST), written = g_alloc(4);
  for (uint32_t i = 0; i < G_COUNT(kHandles); ++i) {
    uint32_t handle = context + kHandles[i];
    g_number(g_key("compute.%u", (unsigned)i), nn_compute_single(handle));
    g_number(g_key("get.%u", (unsigned)i), nn_get_output_single(handle, 0, out, MOST, written));
    g_number(g_key("fini.%u", (unsigned)i), nn_fini_single(handle));
  }
  step("first", context);
}

static void index_past_the_last(void) {
  uint32_t context = open_stream(), out = g_alloc(MOST), written = g_alloc(4);
  g_number("step", nn_compute_single(context));
  g_number("far", nn_get_output_single(context, 1000, out, MOST, written));
  g_number("last", nn_get_output_single(context, 0xffffffffu, out, MOST, written));
  print_chunk("good", context);
}

static void pointers_past_the_end(void) {
  uint32_t context = open_stream(), out = g_alloc(MOST), written = g_alloc(4);
  g_number("step", nn_compute_single(context));
  g_number("buffer.far", nn_get_output_single(context, 0, 0xfff00000u, MOST, written));
  g_number("buffer.short",
           nn_get_output_single(context, 0, (uint32_t)g_memory_size() - 1, MOST, written));
  g_number("buffer.wraps", nn_get_output_single(context, 0, out, 0xffffffffu, written));
  g_number("written.far", nn_get_output_single(context, 0, out, MOST, 0xfff00000u));
  g_number("written.short",
           nn_get_output_single(context, 0, out, MOST, (uint32_t)g_memory_size() - 3));
  print_chunk("good", context);
}

static void unload_during_a_stream(void) {
  uint32_t graph = nn_open_graph("stream"), context = nn_open_context(graph);
  must_set_text(context, kText, SIZE);
  step("first", context);
  g_number("unload", nn_unload(graph));
  print_chunk("again", context);
  g_number("next", nn_compute_single(context));
  g_number("fini", nn_fini_single(context));
}

static void finalize_during_a_stream(void) {
  uint32_t graph = nn_open_graph("stream"), context = nn_open_context(graph);
  must_set_text(context, kText, SIZE);
  step("first", context);
  g_number("finalize", nn_finalize(context));
  g_number("next", nn_compute_single(context));
  uint32_t other = nn_open_context(graph);
  must_set_text(other, kText, SIZE);
  step("other", other);
}

static void failing_model(void) {
  static const float kValues[] = {1, 2, 3};
  uint32_t context = nn_open("fail"), out = g_alloc(MOST), written = g_alloc(4);
  nn_must_set_floats(context, 0, kValues, 3);
  g_number("compute", nn_compute_single(context));
  g_number("get", nn_get_output_single(context, 0, out, MOST, written));
  g_number("again", nn_compute_single(context));
}

static const g_case kCases[] = {
    {"chunks_one_by_one", chunks_one_by_one},
    {"starts_over_after_the_end", starts_over_after_the_end},
    {"starts_over_after_fini", starts_over_after_fini},
    {"next_input_after_fini", next_input_after_fini},
    {"small_buffer_loses_nothing", small_buffer_loses_nothing},
    {"chunk_is_read_twice", chunk_is_read_twice},
    {"unread_chunk_is_passed_over", unread_chunk_is_passed_over},
    {"whole_answer_by_compute", whole_answer_by_compute},
    {"whole_answer_after_a_stream", whole_answer_after_a_stream},
    {"contexts_interleaved", contexts_interleaved},
    {"many_chunks", many_chunks},
    {"no_bytes", no_bytes},
    {"model_that_does_not_stream", model_that_does_not_stream},
    {"before_anything", before_anything},
    {"handles_that_are_none", handles_that_are_none},
    {"index_past_the_last", index_past_the_last},
    {"pointers_past_the_end", pointers_past_the_end},
    {"unload_during_a_stream", unload_during_a_stream},
    {"finalize_during_a_stream", finalize_during_a_stream},
    {"failing_model", failing_model},
};

G_MAIN(kCases)
