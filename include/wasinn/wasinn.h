/* wasinn's embedding API: run WebAssembly guests that use machine-learning models through wasi-nn,
 * or use the models without a guest. C11 and C++; wasinn.hpp wraps it for C++.
 *
 *   engine   models, backends, adapters, worker threads. One per process is usual.
 *   session  one guest's handles under one policy.
 *   program  a compiled guest; runs any number of times, each time in a session of its own.
 *
 * Threads: engine and program functions may be called from any thread at any time. Functions of one
 * session: one at a time, from any thread; only wasinn_session_cancel may come during another one.
 *
 * Errors: functions that can fail return a wasinn_code and fill `error` (may be NULL). Nothing here
 * prints, aborts or throws.
 *
 * Structs that the caller fills start with `struct_size`, set by their _INIT macro, so that fields
 * can be appended later. */
#ifndef WASINN_WASINN_H_
#define WASINN_WASINN_H_

#include <wasinn/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wasinn_engine wasinn_engine;
typedef struct wasinn_policy wasinn_policy;
typedef struct wasinn_session wasinn_session;
typedef struct wasinn_program wasinn_program;

struct wasinn_backend; /* backend.h */
struct wasinn_adapter; /* adapter.h */

/* "0.1.0" */
WASINN_EXPORT const char* wasinn_version(void);
/* "invalid_argument"; "unknown code" for a number that is not a code. */
WASINN_EXPORT const char* wasinn_code_name(wasinn_code code);
/* "f32"; "" for a number that is not a dtype. */
WASINN_EXPORT const char* wasinn_dtype_name(wasinn_dtype dtype);
/* The type of that name, WASINN_DTYPE_NONE for any other text. */
WASINN_EXPORT wasinn_dtype wasinn_dtype_from_name(wasinn_str name);
/* Bytes per element; 0 for string and NONE. */
WASINN_EXPORT size_t wasinn_dtype_size(wasinn_dtype dtype);

/* Text that wasinn allocated (listings, JSON): NUL-terminated UTF-8, freed by this; NULL is
 * ignored. */
WASINN_EXPORT void wasinn_text_free(char* text);

/* ------------------------------------------------------------------ engine */

typedef struct wasinn_engine_options {
  size_t struct_size;
  /* Worker threads for computes; 0: one for each core that this process may use. */
  uint32_t threads;
  /* Bytes of loaded graphs (model sizes) above which idle ones are dropped, least recently used
   * first; 0: no limit. */
  uint64_t memory_budget;
  /* Bytes that tensor buffers of all sessions may take together; 0: half of the machine's memory.
   */
  uint64_t buffer_limit;
  /* Where adapters keep compiled code; NULL: no cache on disk. */
  const char* cache_dir;
  /* WebAssembly proposals to switch on or off, with the names of Wasmtime's -W:
   * "wide-arithmetic=y,gc=n"; NULL: the Wasm engine's defaults. */
  const char* features;
  /* Folders with backend plug-ins (lib<name> or <name>.so exporting wasinn_backend_entry_v1),
   * separated by colons; NULL: none. They are opened when first needed. */
  const char* backend_path;
  /* Receives log lines at `log_level` and above, from any thread; NULL: nothing is logged. */
  void (*log)(void* self, wasinn_log_level level, wasinn_str message);
  void* log_self;
  wasinn_log_level log_level;
} wasinn_engine_options;
#define WASINN_ENGINE_OPTIONS_INIT \
  {sizeof(wasinn_engine_options), 0, 0, 0, 0, 0, 0, 0, 0, WASINN_LOG_WARN}

/* `options` may be NULL. The `echo` backend and the `inproc` adapter are always there. */
WASINN_EXPORT wasinn_code wasinn_engine_create(const wasinn_engine_options* options,
                                               wasinn_engine** out, wasinn_error* error);
/* All sessions and programs of the engine must have been freed. NULL is ignored. */
WASINN_EXPORT void wasinn_engine_free(wasinn_engine* engine);

/* Adds a linked-in backend; the table must stay valid. Fails on a bad table or a known name. */
WASINN_EXPORT wasinn_code wasinn_engine_add_backend(wasinn_engine* engine,
                                                    const struct wasinn_backend* backend,
                                                    wasinn_error* error);
/* Opens a plug-in file now. */
WASINN_EXPORT wasinn_code wasinn_engine_load_backend(wasinn_engine* engine, const char* path,
                                                     wasinn_error* error);
/* Adds an adapter, e.g. wasinn_adapter_wasmtime(); the table must stay valid. */
WASINN_EXPORT wasinn_code wasinn_engine_add_adapter(wasinn_engine* engine,
                                                    const struct wasinn_adapter* adapter,
                                                    wasinn_error* error);

/* ------------------------------------------------------------------ models */

/* Registers a model under a name. It is loaded when it is first needed and then shared by all
 * sessions. `spec` has the form of --model:
 * "NAME=PATH[,backend=B][,target=T][,encoding=E][,load=start] [,OPTION=VALUE...]". A comma begins
 * an option only where OPTION= follows it; a path or value for which that does not work is put in
 * double quotes, inside which "" is a quote. A name that is already taken is an error. */
WASINN_EXPORT wasinn_code wasinn_engine_add_model(wasinn_engine* engine, wasinn_str spec,
                                                  wasinn_error* error);

typedef struct wasinn_model_config {
  size_t struct_size;
  wasinn_str name;
  const char* path;     /* a file or folder; NULL: `content` */
  wasinn_bytes content; /* copied */
  const char* backend;  /* NULL: the one that fits best */
  const char* encoding; /* NULL: autodetect */
  wasinn_target target;
  const wasinn_option* options; /* copied */
  size_t option_count;
  int32_t load_now; /* non-zero: load during this call */
  uint64_t flags;   /* WASINN_MODEL_... */
} wasinn_model_config;
/* `path` need not exist yet; until it does, a load fails with MODEL_MISSING. */
#define WASINN_MODEL_MAY_BE_MISSING 1
#define WASINN_MODEL_CONFIG_INIT \
  {sizeof(wasinn_model_config), {0, 0}, 0, {0, 0}, 0, 0, WASINN_TARGET_CPU, 0, 0, 0, 0}
WASINN_EXPORT wasinn_code wasinn_engine_add_model_config(wasinn_engine* engine,
                                                         const wasinn_model_config* config,
                                                         wasinn_error* error);

/* Registers each model in a folder: a file under its name without the extension, a subfolder under
 * its own name (docs/cli.md says which of its files is the model), several models in one subfolder
 * as FOLDER/NAME. Files that belong to a model do not count as models themselves. `encoding` may be
 * NULL. */
WASINN_EXPORT wasinn_code wasinn_engine_add_model_dir(wasinn_engine* engine, const char* dir,
                                                      const char* encoding, wasinn_error* error);

/* Reads a wasinn.toml: models, model folders and, when `policy` is given, policy. Relative paths
 * are taken from the file's folder. */
WASINN_EXPORT wasinn_code wasinn_engine_load_config(wasinn_engine* engine, const char* path,
                                                    wasinn_policy* policy, wasinn_error* error);

/* Frees idle graphs now, regardless of the budget. */
WASINN_EXPORT void wasinn_engine_trim(wasinn_engine* engine);

/* Listings as JSON text (see docs/cli.md for the fields); NULL and `error` on failure.
 * `models`: all registered names; `model`: one by name or by file path, loading it. */
WASINN_EXPORT char* wasinn_engine_backends_json(wasinn_engine* engine, wasinn_error* error);
WASINN_EXPORT char* wasinn_engine_models_json(wasinn_engine* engine, wasinn_error* error);
WASINN_EXPORT char* wasinn_engine_model_json(wasinn_engine* engine, const char* name_or_path,
                                             wasinn_error* error);
/* Counters: loads, shared loads, evictions, computes inline and on workers, buffer bytes in use and
 * idle. */
WASINN_EXPORT char* wasinn_engine_stats_json(wasinn_engine* engine, wasinn_error* error);

/* ------------------------------------------------------------------ policy */

/* A new policy with the defaults of src/session/policy.def. */
WASINN_EXPORT wasinn_code wasinn_policy_create(wasinn_policy** out, wasinn_error* error);
WASINN_EXPORT void wasinn_policy_free(wasinn_policy* policy);
/* Sets one rule from text: counts, sizes ("64MiB"), durations ("1500ms", "2s"), true/false. The
 * rule `models` takes names separated by commas (* for all); `compat` takes NAME[=VALUE] separated
 * by commas and leaves the switches that are not named as they are. */
WASINN_EXPORT wasinn_code wasinn_policy_set(wasinn_policy* policy, wasinn_str rule,
                                            wasinn_str value, wasinn_error* error);
/* The rule's number: bytes, milliseconds, a count, or 0/1; 0 for unlimited and for rules that are
 * not numbers. NOT_FOUND for an unknown rule. */
WASINN_EXPORT wasinn_code wasinn_policy_get(const wasinn_policy* policy, wasinn_str rule,
                                            uint64_t* out, wasinn_error* error);
/* All rules with type, default and help, and the switches of the rule `compat`, as JSON. */
WASINN_EXPORT char* wasinn_policy_rules_json(void);

/* ------------------------------------------------------------------ sessions */

/* `policy` is copied; NULL: the defaults. */
WASINN_EXPORT wasinn_code wasinn_session_create(wasinn_engine* engine, const wasinn_policy* policy,
                                                wasinn_session** out, wasinn_error* error);
/* Cancels what runs, then frees all handles. Its calls must have been freed. Not during another
 * function of the session. */
WASINN_EXPORT void wasinn_session_free(wasinn_session* session);
/* Stops the session for good: the call under way (a compute or a guest's run) ends with CANCELLED,
 * and so does every later call. Any thread. */
WASINN_EXPORT void wasinn_session_cancel(wasinn_session* session);
/* The text of the session's last error, or "" if there was none; valid until the next
 * call of the session. */
WASINN_EXPORT wasinn_str wasinn_session_last_error(const wasinn_session* session);
/* Lets a backend read files of the folder `host` of this machine when the session's guest names
 * them by their paths under `guest` (the option `image` of language models takes such a path). This
 * holds for contexts that are made afterwards, as long as they live. Both texts are copied. The
 * folder is opened now; NOT_FOUND if it does not exist. wasinn_program_run does this for its own
 * `dirs`. */
WASINN_EXPORT wasinn_code wasinn_session_grant_dir(wasinn_session* session, const char* host,
                                                   const char* guest, wasinn_error* error);
/* The rule's number in the session's policy, as wasinn_policy_get; 0 for an unknown rule. For
 * guest_memory, the result is never more than the memory of the machine or of this process's
 * cgroup, less a part for the process itself. */
WASINN_EXPORT uint64_t wasinn_session_rule(const wasinn_session* session, const char* rule);

/* Using a model without a guest. Handles are numbers that are valid in their session only. */
WASINN_EXPORT wasinn_code wasinn_session_load_by_name(wasinn_session* session, wasinn_str name,
                                                      uint32_t* graph, wasinn_error* error);
WASINN_EXPORT wasinn_code wasinn_session_load(wasinn_session* session, const wasinn_bytes* parts,
                                              size_t part_count, const char* encoding,
                                              wasinn_target target, uint32_t* graph,
                                              wasinn_error* error);
/* Number of inputs and outputs of a graph. */
WASINN_EXPORT wasinn_code wasinn_session_ports(wasinn_session* session, uint32_t graph,
                                               uint32_t* inputs, uint32_t* outputs,
                                               wasinn_error* error);
/* Describes a graph as JSON: like wasinn_engine_model_json, but without the properties of the file
 * (name, path, size, sha256, load_ms), so that no file has to be read. NULL and `error` on failure.
 * */
WASINN_EXPORT char* wasinn_session_graph_json(wasinn_session* session, uint32_t graph,
                                              wasinn_error* error);
WASINN_EXPORT wasinn_code wasinn_session_init_context(wasinn_session* session, uint32_t graph,
                                                      const wasinn_option* options,
                                                      size_t option_count, uint32_t* context,
                                                      wasinn_error* error);
/* Copies the tensor. `name` is the port's name or its decimal index. */
WASINN_EXPORT wasinn_code wasinn_session_set_input(wasinn_session* session, uint32_t context,
                                                   wasinn_str name,
                                                   const wasinn_tensor_view* tensor,
                                                   wasinn_error* error);
/* Computes and waits for the end. */
WASINN_EXPORT wasinn_code wasinn_session_compute(wasinn_session* session, uint32_t context,
                                                 wasinn_error* error);
/* Lends output `index` of the last compute and its name; valid until the context's next compute or
 * its end. */
WASINN_EXPORT wasinn_code wasinn_session_output(wasinn_session* session, uint32_t context,
                                                uint32_t index, wasinn_str* name,
                                                wasinn_tensor_view* tensor, wasinn_error* error);

/* A run in the background is a compute whose outputs can be read while they are produced. A context
 * has one at a time; the context's next compute or start ends it, too. */
typedef enum wasinn_run_state WASINN_ENUM_TYPE {
  WASINN_RUN_RUNNING = 0,  /* and nothing new to read */
  WASINN_RUN_READABLE = 1, /* still running, and a streamed piece can be read */
  WASINN_RUN_DONE = 2      /* ended well: the outputs are there, and pieces that were not read */
} wasinn_run_state;

/* Starts a run with the current inputs and returns at once. BUSY while a run is under way. */
WASINN_EXPORT wasinn_code wasinn_session_start(wasinn_session* session, uint32_t context,
                                               wasinn_error* error);
/* Waits until the run has ended or a piece can be read, for at most `timeout_ms` (below 0: without
 * limit). Reaching the timeout is not an error. Fails with the run's error once it has failed. */
WASINN_EXPORT wasinn_code wasinn_session_wait(wasinn_session* session, uint32_t context,
                                              int64_t timeout_ms, wasinn_run_state* state,
                                              wasinn_error* error);
/* Lends the next `max` bytes (at least 1) of output `index`, or fewer if fewer have arrived; valid
 * until the next call of the session. An output that does not stream becomes readable when the run
 * is done. No bytes mean that there is nothing new or, once the run is done, that the output has
 * ended. If the run failed, its error follows its last bytes. */
WASINN_EXPORT wasinn_code wasinn_session_read(wasinn_session* session, uint32_t context,
                                              uint32_t index, size_t max, wasinn_bytes* piece,
                                              wasinn_error* error);
/* Ends the run with CANCELLED and waits until its context can compute again; does nothing if no run
 * is under way. What the run has streamed can still be read. */
WASINN_EXPORT wasinn_code wasinn_session_end_run(wasinn_session* session, uint32_t context,
                                                 wasinn_error* error);

/* Ends the context; a compute of it that is pending ends with CANCELLED. */
WASINN_EXPORT wasinn_code wasinn_session_drop_context(wasinn_session* session, uint32_t context,
                                                      wasinn_error* error);
WASINN_EXPORT wasinn_code wasinn_session_drop_graph(wasinn_session* session, uint32_t graph,
                                                    wasinn_error* error);

/* ------------------------------------------------------------------ calls */

/* Whatever may take long (a load, a compute, a wait, the end of a run) can be started, and its
 * outcome taken later: an event loop, a future or a guest's fiber waits for it instead of a thread.
 * A session may have any number of calls at once; of a context one compute at a time (a second one
 * ends with BUSY). A call ends with its session's stop, too. */
typedef struct wasinn_call wasinn_call;

/* Told that there is news. Called at most once for each time that it was given, from any thread,
 * with no lock of wasinn held: it may call any function that any thread may call. */
typedef struct wasinn_waker {
  void (*wake)(void* self);
  void* self;
} wasinn_waker;

/* Each starts what the function without `start_` does, and gives its call, which may have ended
 * already. Fails only where nothing was started; how the call went tells wasinn_call_take. As all
 * functions of a session: one at a time. */
WASINN_EXPORT wasinn_code wasinn_session_start_load_by_name(wasinn_session* session,
                                                            wasinn_str name, wasinn_call** call,
                                                            wasinn_error* error);
WASINN_EXPORT wasinn_code wasinn_session_start_load(wasinn_session* session,
                                                    const wasinn_bytes* parts, size_t part_count,
                                                    const char* encoding, wasinn_target target,
                                                    wasinn_call** call, wasinn_error* error);
WASINN_EXPORT wasinn_code wasinn_session_start_compute(wasinn_session* session, uint32_t context,
                                                       wasinn_call** call, wasinn_error* error);
WASINN_EXPORT wasinn_code wasinn_session_start_wait(wasinn_session* session, uint32_t context,
                                                    int64_t timeout_ms, wasinn_call** call,
                                                    wasinn_error* error);
WASINN_EXPORT wasinn_code wasinn_session_start_end_run(wasinn_session* session, uint32_t context,
                                                       wasinn_call** call, wasinn_error* error);

/* 1 when the call has ended, which it stays. Else 0, and `waker`, unless it is NULL, is called once
 * it has. The next question replaces the waker. After that, or wasinn_call_free, has returned, the
 * waker before is not running and is not called any more (asked or freed from inside that waker, it
 * may still be running). It may be called even where 1 is returned. Any thread, one at a time. */
WASINN_EXPORT int32_t wasinn_call_ready(wasinn_call* call, const wasinn_waker* waker);
/* Ends the call with CANCELLED unless it has ended; at once, even where a backend goes on. Of a
 * wait only the wait ends, not the run. Any thread, until wasinn_call_free. */
WASINN_EXPORT void wasinn_call_cancel(wasinn_call* call);
/* The outcome; it waits for it where it has to. `value` (may be NULL): a load's graph, a wait's
 * wasinn_run_state, else 0. A function of the call's session: not during another one. The second
 * time it fails with INVALID_ARGUMENT. */
WASINN_EXPORT wasinn_code wasinn_call_take(wasinn_call* call, uint32_t* value, wasinn_error* error);
/* Frees a call before its session; one that has not ended is cancelled. A function of the call's
 * session: not during another one. NULL is ignored. */
WASINN_EXPORT void wasinn_call_free(wasinn_call* call);

/* ------------------------------------------------------------------ programs */

/* Compiles a guest (core module, component, or their text form) or takes its code from the cache.
 * `adapter` names the Wasm engine, NULL: the first one added. The bytes may be freed afterwards. */
WASINN_EXPORT wasinn_code wasinn_program_load(wasinn_engine* engine, const char* adapter,
                                              wasinn_bytes wasm, wasinn_program** out,
                                              wasinn_error* error);
/* As wasinn_program_load, for bytes from a trusted source: they may also be the output of
 * wasinn_program_compile, which becomes machine code of this process and can do anything that the
 * process can. Code of another version, configuration or processor is INVALID_ARGUMENT, with the
 * reason. wasinn_program_load refuses such bytes with SECURITY. */
WASINN_EXPORT wasinn_code wasinn_program_load_trusted(wasinn_engine* engine, const char* adapter,
                                                      wasinn_bytes bytes, wasinn_program** out,
                                                      wasinn_error* error);
/* Compiles a guest ahead of time, for this machine and this version: `write` gets all of the code
 * in one call, before this returns. The guest's imports are not checked. UNSUPPORTED_OPERATION if
 * the adapter cannot compile ahead of time. */
WASINN_EXPORT wasinn_code wasinn_program_compile(wasinn_engine* engine, const char* adapter,
                                                 wasinn_bytes wasm,
                                                 void (*write)(void* self, wasinn_bytes code),
                                                 void* self, wasinn_error* error);
WASINN_EXPORT void wasinn_program_free(wasinn_program* program);

typedef struct wasinn_program_stats {
  size_t struct_size;
  uint64_t compile_ns; /* compiling, or reading the cached code */
  uint64_t link_ns;
  int32_t from_cache;
} wasinn_program_stats;
WASINN_EXPORT void wasinn_program_get_stats(const wasinn_program* program,
                                            wasinn_program_stats* out);

typedef struct wasinn_dir {
  const char* host;  /* folder of this machine */
  const char* guest; /* the name under which the guest sees it */
  int32_t read_only;
} wasinn_dir;

/* What a guest sees. Strings are NUL-terminated and need to live during the call only. */
typedef struct wasinn_run_options {
  size_t struct_size;
  const char* const* args; /* args[0] is the program's name */
  size_t arg_count;
  const char* const* env; /* "NAME=VALUE" */
  size_t env_count;
  const wasinn_dir* dirs;
  size_t dir_count;
  /* Standard streams: those of this process when NULL. `stdin_data` with data NULL inherits, with
   * size 0 and data non-NULL is empty. Writers may be called from any thread, one call at a time.
   */
  wasinn_bytes stdin_data;
  void (*stdout_write)(void* self, wasinn_bytes data);
  void (*stderr_write)(void* self, wasinn_bytes data);
  void* stdio_self;
  /* The exported function of a core module that is called instead of the start function; NULL: the
   * start function, or for a reactor only `_initialize`, which is also called first otherwise. The
   * values of its parameters are read from args[1] on: decimal or 0x.. integers, decimal floats. */
  const char* invoke;
  /* Receives the results of `invoke` in one call, one line of text each, before the run returns;
   * may be NULL. */
  void (*results_write)(void* self, wasinn_bytes data);
} wasinn_run_options;
#define WASINN_RUN_OPTIONS_INIT \
  {sizeof(wasinn_run_options), 0, 0, 0, 0, 0, 0, {0, 0}, 0, 0, 0, 0, 0}

typedef struct wasinn_run_result {
  size_t struct_size;
  int32_t exit_code; /* of the guest */
  uint64_t instantiate_ns;
  uint64_t run_ns;
  /* errno of the guest's first failed write to this process's stdout; 0: none failed. Guests often
   * ignore such errors. */
  int32_t stdout_errno;
} wasinn_run_result;
#define WASINN_RUN_RESULT_INIT {sizeof(wasinn_run_result), 0, 0, 0, 0}

/* Runs the guest to its end in `session`, which must be new: each guest needs its own session. OK
 * when the guest ended by itself, whatever its exit code; RUNTIME_ERROR for a trap (text: the trap
 * and the guest's stack), TIMEOUT or CANCELLED when it was stopped, TOO_LARGE for a limit,
 * UNSUPPORTED_OPERATION for a guest that lacks the function to call. */
WASINN_EXPORT wasinn_code wasinn_program_run(wasinn_program* program, wasinn_session* session,
                                             const wasinn_run_options* options,
                                             wasinn_run_result* result, wasinn_error* error);

/* Describes a guest as JSON: its kind, dialects with versions, imports, and whether this engine can
 * run it or why not. Does not compile it. */
WASINN_EXPORT char* wasinn_engine_inspect_json(wasinn_engine* engine, const char* adapter,
                                               wasinn_bytes wasm, wasinn_error* error);

#ifdef __cplusplus
}
#endif
#endif /* WASINN_WASINN_H_ */
