// WAMR's module of before 2.4, wasi_nn: records behind pointers, sizes in elements of four bytes.
#include <nn.h>
#include <noise.h>

static const float kValues[] = {1, 2, 3};
enum { BYTES = sizeof(kValues), ELEMENTS = 3, TENSOR_BYTES = 12 };

// A record {pointer, count}.
static uint32_t pair(uint32_t pointer, uint32_t count) { return nn_builder_at(pointer, count); }

static uint32_t tensor(uint32_t dims, uint32_t rank, uint32_t type, uint32_t data) {
  uint32_t record = g_alloc(TENSOR_BYTES);
  g_put_u32(record, pair(dims, rank));
  g_put_u32(record + 4, type);
  g_put_u32(record + 8, data);
  return record;
}

static uint32_t vector(uint32_t elements, uint32_t type, const void* data, uint32_t bytes) {
  return tensor(g_copy(&elements, 4), 1, type, g_copy(data, bytes));
}

static uint32_t open_graph(const char* name) {
  uint32_t size = (uint32_t)strlen(name), out = g_alloc(4);
  int32_t error = wamr_load_by_name(g_copy(name, size), size, out);
  if (error != 0) g_setup_failed("load_by_name %s: errno %d", name, (int)error);
  return g_get_u32(out);
}

static uint32_t open_context(uint32_t graph) {
  uint32_t out = g_alloc(4);
  int32_t error = wamr_init(graph, out);
  if (error != 0) g_setup_failed("init_execution_context: errno %d", (int)error);
  return g_get_u32(out);
}

static uint32_t open_model(const char* name) { return open_context(open_graph(name)); }

static void print_run(const char* key, uint32_t context) {
  int32_t error = wamr_compute(context);
  g_number(g_key("%s.compute", key), error);
  if (error != 0) return;
  uint32_t out = g_alloc(BYTES), size = g_alloc(4);
  g_put_u32(size, ELEMENTS);
  error = wamr_get_output(context, 0, out, size);
  g_number(g_key("%s.get", key), error);
  if (error != 0) return;
  g_number(g_key("%s.size", key), g_get_u32(size));
  g_floats(g_key("%s.out", key), g_at(out), ELEMENTS);
}

static void wamr_records(void) {
  uint32_t context = open_model("identity_f32");
  g_number("set", wamr_set_input(context, 0, vector(ELEMENTS, NN_F32, kValues, BYTES)));
  print_run("run", context);
}

static void wamr_type_garbage(void) {
  uint32_t context = open_model("identity_f32");
  g_number("set", wamr_set_input(context, 0, vector(ELEMENTS, 0xbadbad01u, kValues, BYTES)));
  print_run("run", context);
}

static void wamr_size_counts_elements(void) {
  uint32_t context = open_model("identity_f32"), out = g_alloc(BYTES), size = g_alloc(4);
  g_put_u32(size, ELEMENTS);
  if (wamr_set_input(context, 0, vector(ELEMENTS, NN_F32, kValues, BYTES)) != 0 ||
      wamr_compute(context) != 0) {
    g_setup_failed("set_input and compute do not work");
  }
  g_number("exact", wamr_get_output(context, 0, out, size));
  g_number("exact.size", g_get_u32(size));
  g_put_u32(size, 100);
  // Larger than the buffer is: only the output's elements may be written.
  g_number("larger", wamr_get_output(context, 0, out, size));
  g_number("larger.size", g_get_u32(size));
  g_floats("out", g_at(out), ELEMENTS);
}

static void wamr_buffer_too_small(void) {
  uint32_t context = open_model("identity_f32"), out = g_alloc(BYTES), size = g_alloc(4);
  if (wamr_set_input(context, 0, vector(ELEMENTS, NN_F32, kValues, BYTES)) != 0 ||
      wamr_compute(context) != 0) {
    g_setup_failed("set_input and compute do not work");
  }
  memset(g_at(out), 0xaa, BYTES);
  g_put_u32(size, 2);
  g_number("errno", wamr_get_output(context, 0, out, size));
  g_number("size", g_get_u32(size));
  g_hex("third", g_at(out + 8), 4);
}

// Sends three elements of four bytes as type number argv[1] to the model argv[0].
static void wamr_type_number(void) {
  static const uint8_t kSent[BYTES] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  uint32_t context = open_model(g_arg(0)), out = g_alloc(BYTES), size = g_alloc(4);
  int32_t error =
      wamr_set_input(context, 0, vector(ELEMENTS, (uint32_t)atoi(g_arg(1)), kSent, BYTES));
  g_number("set", error);
  if (error != 0) return;
  g_number("compute", wamr_compute(context));
  g_put_u32(size, ELEMENTS);
  error = wamr_get_output(context, 0, out, size);
  g_number("get", error);
  if (error == 0) g_hex("out", g_at(out), BYTES);
}

// ------------------------------------------------------------------ loading

// The address of the record of a model's files, of which there are g_file_count.
static uint32_t builder_array(const char* model) {
  return pair(nn_builders(model), g_file_count(model));
}

static void print_load(uint32_t array, uint32_t encoding) {
  uint32_t out = g_alloc(4);
  g_put_u32(out, 77);
  int32_t error = wamr_load(array, encoding, g_target(), out);
  g_number("errno", error);
  g_number("graph", g_get_u32(out));
  if (error != 0) {
    g_print("run.out", "none");
    return;
  }
  uint32_t context = open_context(g_get_u32(out));
  g_number("set", wamr_set_input(context, 0, vector(ELEMENTS, NN_F32, kValues, BYTES)));
  print_run("run", context);
}

static void wamr_from_bytes(void) { print_load(builder_array("identity_f32"), g_encoding()); }
static void wamr_encoding_6_is_autodetect(void) { print_load(builder_array("identity_f32"), 6); }
static void wamr_encoding_5_is_ggml(void) { print_load(builder_array("identity_f32"), 5); }

static void wamr_bad_builders(void) {
  uint32_t out = g_alloc(4), encoding = g_encoding();
  g_number("none", wamr_load(pair(0, 0), encoding, 0, out));
  g_number("records.far", wamr_load(pair(0xfff00000u, 1), encoding, 0, out));
  g_number("records.wrap", wamr_load(pair(g_alloc(8), 0x20000001), encoding, 0, out));
  g_number("bytes.far", wamr_load(pair(pair(0xfff00000u, 16), 1), encoding, 0, out));
  g_number("array.far", wamr_load(0xfff00000u, encoding, 0, out));
  g_number("graph.far", wamr_load(pair(pair(g_alloc(16), 16), 1), encoding, 0, 0xfff00000u));
}

static void wamr_unknown_name(void) {
  uint32_t out = g_alloc(4);
  g_put_u32(out, 77);
  g_number("errno", wamr_load_by_name(g_copy("nobody", 6), 6, out));
  g_number("path", wamr_load_by_name(g_copy("/etc/passwd", 11), 11, out));
  g_number("graph", g_get_u32(out));
}

// ------------------------------------------------------------------ mistakes

static void wamr_before_any_load(void) {
  uint32_t out = g_alloc(4), size = g_alloc(4);
  g_number("init", wamr_init(0, out));
  g_number("set", wamr_set_input(0, 0, vector(ELEMENTS, NN_F32, kValues, BYTES)));
  g_number("compute", wamr_compute(0));
  g_put_u32(size, ELEMENTS);
  g_number("get", wamr_get_output(0, 0, g_alloc(BYTES), size));
}

static void wamr_past_the_end(void) {
  uint32_t context = open_model("identity_f32"), size = g_alloc(4), out = g_alloc(BYTES);
  uint32_t dims = g_copy((const uint32_t[]){ELEMENTS}, 4), data = g_copy(kValues, BYTES);
  g_number("record", wamr_set_input(context, 0, 0xfff00000u));
  g_number("record.short",
           wamr_set_input(context, 0, (uint32_t)g_memory_size() - TENSOR_BYTES + 1));
  g_number("dims", wamr_set_input(context, 0, tensor(0xfff00000u, 1, NN_F32, data)));
  g_number("dims.wrap", wamr_set_input(context, 0, tensor(dims, 0x40000001, NN_F32, data)));
  g_number("data", wamr_set_input(context, 0, tensor(dims, 1, NN_F32, 0xfff00000u)));
  g_number(
      "data.short",
      wamr_set_input(context, 0, tensor(dims, 1, NN_F32, (uint32_t)g_memory_size() - BYTES + 1)));
  // Four times this is 4 in 32 bits.
  g_number("elements", wamr_set_input(context, 0, vector(0x40000001, NN_F32, kValues, BYTES)));
  g_number("set", wamr_set_input(context, 0, vector(ELEMENTS, NN_F32, kValues, BYTES)));
  print_run("run", context);
  g_put_u32(size, ELEMENTS);
  g_number("out", wamr_get_output(context, 0, 0xfff00000u, size));
  g_number("size", wamr_get_output(context, 0, out, 0xfff00000u));
  g_put_u32(size, 0x40000001);
  g_number("size.wrap", wamr_get_output(context, 0, out, size));
}

static void wamr_changed_after_set_input(void) {
  uint32_t context = open_model("identity_f32"), data = g_copy(kValues, BYTES);
  uint32_t dims = g_copy((const uint32_t[]){ELEMENTS}, 4);
  g_number("set", wamr_set_input(context, 0, tensor(dims, 1, NN_F32, data)));
  memset(g_at(data), 0xff, BYTES);
  memset(g_at(dims), 0xff, 4);
  print_run("run", context);
}

static void wamr_contexts(void) {
  uint32_t graph = open_graph("identity_f32"), out = g_alloc(4), opened = 0;
  for (; opened < 12; ++opened) {
    if (wamr_init(graph, out) != 0) break;
    if (wamr_set_input(g_get_u32(out), 0, vector(ELEMENTS, NN_F32, kValues, BYTES)) != 0) break;
  }
  g_number("opened", opened);
  print_run("run", g_get_u32(out));
}

static void wamr_random_calls(void) {
  enum { CALLS = 20000 };
  uint32_t context = open_model("identity_f32"), scratch = g_alloc(SCRATCH), failed = 0;
  for (uint32_t i = 0; i < CALLS; ++i) {
    spoil(scratch);
    // The records that lead to others, too.
    g_put_u32(scratch + roll(SCRATCH / 4) * 4, in_address(scratch));
    int32_t error = 0;
    switch (roll(5)) {
      case 0:
        error = wamr_load(in_address(scratch), edge(), edge(), out_address(scratch));
        break;
      case 1:
        error = wamr_load_by_name(in_address(scratch), edge(), out_address(scratch));
        break;
      case 2:
        error = wamr_set_input(edge(), edge(), in_address(scratch));
        break;
      case 3:
        error = wamr_compute(edge_but_0());
        break;
      default: {
        uint32_t size = scratch + roll(SCRATCH / 2);
        g_put_u32(size, roll(SCRATCH / 8));
        error = wamr_get_output(edge_but_0(), edge(), out_address(scratch),
                                roll(4) == 0 ? out_address(scratch) : size);
      }
    }
    failed += error != 0;
  }
  g_number("calls", CALLS);
  g_number("failed", failed);
  g_number("set", wamr_set_input(context, 0, vector(ELEMENTS, NN_F32, kValues, BYTES)));
  print_run("run", context);
}

static const g_case kCases[] = {
    {"wamr_records", wamr_records},
    {"wamr_type_garbage", wamr_type_garbage},
    {"wamr_size_counts_elements", wamr_size_counts_elements},
    {"wamr_buffer_too_small", wamr_buffer_too_small},
    {"wamr_type_1_is_f32", wamr_type_number},
    {"wamr_type_3_is_i32", wamr_type_number},
    {"wamr_from_bytes", wamr_from_bytes},
    {"wamr_encoding_6_is_autodetect", wamr_encoding_6_is_autodetect},
    {"wamr_encoding_5_is_ggml", wamr_encoding_5_is_ggml},
    {"wamr_bad_builders", wamr_bad_builders},
    {"wamr_unknown_name", wamr_unknown_name},
    {"wamr_before_any_load", wamr_before_any_load},
    {"wamr_past_the_end", wamr_past_the_end},
    {"wamr_changed_after_set_input", wamr_changed_after_set_input},
    {"wamr_contexts", wamr_contexts},
    {"wamr_random_calls", wamr_random_calls},
};

G_MAIN(kCases)
