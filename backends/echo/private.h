/* The shared declarations of the echo backend's files. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "echo.h"

enum {
  ECHO_MAX_PORTS = 64,           /* of each kind, in one description */
  ECHO_MAX_TEXT = 1 << 20,       /* bytes of a description */
  ECHO_MAX_DELAY_MS = 600000,    /* ten minutes */
  ECHO_MAX_DEAF_DELAY_MS = 2000, /* with ignore_cancel: a test must end */
};

struct wasinn_backend_instance {
  const wasinn_backend_host* host;
  bool blocking;
  bool probes; /* whether it recognizes models in probe */
};

/* The options of scope context. */
typedef struct echo_settings {
  uint32_t delay_ms;
  wasinn_code fail; /* WASINN_OK: do not fail */
  uint64_t chunk_bytes;
  uint32_t chunk_delay_ms;
  uint64_t allocate_bytes;
  bool async;
  bool ignore_cancel;
  wasinn_code input_fail; /* WASINN_OK: accept every input */
  bool early_output;
} echo_settings;

struct wasinn_backend_graph {
  wasinn_backend_instance* instance;
  char* text; /* the description of a graph loaded by path; NULL otherwise */
  echo_settings defaults;
  wasinn_port_info inputs[ECHO_MAX_PORTS];
  wasinn_port_info outputs[ECHO_MAX_PORTS];
  int64_t input_dims[ECHO_MAX_PORTS][WASINN_MAX_RANK];
  int64_t output_dims[ECHO_MAX_PORTS][WASINN_MAX_RANK];
  bool output_shared[ECHO_MAX_PORTS]; /* it is the input's own memory */
  size_t input_count;
  size_t output_count;
};

/* Fills `error` (may be NULL) and returns `code`. */
wasinn_code echo_error(wasinn_error* error, wasinn_code code, const char* format, ...)
    __attribute__((format(printf, 3, 4)));

bool echo_equal(wasinn_str text, const char* literal);

/* The code of that name; false if there is none. */
bool echo_code_from_name(wasinn_str name, wasinn_code* out);

/* True when `head` starts with the line that marks a description. */
bool echo_is_description(wasinn_bytes head);

/* Sets the option `name` of scope context; `settings` is unchanged when it fails. */
wasinn_code echo_settings_set(echo_settings* settings, wasinn_str name, wasinn_str value,
                              wasinn_error* error);

/* graph.c and context.c: slots of the table. */
wasinn_code echo_graph_load(wasinn_backend_instance* instance, const wasinn_load_request* request,
                            wasinn_backend_graph** out, wasinn_error* error);
wasinn_code echo_graph_describe(wasinn_backend_graph* graph, wasinn_graph_info* out,
                                wasinn_error* error);
void echo_graph_free(wasinn_backend_graph* graph);
wasinn_code echo_context_create(wasinn_backend_graph* graph, const wasinn_option* options,
                                size_t option_count, wasinn_backend_context** out,
                                wasinn_error* error);
void echo_context_free(wasinn_backend_context* context);
void echo_run(wasinn_backend_context* context, const wasinn_backend_input* inputs,
              size_t input_count, const wasinn_backend_sink* sink);
void echo_cancel(wasinn_backend_context* context, uint64_t run);
wasinn_code echo_input_set(wasinn_backend_context* context, uint32_t port,
                           const wasinn_tensor_view* tensor, wasinn_error* error);
wasinn_code echo_output_get(wasinn_backend_context* context, uint32_t port,
                            wasinn_backend_output* out, wasinn_error* error);
