/* A well-behaved backend in one header, for plug-ins that are bad in exactly one way: each takes
 * BaseTable(), spoils one thing and exports the result. One input of any type, given back. */
#pragma once

#include <wasinn/backend.h>

#include <stdlib.h>
#include <string.h>

#if defined(__GNUC__)
#define BASE_UNUSED __attribute__((unused))
#else
#define BASE_UNUSED
#endif

/* Text that is a C literal. */
#define BASE_TEXT(literal) {literal, sizeof(literal) - 1}

static const wasinn_backend_host* base_host;

static wasinn_code BaseOpen(const wasinn_backend_host* host, wasinn_backend_instance** out,
                            wasinn_error* error) {
  (void)error;
  base_host = host;
  *out = (wasinn_backend_instance*)&base_host;
  return WASINN_OK;
}

static void BaseClose(wasinn_backend_instance* instance) { (void)instance; }

static const char* BaseDevices(wasinn_backend_instance* instance) {
  (void)instance;
  return "cpu";
}

static int32_t BaseProbe(wasinn_backend_instance* instance, wasinn_bytes head, uint64_t size,
                         const char* path) {
  (void)instance;
  (void)head;
  (void)size;
  (void)path;
  return 0;
}

static wasinn_code BaseLoad(wasinn_backend_instance* instance, const wasinn_load_request* request,
                            wasinn_backend_graph** out, wasinn_error* error) {
  (void)instance;
  (void)request;
  (void)error;
  *out = (wasinn_backend_graph*)malloc(1);
  return WASINN_OK;
}

static wasinn_code BaseDescribe(wasinn_backend_graph* graph, wasinn_graph_info* out,
                                wasinn_error* error) {
  static const wasinn_port_info input = {BASE_TEXT("x"), WASINN_DTYPE_NONE, -1, NULL, 0};
  static const wasinn_port_info output = {BASE_TEXT("y"), WASINN_DTYPE_NONE, -1, NULL, 0};
  (void)graph;
  (void)error;
  out->inputs = &input;
  out->input_count = 1;
  out->outputs = &output;
  out->output_count = 1;
  out->metadata = NULL;
  out->metadata_count = 0;
  return WASINN_OK;
}

static void BaseGraphFree(wasinn_backend_graph* graph) { free(graph); }

static wasinn_code BaseContextCreate(wasinn_backend_graph* graph, const wasinn_option* options,
                                     size_t option_count, wasinn_backend_context** out,
                                     wasinn_error* error) {
  (void)graph;
  (void)options;
  (void)option_count;
  (void)error;
  *out = (wasinn_backend_context*)malloc(1);
  return WASINN_OK;
}

static void BaseContextFree(wasinn_backend_context* context) { free(context); }

/* An output with a copy of `tensor`; ownership passes with it. */
BASE_UNUSED static wasinn_backend_output BaseOutput(uint32_t port,
                                                    const wasinn_tensor_view* tensor) {
  wasinn_backend_output output;
  void* copy = malloc(tensor->size + 1);
  if (tensor->size > 0) memcpy(copy, tensor->data, tensor->size);
  output.port = port;
  output.tensor = *tensor;
  output.tensor.data = copy;
  output.release = free;
  output.owner = copy;
  return output;
}

BASE_UNUSED static void BaseDone(const wasinn_backend_sink* sink) {
  const wasinn_str none = {NULL, 0};
  sink->done(sink->self, sink->run, WASINN_OK, none, 0, NULL);
}

static void BaseRun(wasinn_backend_context* context, const wasinn_backend_input* inputs,
                    size_t input_count, const wasinn_backend_sink* sink) {
  (void)context;
  if (input_count > 0) {
    const wasinn_backend_output output = BaseOutput(0, &inputs[0].tensor);
    sink->output(sink->self, sink->run, &output);
  }
  BaseDone(sink);
}

static void BaseCancel(wasinn_backend_context* context, uint64_t run) {
  (void)context;
  (void)run;
}

static wasinn_backend BaseTable(const char* name) {
  wasinn_backend table;
  memset(&table, 0, sizeof table);
  table.struct_size = sizeof table;
  table.abi_version = WASINN_BACKEND_ABI_VERSION;
  table.capabilities = WASINN_BACKEND_BLOCKING;
  table.name = name;
  table.version = "1";
  table.description = "A backend of the tests";
  table.encodings = "";
  table.open = BaseOpen;
  table.close = BaseClose;
  table.devices = BaseDevices;
  table.probe = BaseProbe;
  table.graph_load = BaseLoad;
  table.graph_describe = BaseDescribe;
  table.graph_free = BaseGraphFree;
  table.context_create = BaseContextCreate;
  table.context_free = BaseContextFree;
  table.run = BaseRun;
  table.cancel = BaseCancel;
  return table;
}

/* Exports BaseTable(name) after `spoil`, statements that change `table`. */
#define BASE_EXPORT(name, spoil)                        \
  const wasinn_backend* wasinn_backend_entry_v1(void) { \
    static wasinn_backend table;                        \
    table = BaseTable(name);                            \
    spoil;                                              \
    return &table;                                      \
  }
