// Where the records lie, how long they are, what is read and what is written.
#include <nn.h>

static const float kValues[] = {1, 2, 3};
static const uint32_t kThree = 3;
enum { BYTES = sizeof(kValues), GUARD = 8, FILL = 0xaa };

// ------------------------------------------------------------------ what is read

static void print_set(const char* key, uint32_t context, uint32_t tensor) {
  int32_t error = nn_set_input(context, 0, tensor);
  g_number(g_key("%s.set", key), error);
  if (error != 0) return;
  uint32_t out = nn_run(key, context, 0, BYTES);
  if (out != 0) g_floats(g_key("%s.out", key), g_at(out), 3);
}

// The word at 8 of the tensor: one byte of type, three of whatever was on the stack.
static void tensor_type_garbage(void) {
  static const uint32_t kWords[] = {0x00100301, 0xffffff01, 0x01010101, 0x80000001};
  uint32_t context = nn_open("identity_f32");
  for (uint32_t i = 0; i < G_COUNT(kWords); ++i) {
    print_set(g_key("word%u", i), context, nn_tensor(&kThree, 1, kWords[i], kValues, BYTES));
  }
}

static void tensor_type_garbage_u8(void) {
  static const uint8_t kSent[] = {7, 8, 9};
  uint32_t context = nn_open("identity_u8");
  g_number("set", nn_set_input(context, 0, nn_tensor(&kThree, 1, 0xdeadbe00u | NN_U8, kSent, 3)));
  uint32_t out = nn_run("run", context, 0, 3);
  if (out != 0) g_hex("out", g_at(out), 3);
}

static void tensor_fields(void) {
  // Blocks far apart and out of order, so that each field is really looked up.
  uint32_t data = g_copy(kValues, BYTES);
  g_alloc(4096);
  uint32_t record = g_alloc(NN_TENSOR_BYTES);
  g_alloc(4096);
  uint32_t dims = g_copy(&kThree, 4);
  uint32_t context = nn_open("identity_f32");
  g_put_u32(record, dims);
  g_put_u32(record + 4, 1);
  g_put_u32(record + 8, NN_F32);
  g_put_u32(record + 12, data);
  g_put_u32(record + 16, BYTES);
  print_set("tensor", context, record);
}

static void name_not_terminated(void) {
  uint32_t out = g_alloc(4);
  g_number("errno", nn_load_by_name(g_copy("identity_f32identity", 20), 12, out));
}

static void builders_len_counts_records(void) {
  uint32_t count = g_file_count("identity_f32"), size = count * NN_BUILDER_BYTES;
  uint32_t builders = nn_builders("identity_f32");
  uint32_t records = g_alloc(size + NN_BUILDER_BYTES), out = g_alloc(4);
  memcpy(g_at(records), g_at(builders), size);
  // What a host would read that takes the length for one more than it is.
  g_put_u32(records + size, 0xfffffff0u);
  g_put_u32(records + size + 4, 0xfffffff0u);
  int32_t error = nn_load(records, count, g_encoding(), g_target(), out);
  g_number("errno", error);
  if (error == 0) nn_print_alive(nn_open_context(g_get_u32(out)));
}

// ------------------------------------------------------------------ what is written

// A block with guards; `at` is the address between them.
static uint32_t guarded(uint32_t size, uint32_t* at) {
  uint32_t block = g_alloc(size + 2 * GUARD);
  memset(g_at(block), FILL, size + 2 * GUARD);
  *at = block + GUARD;
  return block;
}

static void print_guards(const char* key, uint32_t block, uint32_t size) {
  g_hex(g_key("%s.before", key), g_at(block), GUARD);
  g_hex(g_key("%s.after", key), g_at(block + GUARD + size), GUARD);
}

static void graph_out_is_four_bytes(void) {
  uint32_t out, block = guarded(4, &out);
  g_number("errno", nn_load_by_name(g_copy("identity_f32", 12), 12, out));
  print_guards("graph", block, 4);
}

static void context_out_is_four_bytes(void) {
  uint32_t graph = nn_open_graph("identity_f32");
  uint32_t out, block = guarded(4, &out);
  g_number("errno", nn_init(graph, out));
  print_guards("context", block, 4);
}

static uint32_t computed(void) {
  uint32_t context = nn_open("identity_f32");
  nn_must_set_floats(context, 0, kValues, 3);
  nn_must_compute(context);
  return context;
}

static void written_is_four_bytes(void) {
  uint32_t context = computed(), buffer = g_alloc(BYTES), out;
  uint32_t block = guarded(4, &out);
  g_number("errno", nn_get_output(context, 0, buffer, BYTES, out));
  g_number("written", g_get_u32(out));
  print_guards("written", block, 4);
}

static void output_of_exact_size(void) {
  uint32_t context = computed(), written = g_alloc(4), out;
  uint32_t block = guarded(BYTES, &out);
  g_number("errno", nn_get_output(context, 0, out, BYTES, written));
  g_number("written", g_get_u32(written));
  g_floats("out", g_at(out), 3);
  print_guards("out", block, BYTES);
}

static void output_into_larger_buffer(void) {
  uint32_t context = computed(), written = g_alloc(4), out;
  uint32_t block = guarded(BYTES, &out);
  g_number("errno", nn_get_output(context, 0, out, BYTES + GUARD, written));
  g_number("written", g_get_u32(written));
  g_floats("out", g_at(out), 3);
  print_guards("out", block, BYTES);
}

// ------------------------------------------------------------------ any alignment

static void unaligned_tensor_record(void) {
  uint32_t context = nn_open("identity_f32");
  uint32_t record = nn_tensor(&kThree, 1, NN_F32, kValues, BYTES);
  for (uint32_t shift = 1; shift < 4; ++shift) {
    uint32_t copy = g_alloc(NN_TENSOR_BYTES + shift) + shift;
    memcpy(g_at(copy), g_at(record), NN_TENSOR_BYTES);
    print_set(g_key("shift%u", shift), context, copy);
  }
}

static void unaligned_dims(void) {
  uint32_t context = nn_open("identity_f32"), data = g_copy(kValues, BYTES);
  for (uint32_t shift = 1; shift < 4; ++shift) {
    uint32_t dims = g_alloc(4 + shift) + shift;
    g_put_u32(dims, 3);
    print_set(g_key("shift%u", shift), context, nn_tensor_at(dims, 1, NN_F32, data, BYTES));
  }
}

static void unaligned_data(void) {
  uint32_t context = nn_open("identity_f32"), dims = g_copy(&kThree, 4);
  for (uint32_t shift = 1; shift < 4; ++shift) {
    uint32_t data = g_alloc(BYTES + shift) + shift;
    memcpy(g_at(data), kValues, BYTES);
    print_set(g_key("shift%u", shift), context, nn_tensor_at(dims, 1, NN_F32, data, BYTES));
  }
}

static void unaligned_out_pointers(void) {
  uint32_t graph_out = g_alloc(8) + 1, context_out = g_alloc(8) + 2, written = g_alloc(8) + 3;
  uint32_t buffer = g_alloc(BYTES + 1) + 1;
  int32_t error = nn_load_by_name(g_copy("identity_f32", 12), 12, graph_out);
  g_number("load", error);
  if (error != 0) return;
  error = nn_init(g_get_u32(graph_out), context_out);
  g_number("init", error);
  if (error != 0) return;
  uint32_t context = g_get_u32(context_out);
  nn_must_set_floats(context, 0, kValues, 3);
  nn_must_compute(context);
  g_number("get", nn_get_output(context, 0, buffer, BYTES, written));
  g_number("written", g_get_u32(written));
  g_floats("out", g_at(buffer), 3);
}

static void unaligned_builders(void) {
  uint32_t count = g_file_count("identity_f32"), builders = nn_builders("identity_f32");
  uint32_t records = g_alloc(count * NN_BUILDER_BYTES + 1) + 1, out = g_alloc(4);
  for (uint32_t at = 0; at < count * NN_BUILDER_BYTES; at += NN_BUILDER_BYTES) {
    uint32_t bytes = g_get_u32(builders + at), size = g_get_u32(builders + at + 4);
    uint32_t shifted = g_alloc(size + 3) + 3;
    memcpy(g_at(shifted), g_at(bytes), size);
    g_put_u32(records + at, shifted);
    g_put_u32(records + at + 4, size);
  }
  int32_t error = nn_load(records, count, g_encoding(), g_target(), out);
  g_number("errno", error);
  if (error == 0) nn_print_alive(nn_open_context(g_get_u32(out)));
}

// ------------------------------------------------------------------ up to the end of the memory

static void end_of_load_by_name(void) {
  uint32_t name = g_copy("identity_f32", 12), out = g_alloc(4), end = g_grow() + 65536;
  memcpy(g_at(end - 12), "identity_f32", 12);
  int32_t at_name = nn_load_by_name(end - 12, 12, out);
  int32_t at_out = nn_load_by_name(name, 12, end - 4);
  g_number("name", at_name);
  g_number("graph", at_out);
}

static void end_of_set_input(void) {
  uint32_t context = nn_open("identity_f32");
  uint32_t tensor = nn_tensor(&kThree, 1, NN_F32, kValues, BYTES);
  uint32_t dims = g_copy(&kThree, 4), data = g_copy(kValues, BYTES);
  uint32_t other = g_alloc(NN_TENSOR_BYTES);
  memcpy(g_at(other), g_at(tensor), NN_TENSOR_BYTES);
  uint32_t end = g_grow() + 65536;
  memcpy(g_at(end - NN_TENSOR_BYTES), g_at(tensor), NN_TENSOR_BYTES);
  int32_t record_error = nn_set_input(context, 0, end - NN_TENSOR_BYTES);
  memcpy(g_at(end - BYTES), kValues, BYTES);
  g_put_u32(other, dims);
  g_put_u32(other + 12, end - BYTES);
  int32_t data_error = nn_set_input(context, 0, other);
  g_put_u32(end - 4, 3);
  g_put_u32(other, end - 4);
  g_put_u32(other + 12, data);
  int32_t dims_error = nn_set_input(context, 0, other);
  g_number("record", record_error);
  g_number("data", data_error);
  g_number("dims", dims_error);
}

static void end_of_get_output(void) {
  uint32_t context = computed(), out = g_alloc(BYTES), written = g_alloc(4);
  uint32_t end = g_grow() + 65536;
  int32_t buffer_error = nn_get_output(context, 0, end - BYTES, BYTES, written);
  float got[3];
  memcpy(got, g_at(end - BYTES), BYTES);
  int32_t written_error = nn_get_output(context, 0, out, BYTES, end - 4);
  uint32_t at_end = g_get_u32(end - 4);
  g_number("buffer", buffer_error);
  g_floats("out", got, 3);
  g_number("written", written_error);
  g_number("written.value", at_end);
}

static void end_of_load(void) {
  uint32_t records = nn_builders("identity_f32"), count = g_file_count("identity_f32");
  uint32_t all = count * NN_BUILDER_BYTES, out = g_alloc(4);
  uint32_t bytes = g_get_u32(records), size = g_get_u32(records + 4);
  if (size > 65536) g_setup_failed("expected a model of at most a page");
  uint32_t end = g_grow() + 65536;
  memcpy(g_at(end - all), g_at(records), all);
  int32_t records_error = nn_load(end - all, count, g_encoding(), g_target(), out);
  memcpy(g_at(end - size), g_at(bytes), size);
  g_put_u32(records, end - size);
  int32_t bytes_error = nn_load(records, count, g_encoding(), g_target(), out);
  g_number("records", records_error);
  g_number("bytes", bytes_error);
}

// ------------------------------------------------------------------ past it

typedef struct {
  const char* key;
  uint32_t address;
} bad_address;

enum { BAD_ADDRESSES = 4 };

// Addresses for a record of `size` bytes that does not fit there. Looked up at each call, since
// printing may make the memory grow.
static bad_address bad(uint32_t number, uint32_t size) {
  uint32_t end = (uint32_t)g_memory_size();
  const bad_address all[BAD_ADDRESSES] = {
      {"short", end - size + 1}, {"end", end}, {"far", 0xfff00000u}, {"last", 0xffffffffu}};
  return all[number];
}

static void past_end_of_load_by_name(void) {
  uint32_t name = g_copy("identity_f32", 12), out = g_alloc(4);
  g_put_u32(out, 77);
  for (uint32_t i = 0; i < BAD_ADDRESSES; ++i) {
    bad_address at = bad(i, 12);
    g_number(g_key("name.%s", at.key), nn_load_by_name(at.address, 12, out));
    at = bad(i, 4);
    g_number(g_key("graph.%s", at.key), nn_load_by_name(name, 12, at.address));
  }
  g_number("name.long", nn_load_by_name(name, 0x7fffffff, out));
  g_number("name.wraps", nn_load_by_name(name, 0xffffffffu, out));
  g_number("graph.value", g_get_u32(out));
}

static void past_end_of_init(void) {
  uint32_t graph = nn_open_graph("identity_f32");
  for (uint32_t i = 0; i < BAD_ADDRESSES; ++i) {
    bad_address at = bad(i, 4);
    g_number(g_key("context.%s", at.key), nn_init(graph, at.address));
  }
  nn_print_alive(nn_open_context(graph));
}

static void past_end_of_set_input(void) {
  uint32_t context = nn_open("identity_f32");
  uint32_t dims = g_copy(&kThree, 4), data = g_copy(kValues, BYTES);
  for (uint32_t i = 0; i < BAD_ADDRESSES; ++i) {
    bad_address at = bad(i, NN_TENSOR_BYTES);
    g_number(g_key("record.%s", at.key), nn_set_input(context, 0, at.address));
    at = bad(i, 4);
    g_number(g_key("dims.%s", at.key),
             nn_set_input(context, 0, nn_tensor_at(at.address, 1, NN_F32, data, BYTES)));
    at = bad(i, BYTES);
    g_number(g_key("data.%s", at.key),
             nn_set_input(context, 0, nn_tensor_at(dims, 1, NN_F32, at.address, BYTES)));
  }
  nn_print_alive(context);
}

static void wrapping_lengths_of_set_input(void) {
  uint32_t context = nn_open("identity_f32");
  uint32_t dims = g_copy(&kThree, 4), data = g_copy(kValues, BYTES);
  g_number("data", nn_set_input(context, 0, nn_tensor_at(dims, 1, NN_F32, data, 0xffffffffu)));
  g_number("data.to_zero",
           nn_set_input(context, 0, nn_tensor_at(dims, 1, NN_F32, data, 0u - data)));
  // Times four bytes each these are 4, 0 and -4 in 32 bits.
  g_number("dims", nn_set_input(context, 0, nn_tensor_at(dims, 0x40000001, NN_F32, data, BYTES)));
  g_number("dims.zero",
           nn_set_input(context, 0, nn_tensor_at(dims, 0x40000000, NN_F32, data, BYTES)));
  g_number("dims.last",
           nn_set_input(context, 0, nn_tensor_at(dims, 0xffffffffu, NN_F32, data, BYTES)));
  nn_print_alive(context);
}

static void past_end_of_get_output(void) {
  uint32_t context = computed(), out = g_alloc(BYTES), written = g_alloc(4);
  memset(g_at(out), FILL, BYTES);
  for (uint32_t i = 0; i < BAD_ADDRESSES; ++i) {
    bad_address at = bad(i, BYTES);
    g_number(g_key("buffer.%s", at.key), nn_get_output(context, 0, at.address, BYTES, written));
    at = bad(i, 4);
    g_number(g_key("written.%s", at.key), nn_get_output(context, 0, out, BYTES, at.address));
  }
  g_hex("out", g_at(out), BYTES);
  nn_print_alive(context);
}

// The buffer as said does not fit into the memory, though the output would.
static void wrapping_length_of_get_output(void) {
  uint32_t context = computed(), out = g_alloc(BYTES), written = g_alloc(4);
  memset(g_at(out), FILL, BYTES);
  g_number("errno", nn_get_output(context, 0, out, 0xffffffffu, written));
  g_hex("out", g_at(out), BYTES);
}

static void past_end_of_load(void) {
  static const uint8_t kBytes[16];
  uint32_t bytes = g_copy(kBytes, 16), good = nn_builder_at(bytes, 16), out = g_alloc(4);
  uint32_t encoding = g_encoding(), target = g_target();
  g_put_u32(out, 77);
  for (uint32_t i = 0; i < BAD_ADDRESSES; ++i) {
    bad_address at = bad(i, NN_BUILDER_BYTES);
    g_number(g_key("records.%s", at.key), nn_load(at.address, 1, encoding, target, out));
    at = bad(i, 16);
    g_number(g_key("bytes.%s", at.key),
             nn_load(nn_builder_at(at.address, 16), 1, encoding, target, out));
    at = bad(i, 4);
    g_number(g_key("graph.%s", at.key), nn_load(good, 1, encoding, target, at.address));
  }
  g_number("graph.value", g_get_u32(out));
}

static void wrapping_lengths_of_load(void) {
  static const uint8_t kBytes[16];
  uint32_t bytes = g_copy(kBytes, 16), good = nn_builder_at(bytes, 16), out = g_alloc(4);
  uint32_t encoding = g_encoding(), target = g_target();
  g_number("bytes", nn_load(nn_builder_at(bytes, 0xffffffffu), 1, encoding, target, out));
  g_number("bytes.to_zero", nn_load(nn_builder_at(bytes, 0u - bytes), 1, encoding, target, out));
  // Times eight bytes each these are 8, 0 and -8 in 32 bits.
  g_number("records", nn_load(good, 0x20000001, encoding, target, out));
  g_number("records.zero", nn_load(good, 0x20000000, encoding, target, out));
  g_number("records.last", nn_load(good, 0xffffffffu, encoding, target, out));
}

static const g_case kCases[] = {
    {"tensor_type_garbage", tensor_type_garbage},
    {"tensor_type_garbage_u8", tensor_type_garbage_u8},
    {"tensor_fields", tensor_fields},
    {"name_not_terminated", name_not_terminated},
    {"builders_len_counts_records", builders_len_counts_records},
    {"graph_out_is_four_bytes", graph_out_is_four_bytes},
    {"context_out_is_four_bytes", context_out_is_four_bytes},
    {"written_is_four_bytes", written_is_four_bytes},
    {"output_of_exact_size", output_of_exact_size},
    {"output_into_larger_buffer", output_into_larger_buffer},
    {"unaligned_tensor_record", unaligned_tensor_record},
    {"unaligned_dims", unaligned_dims},
    {"unaligned_data", unaligned_data},
    {"unaligned_out_pointers", unaligned_out_pointers},
    {"unaligned_builders", unaligned_builders},
    {"end_of_load_by_name", end_of_load_by_name},
    {"end_of_set_input", end_of_set_input},
    {"end_of_get_output", end_of_get_output},
    {"end_of_load", end_of_load},
    {"past_end_of_load_by_name", past_end_of_load_by_name},
    {"past_end_of_init", past_end_of_init},
    {"past_end_of_set_input", past_end_of_set_input},
    {"wrapping_lengths_of_set_input", wrapping_lengths_of_set_input},
    {"past_end_of_get_output", past_end_of_get_output},
    {"wrapping_length_of_get_output", wrapping_length_of_get_output},
    {"past_end_of_load", past_end_of_load},
    {"wrapping_lengths_of_load", wrapping_lengths_of_load},
};

G_MAIN(kCases)
