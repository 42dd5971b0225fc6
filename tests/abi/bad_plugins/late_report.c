/* Takes no notice of cancel but for reporting 100 ms after it: an output, a chunk and done, twice,
 * from a thread of its own, when the run has long been given up. */
#define _POSIX_C_SOURCE 200809L

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

#include "base.h"

typedef struct late_context {
  atomic_bool cancelled;
  pthread_t thread;
  bool has_thread;
  wasinn_backend_sink sink;
} late_context;

static wasinn_code Create(wasinn_backend_graph* graph, const wasinn_option* options,
                          size_t option_count, wasinn_backend_context** out, wasinn_error* error) {
  (void)graph;
  (void)options;
  (void)option_count;
  (void)error;
  *out = (wasinn_backend_context*)calloc(1, sizeof(late_context));
  return WASINN_OK;
}

static void Wait(void) {
  const struct timespec wait = {0, 100 * 1000000};
  nanosleep(&wait, NULL);
}

static void* Report(void* argument) {
  late_context* context = argument;
  const wasinn_backend_sink sink = context->sink;
  const int64_t dims[1] = {4};
  const wasinn_tensor_view tensor = {WASINN_DTYPE_U8, 1, dims, "late", 4};
  while (!atomic_load(&context->cancelled)) Wait();
  Wait();
  for (int i = 0; i < 2; ++i) {
    const wasinn_backend_output output = BaseOutput(0, &tensor);
    const wasinn_bytes chunk = {"late", 4};
    sink.output(sink.self, sink.run, &output);
    sink.chunk(sink.self, sink.run, 0, chunk);
    BaseDone(&sink);
  }
  return NULL;
}

static void Run(wasinn_backend_context* opaque, const wasinn_backend_input* inputs,
                size_t input_count, const wasinn_backend_sink* sink) {
  late_context* context = (late_context*)opaque;
  (void)inputs;
  (void)input_count;
  if (context->has_thread) pthread_join(context->thread, NULL);
  context->sink = *sink;
  atomic_store(&context->cancelled, false);
  context->has_thread = pthread_create(&context->thread, NULL, Report, context) == 0;
}

static void Cancel(wasinn_backend_context* context, uint64_t run) {
  (void)run;
  atomic_store(&((late_context*)context)->cancelled, true);
}

static void Free(wasinn_backend_context* opaque) {
  late_context* context = (late_context*)opaque;
  if (context->has_thread) pthread_join(context->thread, NULL);
  free(context);
}

BASE_EXPORT("late-report", table.capabilities = 0; table.context_create = Create; table.run = Run;
            table.cancel = Cancel; table.context_free = Free)
