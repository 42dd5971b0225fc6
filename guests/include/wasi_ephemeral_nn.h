// The core-module ABI of wasi-nn ("WITX"): import module wasi_ephemeral_nn, numbers as of
// 2023-08-23 and later. Every call returns an errno; results are written through the last pointers.
// Handles are plain numbers and stay valid until the program ends, or until they are given back.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
  NN_SUCCESS = 0,
  NN_INVALID_ARGUMENT = 1,
  NN_INVALID_ENCODING = 2,
  NN_MISSING_MEMORY = 3,
  NN_BUSY = 4,
  NN_RUNTIME_ERROR = 5,
  NN_UNSUPPORTED_OPERATION = 6,
  NN_TOO_LARGE = 7,
  NN_NOT_FOUND = 8,
  // WasmEdge's and WAMR's.
  NN_END_OF_SEQUENCE = 100,
  NN_CONTEXT_FULL = 101,
  NN_PROMPT_TOO_LONG = 102,
  NN_MODEL_NOT_FOUND = 103,
};

enum { NN_FP16 = 0, NN_FP32 = 1, NN_FP64 = 2, NN_U8 = 3, NN_I32 = 4, NN_I64 = 5 };

// The numbers of guests built against the specification of before 2023-08-23.
enum { NN_OLD_U8 = 2, NN_OLD_I32 = 3 };

enum {
  NN_OPENVINO = 0,
  NN_ONNX = 1,
  NN_TENSORFLOW = 2,
  NN_PYTORCH = 3,
  NN_TENSORFLOWLITE = 4,
  NN_AUTODETECT = 5,
};

enum { NN_CPU = 0, NN_GPU = 1, NN_TPU = 2 };

typedef uint32_t nn_graph;
typedef uint32_t nn_context;

// One part of a model. `len` counts bytes.
typedef struct {
  const uint8_t* ptr;
  uint32_t len;
} nn_builder;

// `dims_len` counts elements, `data_len` bytes. Only the lowest byte of the type is read by hosts.
typedef struct {
  const uint32_t* dims;
  uint32_t dims_len;
  uint8_t type;
  uint8_t padding[3];
  const uint8_t* data;
  uint32_t data_len;
} nn_tensor;

#ifdef __cplusplus
static_assert(sizeof(nn_tensor) == 20, "a tensor record is 20 bytes");
#else
_Static_assert(sizeof(nn_builder) == 8, "a builder record is 8 bytes");
_Static_assert(sizeof(nn_tensor) == 20, "a tensor record is 20 bytes");
#endif

#define NN_IMPORT(name) \
  __attribute__((import_module("wasi_ephemeral_nn"), import_name(name))) extern int32_t

NN_IMPORT("load")
nn_load(const nn_builder* builders, uint32_t count, uint32_t encoding, uint32_t target,
        nn_graph* graph);
NN_IMPORT("load_by_name") nn_load_by_name(const char* name, uint32_t len, nn_graph* graph);
// `config` is JSON text; known to WasmEdge and WAMR, not to the specification.
NN_IMPORT("load_by_name_with_config")
nn_load_by_name_with_config(const char* name, uint32_t len, const char* config, uint32_t config_len,
                            nn_graph* graph);
NN_IMPORT("init_execution_context") nn_init(nn_graph graph, nn_context* context);
// The host copies the tensor: the buffer may be changed at once.
NN_IMPORT("set_input") nn_set_input(nn_context context, uint32_t index, const nn_tensor* tensor);
NN_IMPORT("compute") nn_compute(nn_context context);
// NN_TOO_LARGE leaves `out` alone and tells in `written` how many bytes are needed.
NN_IMPORT("get_output")
nn_get_output(nn_context context, uint32_t index, void* out, uint32_t capacity, uint32_t* written);

// ---- WasmEdge's functions; not in the specification

// Waits for the next piece of a streamed output, or starts over after a non-zero result.
// NN_END_OF_SEQUENCE after the last piece. A model that does not stream gives one.
NN_IMPORT("compute_single") nn_compute_single(nn_context context);
// That piece; otherwise as nn_get_output.
NN_IMPORT("get_output_single")
nn_get_output_single(nn_context context, uint32_t index, void* out, uint32_t capacity,
                     uint32_t* written);
// Ends the stream. Fine without one.
NN_IMPORT("fini_single") nn_fini_single(nn_context context);
// Gives a graph back. Its contexts still give outputs, but compute no more.
NN_IMPORT("unload") nn_unload(nn_graph graph);
NN_IMPORT("finalize_execution_context") nn_finalize(nn_context context);

#ifdef __cplusplus
}
#endif
