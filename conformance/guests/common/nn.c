#include <nn.h>

uint32_t nn_tensor_at(uint32_t dims, uint32_t rank, uint32_t type, uint32_t data, uint32_t bytes) {
  uint32_t record = g_alloc(NN_TENSOR_BYTES);
  g_put_u32(record, dims);
  g_put_u32(record + 4, rank);
  g_put_u32(record + 8, type);
  g_put_u32(record + 12, data);
  g_put_u32(record + 16, bytes);
  return record;
}

uint32_t nn_tensor(const uint32_t* dims, uint32_t rank, uint32_t type, const void* data,
                   uint32_t bytes) {
  return nn_tensor_at(g_copy(dims, rank * 4), rank, type, g_copy(data, bytes), bytes);
}

uint32_t nn_builder_at(uint32_t bytes, uint32_t size) {
  uint32_t record = g_alloc(NN_BUILDER_BYTES);
  g_put_u32(record, bytes);
  g_put_u32(record + 4, size);
  return record;
}

uint32_t nn_builders(const char* model) {
  uint32_t count = g_file_count(model);
  uint32_t records = g_alloc(count * NN_BUILDER_BYTES);
  for (uint32_t i = 0; i < count; ++i) {
    uint32_t size;
    uint32_t bytes = g_read_file(g_file_part(model, i), &size);
    g_put_u32(records + i * NN_BUILDER_BYTES, bytes);
    g_put_u32(records + i * NN_BUILDER_BYTES + 4, size);
  }
  return records;
}

uint32_t nn_open_context(uint32_t graph) {
  uint32_t out = g_alloc(4);
  int32_t errno_ = nn_init(graph, out);
  if (errno_ != 0) g_setup_failed("init_execution_context: errno %d", (int)errno_);
  return g_get_u32(out);
}

int32_t nn_set_floats(uint32_t context, uint32_t index, const float* values, uint32_t count) {
  return nn_set_input(context, index, nn_tensor(&count, 1, NN_F32, values, count * 4));
}

void nn_must_set(uint32_t context, uint32_t index, uint32_t tensor) {
  int32_t errno_ = nn_set_input(context, index, tensor);
  if (errno_ != 0) g_setup_failed("set_input of %u: errno %d", (unsigned)index, (int)errno_);
}

void nn_must_set_floats(uint32_t context, uint32_t index, const float* values, uint32_t count) {
  nn_must_set(context, index, nn_tensor(&count, 1, NN_F32, values, count * 4));
}

void nn_must_compute(uint32_t context) {
  int32_t errno_ = nn_compute(context);
  if (errno_ != 0) g_setup_failed("compute: errno %d", (int)errno_);
}

uint32_t nn_must_get(uint32_t context, uint32_t index, uint32_t bytes) {
  uint32_t out = g_alloc(bytes), written = g_alloc(4);
  int32_t errno_ = nn_get_output(context, index, out, bytes, written);
  if (errno_ != 0) g_setup_failed("get_output of %u: errno %d", (unsigned)index, (int)errno_);
  if (g_get_u32(written) != bytes) {
    g_setup_failed("get_output of %u: expected %u bytes, given %u", (unsigned)index,
                   (unsigned)bytes, (unsigned)g_get_u32(written));
  }
  return out;
}

uint32_t nn_run(const char* key, uint32_t context, uint32_t index, uint32_t bytes) {
  uint32_t out = g_alloc(bytes), written = g_alloc(4);
  int32_t errno_ = nn_compute(context);
  if (errno_ == 0) errno_ = nn_get_output(context, index, out, bytes, written);
  g_number(g_key("%s.errno", key), errno_);
  if (errno_ != 0) return 0;
  g_number(g_key("%s.written", key), g_get_u32(written));
  return out;
}

void nn_print_alive(uint32_t context) {
  static const float kValues[] = {1, 2, 3};
  int32_t errno_ = nn_set_floats(context, 0, kValues, 3);
  uint32_t out = g_alloc(12), written = g_alloc(4);
  memset(g_at(out), 0, 12);
  if (errno_ == 0) errno_ = nn_compute(context);
  if (errno_ == 0) errno_ = nn_get_output(context, 0, out, 12, written);
  if (errno_ == 0) {
    g_floats("alive", g_at(out), 3);
  } else {
    g_print("alive", "errno %d", (int)errno_);
  }
}
