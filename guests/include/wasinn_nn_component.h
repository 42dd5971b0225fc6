// wasinn's extension and the two drafts of wasi:nn for components, as core imports: what
// `wasm-tools component embed` needs beside guests/wit/wasinn and guests/wit/drafts/<snapshot>. The
// structures are the return areas of the canonical ABI, as in wasi_nn_component.h, whose handles
// these functions take.
//
// WASI_NN_SNAPSHOT chooses the snapshot of the drafts. The extension takes the resources of every
// snapshot; its WIT text names 2024-10-28.
#pragma once

#include "wasi_nn_component.h"

#ifdef __cplusplus
extern "C" {
#endif

// option<string> and option<list<u8>>
typedef struct {
  uint8_t is_some;
  nnc_list value;
} nnc_option;

// result<string, string>; without a text for result<_, string> that is no error
typedef struct {
  uint8_t is_error;
  nnc_list text;
} nnc_text_result;

// ------------------------------------------------------------------ drafts

// Properties (proposal 80). A list of nnc_list, each a string.
NNC_IMPORT("graph", "[method]graph.list-properties")
void nnc_list_properties(nnc_graph self, nnc_list* result);
NNC_IMPORT("graph", "[method]graph.get-property")
void nnc_get_property(nnc_graph self, const char* name, uint32_t len, nnc_option* result);
NNC_IMPORT("graph", "[method]graph.set-property")
void nnc_set_property(nnc_graph self, const char* name, uint32_t len, const char* value,
                      uint32_t value_len, nnc_text_result* result);

// Prompt (proposal 79).
typedef uint32_t nnc_prompt_context;

// result<own<context>, string>
typedef struct {
  uint8_t is_error;
  union {
    nnc_prompt_context context;
    nnc_list error;
  } value;
} nnc_prompt_result;

// Consumes the graph, whatever the outcome.
NNC_IMPORT("prompt", "init") void nnc_prompt_init(nnc_graph graph, nnc_prompt_result* result);
NNC_IMPORT("prompt", "[method]context.compute")
void nnc_prompt_compute(nnc_prompt_context self, const char* prompt, uint32_t len,
                        nnc_text_result* result);
NNC_IMPORT("prompt", "[resource-drop]context")
void nnc_prompt_context_drop(nnc_prompt_context self);

// ------------------------------------------------------------------ wasinn:nn

enum { NNC_RUNNING, NNC_READABLE, NNC_DONE };

// option<failure>
typedef struct {
  uint8_t is_some;
  uint32_t code;
  nnc_list name;
  nnc_list text;
} nnc_failure;

// result<string, error>
typedef struct {
  uint8_t is_error;
  union {
    nnc_list text;
    nnc_error error;
  } value;
} nnc_description;

// result<status, error>
typedef struct {
  uint8_t is_error;
  union {
    uint8_t status;
    nnc_error error;
  } value;
} nnc_status_result;

// result<option<list<u8>>, error>
typedef struct {
  uint8_t is_error;
  union {
    nnc_option bytes;
    nnc_error error;
  } value;
} nnc_piece;

#ifdef __wasm__
#define WASINN_NNC_IMPORT(interface, name) \
  __attribute__((import_module("wasinn:nn/" interface "@0.1.0"), import_name(name))) extern
#else
#define WASINN_NNC_IMPORT(interface, name) extern
#endif

WASINN_NNC_IMPORT("info", "last-error") void nnc_last_error(nnc_failure* result);
WASINN_NNC_IMPORT("info", "describe-graph")
void nnc_describe_graph(nnc_graph graph, nnc_description* result);
WASINN_NNC_IMPORT("info", "describe-host") void nnc_describe_host(nnc_description* result);

WASINN_NNC_IMPORT("runs", "init-execution-context")
void nnc_init_with_options(nnc_graph graph, const char* options, uint32_t len, nnc_result* result);
// Consumes the tensors.
WASINN_NNC_IMPORT("runs", "start")
void nnc_start(nnc_context context, const nnc_named_tensor* inputs, uint32_t count,
               nnc_result* result);
WASINN_NNC_IMPORT("runs", "poll") void nnc_poll(nnc_context context, nnc_status_result* result);
WASINN_NNC_IMPORT("runs", "wait")
void nnc_wait(nnc_context context, uint32_t timeout, nnc_status_result* result);
// `handle` is a pollable of wasi_poll.h, or the error.
WASINN_NNC_IMPORT("pollables", "subscribe")
void nnc_subscribe(nnc_context context, nnc_result* result);
WASINN_NNC_IMPORT("runs", "cancel") void nnc_cancel(nnc_context context, nnc_result* result);
WASINN_NNC_IMPORT("runs", "read")
void nnc_read(nnc_context context, const char* output, uint32_t len, uint32_t max,
              nnc_piece* result);
WASINN_NNC_IMPORT("runs", "outputs") void nnc_outputs_of(nnc_context context, nnc_outputs* result);

#ifdef __cplusplus
}
#endif
