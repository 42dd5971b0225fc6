/* The backend ABI, version 1: how an ML framework is plugged into wasinn. C11 and C++.
 *
 * A backend is one table of functions, `wasinn_backend`, returned by `wasinn_backend_entry_v1`,
 * whether it is linked in or lives in a shared object that wasinn loads. It turns each `run` (one
 * compute) into a call of its framework and knows nothing about guests, policies or Wasm.
 *
 * Lifetimes: instance > graph > context > run. wasinn frees in the opposite order and never frees
 * a context while a run on it has not called `done`.
 *
 * Threads: `graph_load` is serial unless WASINN_BACKEND_PARALLEL_LOAD is set. Functions on one
 * context are never called at the same time, except `cancel`, which may come from any thread while
 * a run is under way. Everything else may be called from any thread at any time.
 *
 * Errors: a function that fails fills the `wasinn_error` it was given (code, the framework's own
 * number and text, and what was expected and given) and returns its code. No exception may leave a
 * slot; backend.hpp has the guard for C++ authors.
 *
 * Memory: whoever allocates frees. The comment of each slot says what the slot may keep after it
 * has returned.
 *
 * Versions: `struct_size` is the size of the table as the author compiled it; slots are only ever
 * appended, and a slot past `struct_size` counts as absent. */
#ifndef WASINN_BACKEND_H_
#define WASINN_BACKEND_H_

#include <wasinn/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WASINN_BACKEND_ABI_VERSION 1

/* The backend's own objects; wasinn only passes the pointers around. */
typedef struct wasinn_backend_instance wasinn_backend_instance;
typedef struct wasinn_backend_graph wasinn_backend_graph;
typedef struct wasinn_backend_context wasinn_backend_context;

/* ------------------------------------------------------------------ what wasinn offers */

/* Services for a backend; valid until `close` has returned. Any thread. */
typedef struct wasinn_backend_host {
  size_t struct_size;
  void* self;
  /* Hands a line of text to wasinn's log. \since 1 */
  void (*log)(void* self, wasinn_log_level level, wasinn_str message);
  /* Pooled memory, 64-byte aligned, not zeroed; NULL when the pool's cap would be exceeded.
   * `size` in bytes, 0 gives a valid pointer. \since 1 */
  void* (*buffer_alloc)(void* self, size_t size);
  /* Takes back what buffer_alloc gave; NULL is ignored. \since 1 */
  void (*buffer_free)(void* self, void* data);
  /* How many cores this process may really use (affinity and cgroup), at least 1. \since 1 */
  uint32_t threads;
} wasinn_backend_host;

/* ------------------------------------------------------------------ runs */

/* One output. wasinn calls `release(owner)` exactly once, from any thread, when it no longer needs
 * `tensor.data`; until then the bytes must not change. Bytes that lie in an input of the run, and
 * those without a `release` (NULL), are copied during the call, since inputs and graphs may end
 * first. `tensor.dims` is copied, too. */
typedef struct wasinn_backend_output {
  uint32_t port; /* index into wasinn_graph_info.outputs */
  wasinn_tensor_view tensor;
  void (*release)(void* owner);
  void* owner;
} wasinn_backend_output;

/* Counts for generation models; zeros otherwise. */
typedef struct wasinn_backend_usage {
  uint64_t input_tokens;
  uint64_t output_tokens;
} wasinn_backend_usage;

/* Receives what a run reports. Copy the struct if you need it after `run` has returned. Callbacks
 * may come from any thread. After `done` the run is over: later calls with this sink are ignored
 * and logged. */
typedef struct wasinn_backend_sink {
  size_t struct_size;
  void* self;
  uint64_t run; /* never 0; the numbers of one context's runs grow */
  /* Delivers an output; a port delivered twice replaces the first. Takes ownership even when it
   * refuses (returns non-zero: unknown port, rank or size that do not fit). \since 1 */
  int32_t (*output)(void* self, uint64_t run, const wasinn_backend_output* output);
  /* Delivers the next piece of a streamed output; the bytes are copied. Non-zero asks the backend
   * to stop early and call done. \since 1 */
  int32_t (*chunk)(void* self, uint64_t run, uint32_t port, wasinn_bytes data);
  /* Ends the run, exactly once. With WASINN_OK every output port was delivered, but for those that
   * are WASINN_PORT_OPTIONAL. `usage` may be NULL. All strings are copied. \since 1 */
  void (*done)(void* self, uint64_t run, wasinn_code code, wasinn_str message, int64_t engine_code,
               const wasinn_backend_usage* usage);
  /* Reads a file of at most `max` bytes by the name that it has for the guest, from the folders
   * that the guest was given: calls `take(to, bytes)` once with the whole content, which is valid
   * during that call. Fails with SECURITY for a path outside these folders, with NOT_FOUND,
   * TOO_LARGE, INVALID_ARGUMENT for a folder or a special file, and CANCELLED once the run is over;
   * `error` may be NULL. Any thread; it may take as long as the file system does. \since 1,
   * appended */
  wasinn_code (*read_file)(void* self, uint64_t run, wasinn_str path, size_t max,
                           void (*take)(void* to, wasinn_bytes bytes), void* to,
                           wasinn_error* error);
  /* Writes to the standard output of the guest, who has asked for it by an option. It does not
   * wait: the bytes are copied, and the guest's thread writes them while it waits for the compute.
   * Lost where no guest waits for this one compute (a stream, a compute in the background, a guest
   * without an output). Non-zero asks the backend to stop early and call done. \since 1, appended
   */
  int32_t (*guest_stdout)(void* self, uint64_t run, wasinn_bytes data);
} wasinn_backend_sink;

/* One input of a run; valid until the run's `done`, so it can be wrapped in place. Inputs come in
 * the order of wasinn_graph_info.inputs; an optional one that was not given is left out. Type,
 * rank, static dims and byte size have been checked against the description. */
typedef struct wasinn_backend_input {
  uint32_t port; /* index into wasinn_graph_info.inputs */
  wasinn_tensor_view tensor;
} wasinn_backend_input;

/* ------------------------------------------------------------------ graphs */

/* An input or output of a graph. */
typedef struct wasinn_port_info {
  wasinn_str name;     /* may be empty for the only port */
  wasinn_dtype dtype;  /* WASINN_DTYPE_NONE: any, or not known before the run */
  int32_t rank;        /* -1: any */
  const int64_t* dims; /* `rank` entries, -1: any; NULL when rank <= 0 */
  uint32_t flags;      /* WASINN_PORT_* */
} wasinn_port_info;

/* The input may be left out; a run may end without the output, and output_get then says why. */
#define WASINN_PORT_OPTIONAL 1u
/* The port takes UTF-8 text in a U8 tensor. The dims that the guest gave are ignored (many guests
 * of language models send [1]); the backend always sees the shape [number of bytes]. */
#define WASINN_PORT_TEXT 2u

/* A fact about the graph, as text: e.g. {"producer", "pytorch"}, {"opset", "17"}. */
typedef struct wasinn_metadata {
  wasinn_str key;
  wasinn_str value;
} wasinn_metadata;

/* Filled by graph_describe with pointers that stay valid until graph_free. */
typedef struct wasinn_graph_info {
  size_t struct_size;
  const wasinn_port_info* inputs;
  size_t input_count;
  const wasinn_port_info* outputs;
  size_t output_count;
  const wasinn_metadata* metadata;
  size_t metadata_count;
} wasinn_graph_info;

/* What to load. Either `path` is set (a file or, for some formats, a folder; NUL-terminated), or
 * `parts` are: the builders of wasi-nn's load, in order. The bytes of `parts` stay valid until
 * graph_free, so they need not be copied. Options are those of scope LOAD, already checked against
 * the option table. */
typedef struct wasinn_load_request {
  size_t struct_size;
  const char* path;
  const wasinn_bytes* parts;
  size_t part_count;
  wasinn_target target;
  const wasinn_option* options;
  size_t option_count;
} wasinn_load_request;

/* ------------------------------------------------------------------ options */

typedef enum wasinn_option_type WASINN_ENUM_TYPE {
  WASINN_OPTION_TEXT = 0,
  WASINN_OPTION_BOOL = 1,  /* true, false */
  WASINN_OPTION_INT = 2,   /* decimal, within min..max */
  WASINN_OPTION_FLOAT = 3, /* decimal, within min..max */
  WASINN_OPTION_ENUM = 4   /* one of `choices`, separated by | */
} wasinn_option_type;

typedef enum wasinn_option_scope WASINN_ENUM_TYPE {
  WASINN_SCOPE_LOAD = 0,
  WASINN_SCOPE_CONTEXT = 1
} wasinn_option_scope;

/* A row of a backend's option table. wasinn parses and checks values by it and prints it in help.
 * All text is static and NUL-terminated; NULL counts as "". */
typedef struct wasinn_option_spec {
  const char* name;
  wasinn_option_type type;
  wasinn_option_scope scope;
  const char* default_value;
  const char* choices;
  double min;
  double max;
  const char* help;
  uint32_t flags; /* WASINN_OPTION_FLAG_* */
} wasinn_option_spec;

/* The name is a prefix: "free_dim:" accepts "free_dim:batch=1". */
#define WASINN_OPTION_FLAG_PREFIX 1u
/* Only the host may set the option, never a guest: it names files or devices, or takes resources
 * that all guests share. */
#define WASINN_OPTION_FLAG_HOST_ONLY 2u
/* Another name for the option of the nearest row above that lacks this flag. */
#define WASINN_OPTION_FLAG_ALIAS 4u

/* ------------------------------------------------------------------ the table */

/* `run` calls `done` before it returns; wasinn puts it on a worker thread when it may be long. */
#define WASINN_BACKEND_BLOCKING 1ull
/* graph_load may be called from several threads at once. */
#define WASINN_BACKEND_PARALLEL_LOAD 2ull
/* Runs produce text in chunks (generation models). */
#define WASINN_BACKEND_GENERATES 4ull

typedef struct wasinn_backend {
  size_t struct_size;      /* sizeof(wasinn_backend) */
  uint32_t abi_version;    /* WASINN_BACKEND_ABI_VERSION */
  uint64_t capabilities;   /* WASINN_BACKEND_* */
  const char* name;        /* "onnx"; lower case, unique in an engine */
  const char* version;     /* of the framework, e.g. "1.32.0" */
  const char* description; /* one line for people, e.g. "ONNX Runtime" */
  const char* encodings;   /* names of wasi-nn encodings that it loads, separated by spaces */
  const wasinn_option_spec* options;
  size_t option_count;

  /* Starts the backend for one engine. `host` stays valid until close has returned. \since 1 */
  wasinn_code (*open)(const wasinn_backend_host* host, wasinn_backend_instance** out,
                      wasinn_error* error);
  /* Ends it; all graphs have been freed. \since 1 */
  void (*close)(wasinn_backend_instance* instance);
  /* Names of the devices (providers) that work here, separated by spaces, e.g. "cpu"; static or
   * owned by the instance. \since 1 */
  const char* (*devices)(wasinn_backend_instance* instance);
  /* How sure the backend is that it can load this: 0 not at all, 100 certain. `head` holds the
   * first bytes (up to 4096) of the content, `size` its whole size in bytes (0 for a folder),
   * `path` may be NULL. Must not load anything. \since 1 */
  int32_t (*probe)(wasinn_backend_instance* instance, wasinn_bytes head, uint64_t size,
                   const char* path);
  /* Loads a graph; may take long. \since 1 */
  wasinn_code (*graph_load)(wasinn_backend_instance* instance, const wasinn_load_request* request,
                            wasinn_backend_graph** out, wasinn_error* error);
  /* Describes ports and metadata. \since 1 */
  wasinn_code (*graph_describe)(wasinn_backend_graph* graph, wasinn_graph_info* out,
                                wasinn_error* error);
  void (*graph_free)(wasinn_backend_graph* graph);
  /* Makes an execution context; options are those of scope CONTEXT, already checked. \since 1 */
  wasinn_code (*context_create)(wasinn_backend_graph* graph, const wasinn_option* options,
                                size_t option_count, wasinn_backend_context** out,
                                wasinn_error* error);
  void (*context_free)(wasinn_backend_context* context);
  /* Runs the graph once. Reports only through `sink`: outputs, chunks and, exactly once, done,
   * even when it fails. `inputs` (the array) is valid during the call, the tensors until done.
   * \since 1 */
  void (*run)(wasinn_backend_context* context, const wasinn_backend_input* inputs,
              size_t input_count, const wasinn_backend_sink* sink);
  /* Asks the run whose sink has this number to end soon with WASINN_CANCELLED; does not wait. May
   * come from any thread, also just before `run` starts (then that run must end at once) or just
   * after it ended (then it is ignored). \since 1 */
  void (*cancel)(wasinn_backend_context* context, uint64_t run);
  /* May be NULL. Called with an input before it is set, so that the backend can refuse at once an
   * input that no run would accept: if the code is not WASINN_OK, the context keeps its previous
   * input. `tensor` has been checked like the tensors of a run; it is valid during the call only,
   * and its bytes may have any alignment. The call may come while a run is under way; the input is
   * then for the next run. \since 1, appended */
  wasinn_code (*input_set)(wasinn_backend_context* context, uint32_t port,
                           const wasinn_tensor_view* tensor, wasinn_error* error);
  /* May be NULL. Gives an output that is known without a run, in the form that a sink takes. It is
   * called before the first run and again after an input was set, never while a run is under way.
   * `out->port` is set already; `out->tensor` stays valid until the next call on the context and is
   * copied. It fails with WASINN_INVALID_ARGUMENT when only a run can give that output. It is also
   * called after a run that ended without this output; its error then says why there is none.
   * \since 1, appended */
  wasinn_code (*output_get)(wasinn_backend_context* context, uint32_t port,
                            wasinn_backend_output* out, wasinn_error* error);
} wasinn_backend;

/* The one symbol that a plug-in exports. The table is static. */
typedef const wasinn_backend* (*wasinn_backend_entry_fn)(void);
WASINN_EXPORT const wasinn_backend* wasinn_backend_entry_v1(void);

#ifdef __cplusplus
}
#endif
#endif /* WASINN_BACKEND_H_ */
