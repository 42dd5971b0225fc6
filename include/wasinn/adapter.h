/* The adapter ABI, version 1: how a Wasm engine is joined to wasinn. C11 and C++.
 *
 * An adapter walks the import tables below, registers each entry with its engine, and calls the
 * handlers. It does nothing that is specific to machine learning: it supplies guest memory (core
 * modules) or lifted values (components), keeps one wasinn_session per guest instance, and raises
 * traps.
 *
 * Calls: a handler that can finish at once returns DONE. One that may take long returns PENDING if
 * it was given `pending`, and sets that to a call: the adapter asks wasinn_call_ready until it has
 * ended, calls the matching wasinn_call_finish function on the guest's thread, and frees the call
 * with wasinn_call_free. A guest that is gone meanwhile only has its call freed. Any number of
 * calls of a session may be pending at a time. With NULL for `pending` handlers block and never
 * return PENDING. TRAP means: stop this guest, the text is wasinn_session_last_error. */
#ifndef WASINN_ADAPTER_H_
#define WASINN_ADAPTER_H_

#include <wasinn/wasinn.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WASINN_ADAPTER_ABI_VERSION 1

typedef enum wasinn_call_state WASINN_ENUM_TYPE {
  WASINN_CALL_DONE = 0,
  WASINN_CALL_PENDING = 1,
  WASINN_CALL_TRAP = 2
} wasinn_call_state;

/* ------------------------------------------------------------------ core modules */

/* The guest's linear memory as it is now; `data` NULL when it exports none. Valid for one call. */
typedef struct wasinn_memory {
  uint8_t* data;
  size_t size;
} wasinn_memory;

/* A function that core modules import. `params` and `results` have a letter for each value: 'i' for
 * an i32, 'I' for an i64. Values are passed zero-extended in a uint64_t. */
typedef struct wasinn_core_import {
  const char* dialect; /* "witx" or "wasinn" */
  const char* module;  /* "wasi_ephemeral_nn" */
  const char* name;
  const char* params;
  const char* results;
  int32_t may_block; /* may return PENDING */
  wasinn_call_state (*call)(wasinn_session* session, wasinn_memory memory, const uint64_t* args,
                            uint64_t* result, wasinn_call** pending);
} wasinn_core_import;

WASINN_EXPORT const wasinn_core_import* wasinn_core_imports(size_t* count);

/* Ends a call of a core module: writes its result, as `call` would have; waits where it has not
 * ended. As all functions of its session: not during another one. */
WASINN_EXPORT wasinn_call_state wasinn_call_finish_core(wasinn_call* call, wasinn_memory memory,
                                                        uint64_t* result);

/* ------------------------------------------------------------------ components */

/* A lifted value. Its type decides which fields are used:
 *   u32, enum case, handle, bool          word
 *   u64                                   word64
 *   string, list<u8>                      bytes
 *   list<u32>                             bytes (4 bytes each, host order)
 *   tuple<string, HANDLE>                 bytes and word
 *   record<FIELD: T, ...>                 items, one for each field
 *   other lists                           items, item_count
 *   option<T>                             tag 0 none, 1 some, and T's fields
 *   result<T, E>                          tag 0 ok, 1 error, and T's or E's fields
 *   option<T> as the T of a result        word 0 none, 1 some, and T's fields (T has no word)
 *   own<pollable>                         owner, a wasinn_pollable, and release, which frees it
 * Arguments are borrowed for the call. A result's `bytes` and `items` stay valid until the next
 * call of the session; when `release` is set, `bytes` stay valid until it is called instead, which
 * the adapter must do exactly once, from any thread, so that it can lower them without a copy. */
typedef struct wasinn_val {
  uint32_t tag;
  uint32_t word;
  uint64_t word64;
  wasinn_bytes bytes;
  const struct wasinn_val* items;
  size_t item_count;
  void (*release)(void* owner);
  void* owner;
} wasinn_val;

/* A function that components import. `signature` is in WIT's terms with resources and enums by
 * name and records in full, e.g. "(borrow<graph>) -> result<own<graph-execution-context>,
 * own<error>>"; the same text always means the same shape. */
typedef struct wasinn_component_import {
  const char* dialect;   /* "wit", "properties", "prompt" or "wasinn" */
  const char* interface; /* "wasi:nn/graph@0.2.0-rc-2024-10-28" */
  const char* name;      /* "[method]graph.init-execution-context" */
  const char* signature;
  int32_t may_block;
  wasinn_call_state (*call)(wasinn_session* session, const wasinn_val* args, size_t arg_count,
                            wasinn_val* result, wasinn_call** pending);
} wasinn_component_import;

/* A resource type that an interface defines. Its representation is the `word` of handles. */
typedef struct wasinn_component_resource {
  const char* interface;
  const char* name; /* "graph" */
  void (*drop)(wasinn_session* session, uint32_t rep);
} wasinn_component_resource;

/* An enum that signatures name: its cases in order, separated by spaces. */
typedef struct wasinn_component_enum {
  const char* name; /* "tensor-type" */
  const char* cases;
} wasinn_component_enum;

WASINN_EXPORT const wasinn_component_import* wasinn_component_imports(size_t* count);
WASINN_EXPORT const wasinn_component_resource* wasinn_component_resources(size_t* count);
WASINN_EXPORT const wasinn_component_enum* wasinn_component_enums(size_t* count);

/* The same for a call of a component. */
WASINN_EXPORT wasinn_call_state wasinn_call_finish_component(wasinn_call* call, wasinn_val* result);

/* What `own<pollable>` in a signature stands for: the adapter wraps it in the engine's own resource
 * `pollable` of wasi:io/poll, which is ready when this one is. No row of the tables drops it; the
 * adapter calls the value's `release` once, from any thread, when the guest has dropped its
 * pollable or is gone. It may outlive the session. */
typedef struct wasinn_pollable wasinn_pollable;

/* 1 when it is ready. Else 0, and `waker`, unless it is NULL, is called once it may be: ask again
 * then. Otherwise as wasinn_call_ready, `release` being what frees it. Any thread, one at a time.
 */
WASINN_EXPORT int32_t wasinn_pollable_ready(wasinn_pollable* pollable, const wasinn_waker* waker);

/* ------------------------------------------------------------------ sessions, for adapters */

/* For a guest that is gone, whose session lives on: cancels its calls and all runs in the
 * background. */
WASINN_EXPORT void wasinn_session_abandon(wasinn_session* session);

/* Sets who is told when the session is stopped (cancel, or the policy's run_timeout); at most once,
 * from any thread, with no lock of wasinn held; at once if it was stopped already. NULL unsets it,
 * and after that has returned the callback is not running any more (unless it is this callback that
 * unsets it). */
WASINN_EXPORT void wasinn_session_on_stop(wasinn_session* session, void (*stop)(void* self),
                                          void* self);
/* Returns WASINN_OK while the session may go on, otherwise the reason for the stop: CANCELLED or
 * TIMEOUT. Any thread. */
WASINN_EXPORT wasinn_code wasinn_session_stopped(const wasinn_session* session);

/* A model writes to the guest's standard output if an option of the guest asks for that
 * (stream-stdout of language models). Only the guest's thread writes the text, so a full pipe holds
 * up no other guest. `told` is called from any thread, with no lock of wasinn held, when there is
 * text, and again only after the text was taken: take it then, while a call is PENDING, and before
 * a call that has ended returns to the guest. NULL unsets the callback; after that has returned it
 * is not running any more. While no callback is set the text is lost. */
WASINN_EXPORT void wasinn_session_on_stdout(wasinn_session* session, void (*told)(void* self),
                                            void* self);
/* The text that has come since the last time, valid until the next; on the thread of the session's
 * calls, also while one is PENDING. */
WASINN_EXPORT wasinn_bytes wasinn_session_take_stdout(wasinn_session* session);

/* ------------------------------------------------------------------ the table */

typedef struct wasinn_adapter_instance wasinn_adapter_instance;
typedef struct wasinn_adapter_program wasinn_adapter_program;

/* Services for an adapter; valid until close has returned. */
typedef struct wasinn_adapter_host {
  size_t struct_size;
  void* self;
  void (*log)(void* self, wasinn_log_level level, wasinn_str message);
  const char* cache_dir; /* for compiled code; NULL: none */
  /* WebAssembly proposals to switch on or off, in the form of wasinn_engine_options; NULL: none.
   * `open` fails for a proposal that the engine does not know. */
  const char* features;
  uint32_t threads;
} wasinn_adapter_host;

typedef struct wasinn_import_info {
  wasinn_str module; /* or the component's interface */
  wasinn_str name;   /* empty for a component's interface */
  /* "func(i32, i32) -> i32" or another text for people; for an interface
   * "interface { load-by-name, [method]graph.get-property, resource graph }" */
  wasinn_str type;
} wasinn_import_info;

/* What a guest is; owned by the adapter until inspect_free. */
typedef struct wasinn_guest_info {
  size_t struct_size;
  int32_t is_component;
  int32_t is_text; /* given as .wat */
  const wasinn_import_info* imports;
  size_t import_count;
  const wasinn_str* exports;
  size_t export_count;
  wasinn_str why_not; /* why program_load would refuse the guest; empty if it would load it */
  void* owner;
} wasinn_guest_info;

typedef struct wasinn_adapter {
  size_t struct_size;
  uint32_t abi_version; /* WASINN_ADAPTER_ABI_VERSION */
  const char* name;     /* "wasmtime" */
  const char* version;  /* of the engine */
  const char* description;

  /* Starts the engine. \since 1 */
  wasinn_code (*open)(const wasinn_adapter_host* host, wasinn_adapter_instance** out,
                      wasinn_error* error);
  void (*close)(wasinn_adapter_instance* instance);
  /* Describes the guest and says whether it can be loaded; it may compile the guest to find out.
   * \since 1 */
  wasinn_code (*inspect)(wasinn_adapter_instance* instance, wasinn_bytes wasm,
                         wasinn_guest_info* out, wasinn_error* error);
  void (*inspect_free)(wasinn_guest_info* info);
  /* Compiles and links. If nothing provides an import, this fails with an error that names the
   * import. \since 1 */
  wasinn_code (*program_load)(wasinn_adapter_instance* instance, wasinn_bytes wasm,
                              wasinn_adapter_program** out, wasinn_program_stats* stats,
                              wasinn_error* error);
  void (*program_free)(wasinn_adapter_program* program);
  /* As wasinn_program_run; any number of runs of one program at the same time. \since 1 */
  wasinn_code (*run)(wasinn_adapter_program* program, wasinn_session* session,
                     const wasinn_run_options* options, wasinn_run_result* result,
                     wasinn_error* error);

  /* Slots that may be NULL or missing from a shorter table: the engine then lacks that ability. */

  /* As wasinn_program_compile. */
  wasinn_code (*compile)(wasinn_adapter_instance* instance, wasinn_bytes wasm,
                         void (*write)(void* self, wasinn_bytes code), void* self,
                         wasinn_error* error);
  /* As program_load, but also accepts what `compile` wrote, which program_load refuses. */
  wasinn_code (*program_load_trusted)(wasinn_adapter_instance* instance, wasinn_bytes bytes,
                                      wasinn_adapter_program** out, wasinn_program_stats* stats,
                                      wasinn_error* error);
} wasinn_adapter;

/* The adapters of this project that a program can link. */
WASINN_EXPORT const wasinn_adapter* wasinn_adapter_wasmtime(void);

#ifdef __cplusplus
}
#endif
#endif /* WASINN_ADAPTER_H_ */
