// WasmEdge's functions in the hands of guests that mean harm, and in any order.
#include <nn.h>
#include <noise.h>

static void random_calls_wasmedge(void) {
  enum { CALLS = 20000 };
  uint32_t graph = nn_open_graph("identity_f32"), context = nn_open_context(graph);
  uint32_t scratch = g_alloc(SCRATCH), failed = 0;
  for (uint32_t i = 0; i < CALLS; ++i) {
    spoil(scratch);
    int32_t error = 0;
    switch (roll(6)) {
      case 0:
        error = nn_load_by_name_with_config(in_address(scratch), edge(), in_address(scratch),
                                            edge(), out_address(scratch));
        break;
      case 1:
        error = nn_compute_single(edge_but_0());
        break;
      case 2: {
        uint32_t out = out_address(scratch);
        error = nn_get_output_single(edge(), edge(), out, roll(SCRATCH / 2), out_address(scratch));
        break;
      }
      case 3:
        error = nn_fini_single(edge_but_0());
        break;
      case 4:
        error = nn_unload(edge_but_0());
        break;
      default:
        error = nn_finalize(edge_but_0());
    }
    failed += error != 0;
  }
  g_number("calls", CALLS);
  g_number("failed", failed);
  nn_print_alive(context);
}

// ------------------------------------------------------------------ any order

enum { CONTEXTS = 6, CALLS = 6000, MOST = 12, CHUNK = 3 };

// The facts about a context that this guest keeps.
typedef struct {
  uint32_t handle, graph;
  bool there, unloaded, set, computed, streaming, streamed;
  uint8_t input[MOST], output[MOST], stream[MOST];
  uint32_t input_size, output_size, stream_size, at, chunk;
} known;

static void restart(known* one) {
  one->graph = nn_open_graph("stream");
  one->handle = nn_open_context(one->graph);
  one->there = true;
  one->unloaded = one->set = one->computed = one->streaming = one->streamed = false;
}

static bool set_input(known* one) {
  uint32_t size = 1 + roll(MOST);
  uint8_t text[MOST];
  for (uint32_t i = 0; i < size; ++i) text[i] = (uint8_t)roll(256);
  int32_t error = nn_set_input(one->handle, 0, nn_tensor(&size, 1, NN_U8, text, size));
  if ((error == 0) == one->unloaded) return false;
  if (error != 0) return true;
  memcpy(one->input, text, size);
  one->input_size = size;
  return one->set = true;
}

static bool compute(known* one) {
  int32_t error = nn_compute(one->handle);
  if ((error == 0) != (one->set && !one->unloaded)) return false;
  if (error != 0) return true;
  memcpy(one->output, one->input, one->input_size);
  one->output_size = one->input_size;
  one->streamed = false;
  return one->computed = true;
}

static bool is_output(int32_t error, uint32_t out, uint32_t written, bool there,
                      const uint8_t* bytes, uint32_t size) {
  if (!there || error != 0) return there == (error == 0);
  return g_get_u32(written) == size && memcmp(g_at(out), bytes, size) == 0;
}

static bool step(known* one) {
  if (!one->streaming) {
    memcpy(one->stream, one->input, one->input_size);
    one->stream_size = one->set ? one->input_size : 0;
    one->at = one->chunk = 0;
  }
  int32_t error = nn_compute_single(one->handle);
  if (!one->set || one->unloaded) return error != 0 && error != 100;
  one->at += one->chunk;
  one->chunk = one->stream_size - one->at < CHUNK ? one->stream_size - one->at : CHUNK;
  one->streaming = one->chunk != 0;
  return error == (one->streaming ? 0 : 100);
}

// Good calls in any order on contexts that come and go. What is not written anywhere is not asked:
// compute while a stream goes on, get_output after one, and a stream after its graph has gone.
static void streams_in_any_order(void) {
  known all[CONTEXTS];
  uint32_t out = g_alloc(MOST), written = g_alloc(4), wrong = 0, chunks = 0;
  memset(all, 0, sizeof(all));
  for (uint32_t i = 0; i < CALLS; ++i) {
    known* one = &all[roll(CONTEXTS)];
    if (!one->there) restart(one);
    bool right = true;
    switch (roll(16)) {
      case 0:
      case 1:
      case 2:
        if (!one->streaming) right = set_input(one);
        break;
      case 3:
      case 4:
        if (!one->streaming) right = compute(one);
        break;
      case 5:
      case 6:
        if (one->streamed) break;
        right = is_output(nn_get_output(one->handle, 0, out, MOST, written), out, written,
                          one->computed, one->output, one->output_size);
        break;
      case 7:
        right = nn_finalize(one->handle) == 0;
        one->there = false;
        if (!one->unloaded) right = nn_unload(one->graph) == 0 && right;
        break;
      case 8:
        if (one->unloaded || one->streaming || roll(4) != 0) break;
        right = nn_unload(one->graph) == 0;
        one->unloaded = true;
        break;
      case 9:
        if (!one->streaming) break;
        right = nn_fini_single(one->handle) == 0;
        one->streaming = false;
        break;
      default:
        right = step(one);
        one->streamed = true;
        if (!right || !one->streaming) break;
        ++chunks;
        right = is_output(nn_get_output_single(one->handle, 0, out, MOST, written), out, written,
                          true, one->stream + one->at, one->chunk);
    }
    wrong += !right;
  }
  g_number("calls", CALLS);
  g_number("chunks", chunks > 100);
  g_number("wrong", wrong);
}

// For several guests at once: what one gives back another one still has.
static void come_and_go_together(void) {
  static const float kValues[] = {1, 2, 3};
  uint32_t name = g_copy("identity_f32", 12), out = g_alloc(12), written = g_alloc(4), right = 0;
  uint32_t tensor = nn_tensor((const uint32_t[]){3}, 1, NN_F32, kValues, 12);
  for (int i = 0; i < 200; ++i) {
    if (nn_load_by_name(name, 12, out) != 0) continue;
    uint32_t graph = g_get_u32(out);
    uint32_t context = nn_open_context(graph);
    right += nn_set_input(context, 0, tensor) == 0 && nn_compute(context) == 0 &&
             nn_unload(graph) == 0 && nn_get_output(context, 0, out, 12, written) == 0 &&
             memcmp(g_at(out), kValues, 12) == 0 && nn_finalize(context) == 0;
  }
  g_number("right", right);
}

static void streams_together(void) {
  uint32_t out = g_alloc(MOST), written = g_alloc(4), bytes = 0, ends = 0;
  uint32_t context = nn_open("stream"), size = MOST;
  uint8_t text[MOST];
  for (int round = 0; round < 50; ++round) {
    for (uint32_t i = 0; i < MOST; ++i) text[i] = (uint8_t)(i * 17 + (uint32_t)round);
    nn_must_set(context, 0, nn_tensor(&size, 1, NN_U8, text, MOST));
    uint32_t at = 0;
    int32_t error;
    while ((error = nn_compute_single(context)) == 0 && at < MOST) {
      if (nn_get_output_single(context, 0, out, MOST, written) != 0) break;
      uint32_t got = g_get_u32(written);
      if (at + got > MOST || memcmp(g_at(out), text + at, got) != 0) break;
      at += got;
    }
    bytes += at;
    ends += error == 100;
  }
  g_number("bytes", bytes);
  g_number("ends", ends);
}

static const g_case kCases[] = {
    {"random_calls_wasmedge", random_calls_wasmedge},
    {"streams_in_any_order", streams_in_any_order},
    {"come_and_go_together", come_and_go_together},
    {"streams_together", streams_together},
};

G_MAIN(kCases)
