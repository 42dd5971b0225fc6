/* The tables of the echo backend: its slots and options, and helpers for all its files. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

static const char kMagic[] = "wasinn-echo";

#define X(name, constant, number, text, ...) "|" text
static const char kCodeChoices[] =
#include "base/code.def"
    ;
#undef X

#define X(name, constant, number, text, ...) {WASINN_##name, text},
static const struct {
  wasinn_code code;
  const char* name;
} kCodes[] = {
#include "base/code.def"
};
#undef X

/* Without the first separator. */
#define CODE_NAMES (kCodeChoices + 1)

static const wasinn_option_spec kOptions[] = {
    {"load_delay_ms", WASINN_OPTION_INT, WASINN_SCOPE_LOAD, "0", NULL, 0, ECHO_MAX_DELAY_MS,
     "wait this many milliseconds while loading", 0},
    {"load_fail", WASINN_OPTION_ENUM, WASINN_SCOPE_LOAD, "ok", CODE_NAMES, 0, 0,
     "fail to load with this code", 0},
    {"delay_ms", WASINN_OPTION_INT, WASINN_SCOPE_CONTEXT, "0", NULL, 0, ECHO_MAX_DELAY_MS,
     "wait this many milliseconds in each run", 0},
    {"fail", WASINN_OPTION_ENUM, WASINN_SCOPE_CONTEXT, "ok", CODE_NAMES, 0, 0,
     "end each run with this code", 0},
    {"chunk_bytes", WASINN_OPTION_INT, WASINN_SCOPE_CONTEXT, "0", NULL, 0, 1 << 30,
     "stream the first output in chunks of this many bytes before it is delivered; 0: no streaming",
     0},
    {"chunk_delay_ms", WASINN_OPTION_INT, WASINN_SCOPE_CONTEXT, "0", NULL, 0, ECHO_MAX_DELAY_MS,
     "wait this many milliseconds after each of these chunks", 0},
    {"allocate_bytes", WASINN_OPTION_INT, WASINN_SCOPE_CONTEXT, "0", NULL, 0, 9e15,
     "ask the host for this much memory in each run", 0},
    {"ignore_cancel", WASINN_OPTION_BOOL, WASINN_SCOPE_CONTEXT, "false", NULL, 0, 0,
     "ignore cancel (and wait at most two seconds)", 0},
    {"input_fail", WASINN_OPTION_ENUM, WASINN_SCOPE_CONTEXT, "ok", CODE_NAMES, 0, 0,
     "refuse each input with this code when it is set", 0},
    {"early_output", WASINN_OPTION_BOOL, WASINN_SCOPE_CONTEXT, "false", NULL, 0, 0,
     "give the number of bytes of the newest input as the first output without a run", 0},
    /* This is last, since the blocking variant leaves it out. */
    {"async", WASINN_OPTION_BOOL, WASINN_SCOPE_CONTEXT, "false", NULL, 0, 0,
     "report from another thread even if the run need not wait", 0},
};
enum { kOptionCount = sizeof kOptions / sizeof kOptions[0] };

wasinn_code echo_error(wasinn_error* error, wasinn_code code, const char* format, ...) {
  if (error != NULL) {
    va_list args;
    va_start(args, format);
    vsnprintf(error->message, sizeof error->message, format, args);
    va_end(args);
    error->code = code;
    error->engine_code = 0;
  }
  return code;
}

bool echo_equal(wasinn_str text, const char* literal) {
  return text.size == strlen(literal) && memcmp(text.data, literal, text.size) == 0;
}

bool echo_code_from_name(wasinn_str name, wasinn_code* out) {
  for (size_t i = 0; i < sizeof kCodes / sizeof kCodes[0]; ++i) {
    if (!echo_equal(name, kCodes[i].name)) continue;
    *out = kCodes[i].code;
    return true;
  }
  return false;
}

bool echo_is_description(wasinn_bytes head) {
  const size_t length = sizeof kMagic - 1;
  const char* text = head.data;
  if (head.size < length || memcmp(text, kMagic, length) != 0) return false;
  return head.size == length || text[length] == '\n' || text[length] == '\r';
}

static bool parse_number(wasinn_str text, uint64_t max, uint64_t* out) {
  uint64_t value = 0;
  if (text.size == 0) return false;
  for (size_t i = 0; i < text.size; ++i) {
    if (text.data[i] < '0' || text.data[i] > '9') return false;
    uint64_t digit = (uint64_t)(text.data[i] - '0');
    if (value > (max - digit) / 10) return false;
    value = value * 10 + digit;
  }
  *out = value;
  return true;
}

static wasinn_code bad_value(wasinn_error* error, wasinn_str name, const char* expected,
                             wasinn_str given) {
  return echo_error(error, WASINN_INVALID_ARGUMENT, "echo: option %.*s: expected %s, given '%.*s'",
                    (int)name.size, name.data, expected, (int)given.size, given.data);
}

static wasinn_code set_bool(bool* out, wasinn_str name, wasinn_str value, wasinn_error* error) {
  if (!echo_equal(value, "true") && !echo_equal(value, "false")) {
    return bad_value(error, name, "true or false", value);
  }
  *out = echo_equal(value, "true");
  return WASINN_OK;
}

static wasinn_code set_number(uint64_t* out, uint64_t max, wasinn_str name, wasinn_str value,
                              wasinn_error* error) {
  char expected[64];
  if (parse_number(value, max, out)) return WASINN_OK;
  snprintf(expected, sizeof expected, "a whole number of 0 to %llu", (unsigned long long)max);
  return bad_value(error, name, expected, value);
}

wasinn_code echo_settings_set(echo_settings* settings, wasinn_str name, wasinn_str value,
                              wasinn_error* error) {
  uint64_t number = 0;
  if (echo_equal(name, "delay_ms")) {
    wasinn_code code = set_number(&number, ECHO_MAX_DELAY_MS, name, value, error);
    if (code == WASINN_OK) settings->delay_ms = (uint32_t)number;
    return code;
  }
  if (echo_equal(name, "fail") || echo_equal(name, "input_fail")) {
    wasinn_code* out = echo_equal(name, "fail") ? &settings->fail : &settings->input_fail;
    if (echo_code_from_name(value, out)) return WASINN_OK;
    return bad_value(error, name, CODE_NAMES, value);
  }
  if (echo_equal(name, "chunk_bytes")) {
    return set_number(&settings->chunk_bytes, 1 << 30, name, value, error);
  }
  if (echo_equal(name, "chunk_delay_ms")) {
    wasinn_code code = set_number(&number, ECHO_MAX_DELAY_MS, name, value, error);
    if (code == WASINN_OK) settings->chunk_delay_ms = (uint32_t)number;
    return code;
  }
  if (echo_equal(name, "allocate_bytes")) {
    return set_number(&settings->allocate_bytes, 9000000000000000u, name, value, error);
  }
  if (echo_equal(name, "async")) return set_bool(&settings->async, name, value, error);
  if (echo_equal(name, "early_output")) {
    return set_bool(&settings->early_output, name, value, error);
  }
  if (echo_equal(name, "ignore_cancel")) {
    return set_bool(&settings->ignore_cancel, name, value, error);
  }
  return echo_error(error, WASINN_INVALID_ARGUMENT,
                    "echo: expected an option among delay_ms, fail, chunk_bytes, chunk_delay_ms, "
                    "allocate_bytes, ignore_cancel, input_fail, early_output, async; given '%.*s'",
                    (int)name.size, name.data);
}

static wasinn_code open_instance(const wasinn_backend_host* host, bool blocking, bool probes,
                                 wasinn_backend_instance** out, wasinn_error* error) {
  wasinn_backend_instance* instance = malloc(sizeof *instance);
  if (instance == NULL) return echo_error(error, WASINN_TOO_LARGE, "echo: out of memory");
  instance->host = host;
  instance->blocking = blocking;
  instance->probes = probes;
  *out = instance;
  return WASINN_OK;
}

static wasinn_code open_async(const wasinn_backend_host* host, wasinn_backend_instance** out,
                              wasinn_error* error) {
  return open_instance(host, false, true, out, error);
}

static wasinn_code open_blocking(const wasinn_backend_host* host, wasinn_backend_instance** out,
                                 wasinn_error* error) {
  return open_instance(host, true, false, out, error);
}

static wasinn_code open_generating(const wasinn_backend_host* host, wasinn_backend_instance** out,
                                   wasinn_error* error) {
  return open_instance(host, false, false, out, error);
}

static void close_instance(wasinn_backend_instance* instance) { free(instance); }

static const char* devices(wasinn_backend_instance* instance) {
  (void)instance;
  return "cpu";
}

static int32_t probe(wasinn_backend_instance* instance, wasinn_bytes head, uint64_t size,
                     const char* path) {
  (void)size;
  (void)path;
  /* Only one of the variants may recognize models, or autodetection would be ambiguous. */
  return instance->probes && echo_is_description(head) ? 100 : 0;
}

#define ECHO_TABLE(name, capabilities, option_count, open) \
  {sizeof(wasinn_backend),                                 \
   WASINN_BACKEND_ABI_VERSION,                             \
   (capabilities) | WASINN_BACKEND_PARALLEL_LOAD,          \
   name,                                                   \
   "1.0.0",                                                \
   "Returns its inputs, for tests",                        \
   "",                                                     \
   kOptions,                                               \
   option_count,                                           \
   open,                                                   \
   close_instance,                                         \
   devices,                                                \
   probe,                                                  \
   echo_graph_load,                                        \
   echo_graph_describe,                                    \
   echo_graph_free,                                        \
   echo_context_create,                                    \
   echo_context_free,                                      \
   echo_run,                                               \
   echo_cancel,                                            \
   echo_input_set,                                         \
   echo_output_get}

static const wasinn_backend kEcho = ECHO_TABLE("echo", 0, kOptionCount, open_async);
static const wasinn_backend kEchoBlocking =
    ECHO_TABLE("echo-blocking", WASINN_BACKEND_BLOCKING, kOptionCount - 1, open_blocking);
static const wasinn_backend kEchoGenerating =
    ECHO_TABLE("echo-generating", WASINN_BACKEND_GENERATES, kOptionCount, open_generating);

const wasinn_backend* wasinn_backend_echo_entry(void) { return &kEcho; }

const wasinn_backend* wasinn_backend_echo_blocking_entry(void) { return &kEchoBlocking; }

const wasinn_backend* wasinn_backend_echo_generating_entry(void) { return &kEchoGenerating; }
