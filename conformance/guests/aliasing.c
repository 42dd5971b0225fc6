// Memory that is changed after a call, and blocks that overlap.
#include <nn.h>

static const float kValues[] = {1, 2, 3};
static const uint32_t kThree = 3;
enum { BYTES = sizeof(kValues) };

static void print_run(uint32_t context) {
  uint32_t out = nn_run("run", context, 0, BYTES);
  if (out != 0) g_floats("out", g_at(out), 3);
}

static void data_changed_after_set_input(void) {
  uint32_t context = nn_open("identity_f32"), data = g_copy(kValues, BYTES);
  nn_must_set(context, 0, nn_tensor_at(g_copy(&kThree, 4), 1, NN_F32, data, BYTES));
  memset(g_at(data), 0xff, BYTES);
  print_run(context);
}

static void record_and_dims_changed_after_set_input(void) {
  uint32_t context = nn_open("identity_f32"), data = g_copy(kValues, BYTES);
  uint32_t dims = g_copy(&kThree, 4), record = nn_tensor_at(dims, 1, NN_F32, data, BYTES);
  nn_must_set(context, 0, record);
  memset(g_at(record), 0xff, NN_TENSOR_BYTES);
  memset(g_at(dims), 0xff, 4);
  print_run(context);
}

static void data_changed_between_computes(void) {
  uint32_t context = nn_open("identity_f32"), data = g_copy(kValues, BYTES);
  nn_must_set(context, 0, nn_tensor_at(g_copy(&kThree, 4), 1, NN_F32, data, BYTES));
  nn_must_compute(context);
  memset(g_at(data), 0xff, BYTES);
  print_run(context);
}

static void memory_grown_after_set_input(void) {
  uint32_t context = nn_open("identity_f32");
  nn_must_set_floats(context, 0, kValues, 3);
  for (int i = 0; i < 64; ++i) g_grow();
  print_run(context);
}

static void one_buffer_for_two_contexts(void) {
  static const float kOther[] = {4, 5, 6};
  uint32_t first = nn_open("identity_f32"), second = nn_open("identity_f32");
  uint32_t data = g_copy(kValues, BYTES);
  uint32_t record = nn_tensor_at(g_copy(&kThree, 4), 1, NN_F32, data, BYTES);
  nn_must_set(first, 0, record);
  memcpy(g_at(data), kOther, BYTES);
  nn_must_set(second, 0, record);
  nn_must_compute(first);
  nn_must_compute(second);
  g_floats("first", g_at(nn_must_get(first, 0, BYTES)), 3);
  g_floats("second", g_at(nn_must_get(second, 0, BYTES)), 3);
}

static void output_into_the_input(void) {
  static const float kOther[] = {4, 5, 6};
  uint32_t context = nn_open("identity_f32"), data = g_copy(kValues, BYTES), written = g_alloc(4);
  uint32_t record = nn_tensor_at(g_copy(&kThree, 4), 1, NN_F32, data, BYTES);
  nn_must_set(context, 0, record);
  nn_must_compute(context);
  memcpy(g_at(data), kOther, BYTES);
  g_number("errno", nn_get_output(context, 0, data, BYTES, written));
  g_floats("out", g_at(data), 3);
  // And the other way round: what was an output is the next input.
  g_number("set", nn_set_input(context, 0, record));
  uint32_t next = nn_run("next", context, 0, BYTES);
  if (next != 0) g_floats("next.out", g_at(next), 3);
}

static void output_changed_in_the_guest(void) {
  uint32_t context = nn_open("identity_f32");
  nn_must_set_floats(context, 0, kValues, 3);
  nn_must_compute(context);
  memset(g_at(nn_must_get(context, 0, BYTES)), 0xff, BYTES);
  g_floats("again", g_at(nn_must_get(context, 0, BYTES)), 3);
}

static void size_inside_the_buffer(void) {
  uint32_t context = nn_open("identity_f32"), out = g_alloc(BYTES);
  nn_must_set_floats(context, 0, kValues, 3);
  nn_must_compute(context);
  memset(g_at(out), 0xaa, BYTES);
  g_number("errno", nn_get_output(context, 0, out, BYTES, out + 4));
  float ends[2];
  memcpy(&ends[0], g_at(out), 4);
  memcpy(&ends[1], g_at(out + 8), 4);
  g_floats("ends", ends, 2);
  g_number("middle", g_get_u32(out + 4));
}

static void record_as_its_own_data(void) {
  static const uint32_t kFive = NN_TENSOR_BYTES / 4;
  uint32_t context = nn_open("identity_f32"), record = g_alloc(NN_TENSOR_BYTES);
  g_put_u32(record, g_copy(&kFive, 4));
  g_put_u32(record + 4, 1);
  g_put_u32(record + 8, NN_F32);
  g_put_u32(record + 12, record);
  g_put_u32(record + 16, NN_TENSOR_BYTES);
  g_number("set", nn_set_input(context, 0, record));
  uint32_t out = nn_run("run", context, 0, NN_TENSOR_BYTES);
  if (out != 0) g_number("same", memcmp(g_at(out), g_at(record), NN_TENSOR_BYTES) == 0);
}

static void dims_inside_the_data(void) {
  // The first number of the data is also the only dim.
  static const int32_t kSent[] = {3, 4, 5};
  uint32_t context = nn_open("identity_f32"), data = g_copy(kSent, sizeof(kSent));
  g_number("set", nn_set_input(context, 0, nn_tensor_at(data, 1, NN_F32, data, sizeof(kSent))));
  uint32_t out = nn_run("run", context, 0, sizeof(kSent));
  if (out != 0) g_number("same", memcmp(g_at(out), kSent, sizeof(kSent)) == 0);
}

static void graph_inside_the_name(void) {
  uint32_t name = g_copy("identity_f32", 12);
  int32_t error = nn_load_by_name(name, 12, name);
  g_number("errno", error);
  if (error == 0) nn_print_alive(nn_open_context(g_get_u32(name)));
}

static void model_changed_after_load(void) {
  uint32_t records = nn_builders("identity_f32"), count = g_file_count("identity_f32");
  uint32_t out = g_alloc(4);
  int32_t error = nn_load(records, count, g_encoding(), g_target(), out);
  for (uint32_t at = records; at < records + count * NN_BUILDER_BYTES; at += NN_BUILDER_BYTES) {
    memset(g_at(g_get_u32(at)), 0xff, g_get_u32(at + 4));
  }
  memset(g_at(records), 0xff, count * NN_BUILDER_BYTES);
  g_number("errno", error);
  if (error == 0) nn_print_alive(nn_open_context(g_get_u32(out)));
}

static const g_case kCases[] = {
    {"data_changed_after_set_input", data_changed_after_set_input},
    {"record_and_dims_changed_after_set_input", record_and_dims_changed_after_set_input},
    {"data_changed_between_computes", data_changed_between_computes},
    {"memory_grown_after_set_input", memory_grown_after_set_input},
    {"one_buffer_for_two_contexts", one_buffer_for_two_contexts},
    {"output_into_the_input", output_into_the_input},
    {"output_changed_in_the_guest", output_changed_in_the_guest},
    {"size_inside_the_buffer", size_inside_the_buffer},
    {"record_as_its_own_data", record_as_its_own_data},
    {"dims_inside_the_data", dims_inside_the_data},
    {"graph_inside_the_name", graph_inside_the_name},
    {"model_changed_after_load", model_changed_after_load},
};

G_MAIN(kCases)
