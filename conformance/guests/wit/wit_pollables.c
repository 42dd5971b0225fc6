// Pollables of wasinn:nn together with clocks. Nothing here depends on how fast the machine is:
// what is to end ends at once or is cancelled, and what is not to end would take longer than any
// case may.
#include <wasi_poll.h>
#include <wasinn_nn_component.h>

#include "wit.h"

// Longer than a case may take.
static const char* const kEndless = "{\"delay_ms\": 600000}";
static const uint64_t kHour = 3600000000000u;
static const uint64_t kMillisecond = 1000000u;

static nnc_context open_with(const char* options) {
  nnc_result result;
  nnc_init_with_options(w_open_graph("stream"), options, (uint32_t)strlen(options), &result);
  return w_must("init", result);
}

static void start(nnc_context context, const char* text) {
  const uint32_t size = (uint32_t)strlen(text);
  const nnc_named_tensor input = {"x", 1, nnc_tensor_new(&size, 1, NNC_U8, text, size)};
  nnc_result result;
  nnc_start(context, &input, 1, &result);
  (void)w_must("start", result);
}

static wasi_pollable subscribe(nnc_context context) {
  nnc_result result;
  nnc_subscribe(context, &result);
  return w_must("subscribe", result);
}

static void cancel(nnc_context context) {
  nnc_result result;
  nnc_cancel(context, &result);
  (void)w_must("cancel", result);
}

// KEY=the indices that are ready.
static void print_poll(const char* key, const wasi_pollable* in, uint32_t count) {
  wasi_ready_list ready;
  wasi_poll(in, count, &ready);
  char text[64] = "";
  for (uint32_t i = 0; i < ready.len && i < 8; ++i) {
    const size_t end = strlen(text);
    snprintf(text + end, sizeof(text) - end, i == 0 ? "%u" : " %u", (unsigned)ready.ptr[i]);
  }
  g_print(key, "%s", text);
  free(ready.ptr);
}

static void read_to_the_end(nnc_context context, wasi_pollable news) {
  nnc_piece piece;
  do {
    wasi_pollable_block(news);
    nnc_read(context, "y", 1, 64, &piece);
    if (piece.is_error) (void)w_must("read", (nnc_result){1, piece.value.error});
  } while (piece.value.bytes.is_some);
}

static void print_outcome(nnc_context context) {
  nnc_outputs outputs;
  nnc_outputs_of(context, &outputs);
  if (outputs.is_error) {
    w_print_error("outcome", outputs.value.error);
    return;
  }
  g_number("outcome", outputs.value.list.len);
  w_take("y", outputs.value.list.ptr[0].tensor);
}

static void clock_ends_the_wait(void) {
  const nnc_context context = open_with(kEndless);
  start(context, "abc");
  wasi_pollable waits[] = {subscribe(context), wasi_subscribe_duration(kMillisecond)};
  print_poll("clock", waits, 2);
  g_number("ready", wasi_pollable_ready(waits[0]));
  cancel(context);
  wasi_pollable_drop(waits[1]);
  waits[1] = wasi_subscribe_duration(kHour);
  print_poll("cancelled", waits, 2);
  g_number("clock_ready", wasi_pollable_ready(waits[1]));
  print_outcome(context);
}

static void each_of_several(void) {
  const nnc_context first = open_with(kEndless), second = open_with(kEndless),
                    quick = open_with("");
  start(first, "a");
  start(second, "b");
  start(quick, "c");
  const wasi_pollable clock = wasi_subscribe_duration(kHour);
  const wasi_pollable waits[] = {subscribe(first), clock, subscribe(second), subscribe(quick)};
  // The quick one is readable before it ends; either way it is the only one.
  print_poll("quick", waits, 4);
  wasi_pollable_block(waits[3]);
  cancel(second);
  print_poll("second", waits, 4);
  cancel(first);
  print_poll("first", waits, 4);
  const wasi_pollable twice[] = {waits[3], clock, waits[3]};
  print_poll("twice", twice, 3);
  read_to_the_end(quick, waits[3]);
  print_outcome(quick);
}

static void outlives_its_context(void) {
  const nnc_context context = open_with(kEndless);
  start(context, "a");
  const wasi_pollable waits[] = {wasi_subscribe_duration(kHour), subscribe(context)};
  nnc_context_drop(context);
  print_poll("dropped", waits, 2);
  wasi_pollable_block(waits[1]);
  wasi_pollable_drop(waits[1]);
  // A pollable without a compute.
  nnc_result none;
  nnc_subscribe(w_open("stream"), &none);
  w_print_result("none", none);
}

static const g_case kCases[] = {
    {"wit_pollable_and_clock", clock_ends_the_wait},
    {"wit_pollables_of_several", each_of_several},
    {"wit_pollable_outlives_its_context", outlives_its_context},
};

W_MAIN(kCases)
