// The core-module ABIs for the suite's guests: every argument is a number, an address too. A guest
// imports only the functions that it calls, so one header serves all dialects.
#pragma once

#include <guest.h>

#define NN_PARAMS_1 uint32_t
#define NN_PARAMS_2 NN_PARAMS_1, uint32_t
#define NN_PARAMS_3 NN_PARAMS_2, uint32_t
#define NN_PARAMS_4 NN_PARAMS_3, uint32_t
#define NN_PARAMS_5 NN_PARAMS_4, uint32_t

#ifdef G_NATIVE
#define NN_IMPORT(module, name)
#else
#define NN_IMPORT(module, name) __attribute__((import_module(module), import_name(name)))
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define X(function, module, name, params) \
  NN_IMPORT(module, name) extern int32_t function(NN_PARAMS_##params);
#include <nn_functions.def>
#undef X

// The numbers of the specification since 2023-08-23.
enum { NN_F16, NN_F32, NN_F64, NN_U8, NN_I32, NN_I64 };
// Before it.
enum { NN_OLD_U8 = 2, NN_OLD_I32 = 3 };
enum { NN_AUTODETECT = 5 };
enum { NN_CPU, NN_GPU, NN_TPU };

enum { NN_TENSOR_BYTES = 20, NN_BUILDER_BYTES = 8 };

// ------------------------------------------------------------------ records

// The address of a tensor record with dims and data beside it, in blocks of their own.
uint32_t nn_tensor(const uint32_t* dims, uint32_t rank, uint32_t type, const void* data,
                   uint32_t bytes);
// The same from addresses.
uint32_t nn_tensor_at(uint32_t dims, uint32_t rank, uint32_t type, uint32_t data, uint32_t bytes);
// The address of the builder records of a model's files, of which there are g_file_count.
uint32_t nn_builders(const char* model);
uint32_t nn_builder_at(uint32_t bytes, uint32_t size);

// ------------------------------------------------------------------ steps that must succeed

// Each ends the case as not set up when the host says anything but 0.
uint32_t nn_open_graph(const char* name);
uint32_t nn_open_context(uint32_t graph);
uint32_t nn_open(const char* name);
void nn_must_set(uint32_t context, uint32_t index, uint32_t tensor);
void nn_must_set_floats(uint32_t context, uint32_t index, const float* values, uint32_t count);
void nn_must_compute(uint32_t context);
// The address of the output's `bytes` bytes.
uint32_t nn_must_get(uint32_t context, uint32_t index, uint32_t bytes);

// ------------------------------------------------------------------ steps that are looked at

// set_input of a one-dimensional f32 tensor; the errno.
int32_t nn_set_floats(uint32_t context, uint32_t index, const float* values, uint32_t count);
// Shows that a context of identity_f32 still does its work: prints alive=1 2 3, or how it failed.
void nn_print_alive(uint32_t context);
// compute and get_output of `bytes` at `index`; prints the first errno that is not 0, else 0, as
// `key`.errno, and of a success `key`.written; the address of the bytes, 0 when it failed.
uint32_t nn_run(const char* key, uint32_t context, uint32_t index, uint32_t bytes);

#ifdef __cplusplus
}
#endif
