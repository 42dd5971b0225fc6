// The component ABI of wasi-nn as core imports: what `wasm-tools component embed` and `component
// new` need beside guests/wit/<snapshot>. One header for the three published snapshots; define
// WASI_NN_SNAPSHOT before including it to choose another one than 2024-10-28.
//
// Structures are the return areas of the canonical ABI on wasm32. Lists and strings that the host
// returns are allocated with malloc by cabi_realloc (common/component_start.c) and freed by the
// guest.
#pragma once

#include <stdint.h>

#ifndef WASI_NN_SNAPSHOT
#define WASI_NN_SNAPSHOT "2024-10-28"
#endif

#ifdef __cplusplus
extern "C" {
#endif

enum { NNC_FP16, NNC_FP32, NNC_FP64, NNC_BF16, NNC_U8, NNC_I32, NNC_I64 };
enum {
  NNC_OPENVINO,
  NNC_ONNX,
  NNC_TENSORFLOW,
  NNC_PYTORCH,
  NNC_TENSORFLOWLITE,
  NNC_GGML,
  NNC_AUTODETECT
};
enum { NNC_CPU, NNC_GPU, NNC_TPU };
enum {
  NNC_INVALID_ARGUMENT,
  NNC_INVALID_ENCODING,
  NNC_TIMEOUT,
  NNC_RUNTIME_ERROR,
  NNC_UNSUPPORTED_OPERATION,
  NNC_TOO_LARGE,
  NNC_NOT_FOUND,
  NNC_SECURITY,
  NNC_UNKNOWN
};

// Resource handles; each is dropped exactly once, by its drop function or by a call that consumes
// it.
typedef uint32_t nnc_tensor;
typedef uint32_t nnc_graph;
typedef uint32_t nnc_context;
typedef uint32_t nnc_error;

typedef struct {
  void* ptr;
  uint32_t len;
} nnc_list;

// result<own<resource>, own<error>> and result<_, own<error>>: `handle` is the resource or the
// error.
typedef struct {
  uint8_t is_error;
  uint32_t handle;
} nnc_result;

typedef struct {
  const char* name;
  uint32_t name_len;
  nnc_tensor tensor;
} nnc_named_tensor;

// result<list<named-tensor>, own<error>>
typedef struct {
  uint8_t is_error;
  union {
    struct {
      nnc_named_tensor* ptr;
      uint32_t len;
    } list;
    nnc_error error;
  } value;
} nnc_outputs;

// Compiled for another machine, the functions are somebody's who plays the host.
#ifdef __wasm__
#define NNC_IMPORT(interface, name)                                                 \
  __attribute__((import_module("wasi:nn/" interface "@0.2.0-rc-" WASI_NN_SNAPSHOT), \
                 import_name(name))) extern
#else
#define NNC_IMPORT(interface, name) extern
#endif

NNC_IMPORT("tensor", "[constructor]tensor")
nnc_tensor nnc_tensor_new(const uint32_t* dims, uint32_t rank, uint32_t type, const void* data,
                          uint32_t bytes);
NNC_IMPORT("tensor", "[method]tensor.dimensions")
void nnc_tensor_dimensions(nnc_tensor self, nnc_list* result);
NNC_IMPORT("tensor", "[method]tensor.ty") uint32_t nnc_tensor_type(nnc_tensor self);
NNC_IMPORT("tensor", "[method]tensor.data")
void nnc_tensor_data(nnc_tensor self, nnc_list* result);
NNC_IMPORT("tensor", "[resource-drop]tensor") void nnc_tensor_drop(nnc_tensor self);

NNC_IMPORT("graph", "load")
void nnc_load(const nnc_list* builders, uint32_t count, uint32_t encoding, uint32_t target,
              nnc_result* result);
NNC_IMPORT("graph", "load-by-name")
void nnc_load_by_name(const char* name, uint32_t len, nnc_result* result);
NNC_IMPORT("graph", "[method]graph.init-execution-context")
void nnc_init(nnc_graph self, nnc_result* result);
NNC_IMPORT("graph", "[resource-drop]graph") void nnc_graph_drop(nnc_graph self);

// The snapshot 2024-10-28: one call that consumes the tensors.
NNC_IMPORT("inference", "[method]graph-execution-context.compute")
void nnc_compute(nnc_context self, const nnc_named_tensor* inputs, uint32_t count,
                 nnc_outputs* result);
// The snapshots 2024-06-25 and 2024-08-19: three calls; set-input consumes the tensor.
NNC_IMPORT("inference", "[method]graph-execution-context.set-input")
void nnc_old_set_input(nnc_context self, const char* name, uint32_t len, nnc_tensor tensor,
                       nnc_result* result);
NNC_IMPORT("inference", "[method]graph-execution-context.compute")
void nnc_old_compute(nnc_context self, nnc_result* result);
NNC_IMPORT("inference", "[method]graph-execution-context.get-output")
void nnc_old_get_output(nnc_context self, const char* name, uint32_t len, nnc_result* result);
NNC_IMPORT("inference", "[resource-drop]graph-execution-context")
void nnc_context_drop(nnc_context self);

// The snapshot 2024-06-25 only.
NNC_IMPORT("errors", "[constructor]error")
nnc_error nnc_error_new(uint32_t code, const char* data, uint32_t len);
NNC_IMPORT("errors", "[method]error.code") uint32_t nnc_error_code(nnc_error self);
NNC_IMPORT("errors", "[method]error.data") void nnc_error_data(nnc_error self, nnc_list* result);
NNC_IMPORT("errors", "[resource-drop]error") void nnc_error_drop(nnc_error self);

#ifdef __cplusplus
}
#endif
