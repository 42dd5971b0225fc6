// wasinn's extension for core modules: import module wasinn_nn. It works on
// the graphs and contexts of wasi_ephemeral_nn (wasi_ephemeral_nn.h) and follows its ways: every
// call returns an errno, results are written through the last pointers. Errnos are those of
// wasi_ephemeral_nn and NN_END. docs/extensions.md tells the whole story.
//
// Functions that give a text write at most `max` bytes of UTF-8, without a NUL, and its size. If it
// is longer they return NN_TOO_LARGE, write nothing, and `written` is the size that is needed.
#pragma once

#include "wasi_ephemeral_nn.h"

#ifdef __cplusplus
extern "C" {
#endif

// nn_read: the output has been read to its end.
enum { NN_END = 100 };

// How a compute is that was started.
enum {
  NN_RUNNING = 0,   // it goes on, and there is nothing to read
  NN_READABLE = 1,  // it goes on, and nn_read has something new
  NN_DONE = 2,      // it has ended well; nn_get_output has its outputs
};

// Causes of failed calls, finer than errnos. More may be added; nn_code_name has the names of all.
enum {
  NN_CODE_OK = 0,
  NN_CODE_INVALID_ARGUMENT = 1,
  NN_CODE_INVALID_ENCODING = 2,
  NN_CODE_TIMEOUT = 3,
  NN_CODE_RUNTIME_ERROR = 4,
  NN_CODE_UNSUPPORTED_OPERATION = 5,
  NN_CODE_TOO_LARGE = 6,
  NN_CODE_NOT_FOUND = 7,
  NN_CODE_SECURITY = 8,
  NN_CODE_UNKNOWN = 9,
  NN_CODE_END_OF_SEQUENCE = 10,
  NN_CODE_CONTEXT_FULL = 11,
  NN_CODE_PROMPT_TOO_LONG = 12,
  NN_CODE_MODEL_MISSING = 13,
  NN_CODE_BUSY = 14,
  NN_CODE_CANCELLED = 15,
};

#define NN_NO_DEADLINE 0xffffffffu

#define WASINN_NN_IMPORT(name) \
  __attribute__((import_module("wasinn_nn"), import_name(name))) extern int32_t

// The code and the text of the last failed call of this guest, of any module; NN_CODE_OK and no
// text if none has failed. A text that does not fit (here and in the functions below) is no failed
// call.
WASINN_NN_IMPORT("last_error")
nn_last_error(uint32_t* code, char* text, uint32_t max, uint32_t* written);
// "invalid_argument".
WASINN_NN_IMPORT("code_name")
nn_code_name(uint32_t code, char* text, uint32_t max, uint32_t* written);
// A JSON object: backend, encoding, target, inputs, outputs (each with name, dtype, dims,
// optional), metadata. A dim of -1 is any size, dims of null any rank, a dtype of null any type.
WASINN_NN_IMPORT("describe_graph")
nn_describe_graph(nn_graph graph, char* text, uint32_t max, uint32_t* written);
// A JSON object: version, encodings, backends, models (those that this guest may load), modules and
// interfaces (what guests may import).
WASINN_NN_IMPORT("describe_host") nn_describe_host(char* text, uint32_t max, uint32_t* written);

// `options`: a JSON object of the options that the backend has for a context. An option that it
// does not have is NN_INVALID_ARGUMENT.
WASINN_NN_IMPORT("init_execution_context_with_options")
nn_init_with_options(nn_graph graph, const char* options, uint32_t len, nn_context* context);

// Begins a compute with the inputs that are set and returns at once. Until the compute has ended
// the context takes no other one.
WASINN_NN_IMPORT("start") nn_start(nn_context context);
// How the compute is. A compute that failed gives the errno that nn_compute would.
WASINN_NN_IMPORT("poll") nn_poll(nn_context context, uint32_t* status);
// The same, but waits while the status is NN_RUNNING, for at most `timeout` milliseconds. After
// that it gives NN_RUNNING, and the compute goes on.
WASINN_NN_IMPORT("wait") nn_wait(nn_context context, uint32_t timeout, uint32_t* status);
// Ends the compute that was started: from then on nn_poll gives its errno. If it has ended already
// it stays as it is.
WASINN_NN_IMPORT("cancel") nn_cancel(nn_context context);
// The next bytes of an output, at most `max`: what a model that streams has given so far, then the
// rest of the finished output. No bytes: nothing yet, wait for NN_READABLE or NN_DONE.
WASINN_NN_IMPORT("read")
nn_read(nn_context context, uint32_t index, void* out, uint32_t max, uint32_t* written);

#undef WASINN_NN_IMPORT

#ifdef __cplusplus
}
#endif
