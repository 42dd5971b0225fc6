/* Runs echo graphs. */
#define _POSIX_C_SOURCE 200809L

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "private.h"

/* Precedes an output's bytes in the same pooled block; its size is the pool's alignment, so that
 * the bytes stay aligned. */
typedef union output_header {
  const wasinn_backend_host* host;
  char alignment[64];
} output_header;

/* A run that reports from its own thread. */
typedef struct threaded_run {
  wasinn_backend_context* context;
  wasinn_backend_sink sink;
  size_t input_count;
  wasinn_backend_input inputs[];
} threaded_run;

struct wasinn_backend_context {
  const wasinn_backend_graph* graph;
  echo_settings settings;
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  uint64_t cancelled; /* newest run that was asked to end; guarded by mutex */
  pthread_t thread;   /* of the last threaded run; valid while has_thread */
  bool has_thread;
  size_t newest_input; /* bytes */
  int64_t early_dim;   /* of the output that is known without a run */
};

wasinn_code echo_context_create(wasinn_backend_graph* graph, const wasinn_option* options,
                                size_t option_count, wasinn_backend_context** out,
                                wasinn_error* error) {
  wasinn_backend_context* context = calloc(1, sizeof *context);
  if (context == NULL) return echo_error(error, WASINN_TOO_LARGE, "echo: out of memory");
  context->graph = graph;
  context->settings = graph->defaults;
  for (size_t i = 0; i < option_count; ++i) {
    wasinn_code code =
        echo_settings_set(&context->settings, options[i].name, options[i].value, error);
    if (code != WASINN_OK) {
      free(context);
      return code;
    }
  }
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_mutex_init(&context->mutex, NULL);
  pthread_cond_init(&context->changed, &attributes);
  pthread_condattr_destroy(&attributes);
  *out = context;
  return WASINN_OK;
}

/* Waits for the thread of the last run. That run has called `done`, so the wait is short; but the
 * caller may stand inside that very call. */
static void join_thread(wasinn_backend_context* context) {
  if (!context->has_thread) return;
  context->has_thread = false;
  if (pthread_equal(context->thread, pthread_self())) {
    pthread_detach(context->thread);
  } else {
    pthread_join(context->thread, NULL);
  }
}

void echo_context_free(wasinn_backend_context* context) {
  if (context == NULL) return;
  join_thread(context);
  pthread_cond_destroy(&context->changed);
  pthread_mutex_destroy(&context->mutex);
  free(context);
}

void echo_cancel(wasinn_backend_context* context, uint64_t run) {
  pthread_mutex_lock(&context->mutex);
  /* Numbers increase, so a late cancel of an older run cannot undo that of a newer one. */
  if (run > context->cancelled) context->cancelled = run;
  pthread_cond_broadcast(&context->changed);
  pthread_mutex_unlock(&context->mutex);
}

wasinn_code echo_input_set(wasinn_backend_context* context, uint32_t port,
                           const wasinn_tensor_view* tensor, wasinn_error* error) {
  if (context->settings.input_fail != WASINN_OK) {
    return echo_error(error, context->settings.input_fail,
                      "echo: the option input_fail asked for this refusal of input %u",
                      (unsigned)port);
  }
  context->newest_input = tensor->size;
  return WASINN_OK;
}

wasinn_code echo_output_get(wasinn_backend_context* context, uint32_t port,
                            wasinn_backend_output* out, wasinn_error* error) {
  enum { kMaxDigits = 24 };
  char* text = port == 0 && context->settings.early_output ? malloc(kMaxDigits) : NULL;
  if (text == NULL) {
    return echo_error(error, WASINN_INVALID_ARGUMENT,
                      "echo: expected output 0 with the option early_output, given output %u",
                      (unsigned)port);
  }
  context->early_dim = snprintf(text, kMaxDigits, "%zu", context->newest_input);
  out->tensor = (wasinn_tensor_view){WASINN_DTYPE_U8, 1, &context->early_dim, text,
                                     (size_t)context->early_dim};
  out->release = free;
  out->owner = text;
  return WASINN_OK;
}

/* Waits for `milliseconds` or until the run is cancelled; true if it was. */
static bool wait_or_cancelled(wasinn_backend_context* context, uint64_t run,
                              uint32_t milliseconds) {
  const bool deaf = context->settings.ignore_cancel;
  if (deaf && milliseconds > ECHO_MAX_DEAF_DELAY_MS) milliseconds = ECHO_MAX_DEAF_DELAY_MS;
  struct timespec until;
  if (milliseconds > 0) {
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += milliseconds / 1000;
    until.tv_nsec += milliseconds % 1000 * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
      until.tv_nsec -= 1000000000L;
      ++until.tv_sec;
    }
  }
  pthread_mutex_lock(&context->mutex);
  bool cancelled = !deaf && context->cancelled == run;
  int result = 0;
  while (milliseconds > 0 && !cancelled && result == 0) {
    result = pthread_cond_timedwait(&context->changed, &context->mutex, &until);
    cancelled = !deaf && context->cancelled == run;
  }
  pthread_mutex_unlock(&context->mutex);
  return cancelled;
}

static void end_run(const wasinn_backend_sink* sink, wasinn_code code, const char* message) {
  sink->done(sink->self, sink->run, code, (wasinn_str){message, strlen(message)}, 0, NULL);
}

static void release_output(void* owner) {
  output_header* header = owner;
  const wasinn_backend_host* host = header->host;
  host->buffer_free(host->self, header);
}

/* Streams `tensor` in chunks; false if the run must end. */
static bool stream(wasinn_backend_context* context, const wasinn_tensor_view* tensor,
                   const wasinn_backend_sink* sink) {
  const char* data = tensor->data;
  for (size_t at = 0; at < tensor->size;) {
    size_t size = tensor->size - at;
    if (size > context->settings.chunk_bytes) size = (size_t)context->settings.chunk_bytes;
    if (sink->chunk(sink->self, sink->run, 0, (wasinn_bytes){data + at, size}) != 0) return false;
    if (wait_or_cancelled(context, sink->run, context->settings.chunk_delay_ms)) return false;
    at += size;
  }
  return true;
}

static wasinn_code hand_over(const wasinn_backend_output* output, const wasinn_backend_sink* sink,
                             wasinn_error* error) {
  if (sink->output(sink->self, sink->run, output) == 0) return WASINN_OK;
  return echo_error(error, WASINN_RUNTIME_ERROR, "echo: the host refused output %u",
                    (unsigned)output->port);
}

/* Delivers input number `port` as output number `port`. */
static wasinn_code deliver(const wasinn_backend_graph* graph, uint32_t port,
                           const wasinn_tensor_view* tensor, const wasinn_backend_sink* sink,
                           wasinn_error* error) {
  if (graph->output_shared[port]) {
    const wasinn_backend_output output = {port, *tensor, NULL, NULL};
    return hand_over(&output, sink, error);
  }
  const wasinn_backend_host* host = graph->instance->host;
  output_header* header = tensor->size <= SIZE_MAX - sizeof *header
                              ? host->buffer_alloc(host->self, sizeof *header + tensor->size)
                              : NULL;
  if (header == NULL) {
    return echo_error(error, WASINN_TOO_LARGE,
                      "echo: expected %zu bytes of memory for output %u, given none", tensor->size,
                      (unsigned)port);
  }
  header->host = host;
  if (tensor->size > 0) memcpy(header + 1, tensor->data, tensor->size);
  wasinn_backend_output output = {port, *tensor, release_output, header};
  output.tensor.data = header + 1;
  return hand_over(&output, sink, error);
}

static void work(wasinn_backend_context* context, const wasinn_backend_input* inputs,
                 size_t input_count, const wasinn_backend_sink* sink) {
  const wasinn_backend_host* host = context->graph->instance->host;
  const echo_settings* settings = &context->settings;
  wasinn_error error;
  if (settings->allocate_bytes > 0) {
    void* block = settings->allocate_bytes <= SIZE_MAX
                      ? host->buffer_alloc(host->self, (size_t)settings->allocate_bytes)
                      : NULL;
    if (block == NULL) {
      echo_error(&error, WASINN_TOO_LARGE,
                 "echo: expected %llu bytes of memory as allocate_bytes says, given none",
                 (unsigned long long)settings->allocate_bytes);
      end_run(sink, WASINN_TOO_LARGE, error.message);
      return;
    }
    host->buffer_free(host->self, block);
  }
  if (wait_or_cancelled(context, sink->run, settings->delay_ms)) {
    end_run(sink, WASINN_CANCELLED, "echo: cancelled");
    return;
  }
  if (settings->fail != WASINN_OK) {
    end_run(sink, settings->fail, "echo: the option fail asked for this failure");
    return;
  }
  for (size_t i = 0; i < input_count; ++i) {
    if (inputs[i].port >= context->graph->output_count) continue;
    if (inputs[i].port == 0 && settings->chunk_bytes > 0 &&
        !stream(context, &inputs[i].tensor, sink)) {
      end_run(sink, WASINN_CANCELLED, "echo: cancelled");
      return;
    }
    wasinn_code code = deliver(context->graph, inputs[i].port, &inputs[i].tensor, sink, &error);
    if (code != WASINN_OK) {
      end_run(sink, code, error.message);
      return;
    }
  }
  end_run(sink, WASINN_OK, "");
}

static void* thread_main(void* argument) {
  threaded_run* run = argument;
  /* This waits until echo_run has stored this thread's id. */
  pthread_mutex_lock(&run->context->mutex);
  pthread_mutex_unlock(&run->context->mutex);
  /* The context may be gone as soon as `done` is called; this thread owns the run. */
  work(run->context, run->inputs, run->input_count, &run->sink);
  free(run);
  return NULL;
}

void echo_run(wasinn_backend_context* context, const wasinn_backend_input* inputs,
              size_t input_count, const wasinn_backend_sink* sink) {
  const echo_settings* settings = &context->settings;
  join_thread(context);
  const bool waits =
      settings->delay_ms > 0 || (settings->chunk_bytes > 0 && settings->chunk_delay_ms > 0);
  if (context->graph->instance->blocking || (!settings->async && !waits)) {
    work(context, inputs, input_count, sink);
    return;
  }
  threaded_run* run = malloc(sizeof *run + input_count * sizeof *inputs);
  if (run == NULL) {
    end_run(sink, WASINN_TOO_LARGE, "echo: out of memory");
    return;
  }
  run->context = context;
  run->sink = *sink;
  run->input_count = input_count;
  if (input_count > 0) memcpy(run->inputs, inputs, input_count * sizeof *inputs);
  pthread_mutex_lock(&context->mutex);
  const bool started = pthread_create(&context->thread, NULL, thread_main, run) == 0;
  context->has_thread = started;
  pthread_mutex_unlock(&context->mutex);
  if (!started) {
    free(run);
    end_run(sink, WASINN_RUNTIME_ERROR, "echo: expected a new thread, given none");
  }
}
