// The shared code of the suite's component guests. Each is built once for every published snapshot
// of wasi:nn: WASI_NN_SNAPSHOT says which, and the few differences are behind w_compute.
#pragma once

#include <guest.h>
#include <math.h>
#include <wasi_nn_component.h>

// Known when compiling, so that a guest imports only what its snapshot has.
#define W_SNAPSHOT_HAS_ERROR_CONSTRUCTOR (WASI_NN_SNAPSHOT[6] == '6')  // 2024-06-25
#define W_SNAPSHOT_HAS_NAMED_TENSORS (WASI_NN_SNAPSHOT[5] == '1')      // 2024-10-28

// At the start of a case that only some snapshots can have.
#define W_NAMED_TENSORS_ONLY() \
  if (!W_SNAPSHOT_HAS_NAMED_TENSORS) g_setup_failed("this snapshot has other functions")
#define W_STEPS_ONLY() \
  if (W_SNAPSHOT_HAS_NAMED_TENSORS) g_setup_failed("this snapshot has other functions")

// At the end of a guest's file. The native program has all snapshots in one process.
#ifdef G_NATIVE
void nnc_native_use_snapshot(const char* snapshot);
#define W_MAIN(cases)                                \
  int G_ENTRY(int argc, char** argv) {               \
    nnc_native_use_snapshot(WASI_NN_SNAPSHOT);       \
    return g_run(cases, G_COUNT(cases), argc, argv); \
  }
#else
#define W_MAIN(cases) G_MAIN(cases)
#endif

enum { W_MOST_PORTS = 16 };

// ------------------------------------------------------------------ numbers and their names

typedef struct {
  const char* name;  // as the models are called
  const char* wit;
  uint32_t number;
  uint32_t size;
} w_type;

static const w_type kTypes[] = {
    {"f16", "FP16", NNC_FP16, 2},  {"f32", "FP32", NNC_FP32, 4}, {"f64", "FP64", NNC_FP64, 8},
    {"bf16", "BF16", NNC_BF16, 2}, {"u8", "U8", NNC_U8, 1},      {"i32", "I32", NNC_I32, 4},
    {"i64", "I64", NNC_I64, 8},
};

static inline const w_type* w_type_of(const char* name) {
  for (uint32_t i = 0; i < G_COUNT(kTypes); ++i) {
    if (strcmp(kTypes[i].name, name) == 0) return &kTypes[i];
  }
  g_setup_failed("no type named %s", name);
}

static inline const char* w_type_name(uint32_t number) {
  for (uint32_t i = 0; i < G_COUNT(kTypes); ++i) {
    if (kTypes[i].number == number) return kTypes[i].wit;
  }
  return "none";
}

static inline const char* w_code_name(uint32_t code) {
  static const char* const kNames[] = {
      "invalid-argument", "invalid-encoding", "timeout",  "runtime-error", "unsupported-operation",
      "too-large",        "not-found",        "security", "unknown"};
  return code < G_COUNT(kNames) ? kNames[code] : "none";
}

// ------------------------------------------------------------------ what the host gave

static inline void w_free(nnc_list list) {
  if (list.len != 0) free(list.ptr);
}

// Prints KEY=code and KEY.text=data, and drops the error.
static inline void w_print_error(const char* key, nnc_error error) {
  g_print(key, "%s", w_code_name(nnc_error_code(error)));
  nnc_list text;
  nnc_error_data(error, &text);
  g_text(g_key("%s.text", key), text.ptr, text.len);
  w_free(text);
  nnc_error_drop(error);
}

// Prints KEY=ok, or the error; true when it is ok.
static inline bool w_print_result(const char* key, nnc_result result) {
  if (result.is_error) {
    w_print_error(key, result.handle);
  } else {
    g_print(key, "ok");
  }
  return !result.is_error;
}

// The handle of a result that the case builds on.
static inline uint32_t w_must(const char* what, nnc_result result) {
  if (!result.is_error) return result.handle;
  nnc_list text;
  nnc_error_data(result.handle, &text);
  g_setup_failed("%s: %s: %.*s", what, w_code_name(nnc_error_code(result.handle)), (int)text.len,
                 (const char*)text.ptr);
}

static inline void w_print_dims(const char* key, nnc_tensor tensor) {
  nnc_list list;
  nnc_tensor_dimensions(tensor, &list);
  const uint32_t* dims = list.ptr;
  char text[512] = "";
  uint32_t used = 0;
  for (uint32_t i = 0; i < list.len && used + 12 < sizeof(text); ++i) {
    used += (uint32_t)snprintf(text + used, sizeof(text) - used, "%s%u", i == 0 ? "" : " ",
                               (unsigned)dims[i]);
  }
  g_print(key, "[%s]", text);
  w_free(list);
}

// The elements: f32 and i64 as numbers, all else in hexadecimal.
static inline void w_print_data(const char* key, nnc_tensor tensor) {
  nnc_list list;
  nnc_tensor_data(tensor, &list);
  const uint32_t type = nnc_tensor_type(tensor);
  if (type == NNC_FP32 && list.len % 4 == 0) {
    g_floats(key, list.ptr, list.len / 4);
  } else if (type == NNC_I64 && list.len % 8 == 0) {
    g_longs(key, list.ptr, list.len / 8);
  } else {
    g_hex(key, list.ptr, list.len);
  }
  w_free(list);
}

// KEY=elements, KEY.type, KEY.dims; the tensor stays.
static inline void w_print_tensor(const char* key, nnc_tensor tensor) {
  w_print_data(key, tensor);
  g_print(g_key("%s.type", key), "%s", w_type_name(nnc_tensor_type(tensor)));
  w_print_dims(g_key("%s.dims", key), tensor);
}

static inline void w_take(const char* key, nnc_tensor tensor) {
  w_print_tensor(key, tensor);
  nnc_tensor_drop(tensor);
}

// The only element of an f32 tensor, which is dropped; NaN when it is none.
static inline float w_take_float(nnc_tensor tensor) {
  nnc_list list;
  nnc_tensor_data(tensor, &list);
  float value = NAN;
  if (list.len == sizeof(value)) memcpy(&value, list.ptr, sizeof(value));
  w_free(list);
  nnc_tensor_drop(tensor);
  return value;
}

// ------------------------------------------------------------------ models

static inline nnc_result w_load_by_name(const char* name) {
  nnc_result result;
  nnc_load_by_name(name, (uint32_t)strlen(name), &result);
  return result;
}

static inline nnc_result w_init(nnc_graph graph) {
  nnc_result result;
  nnc_init(graph, &result);
  return result;
}

static inline nnc_graph w_open_graph(const char* name) {
  return w_must(name, w_load_by_name(name));
}

static inline nnc_context w_open_context(nnc_graph graph) {
  return w_must("init-execution-context", w_init(graph));
}

// A context of a registered model. Its graph stays, too, as it does in most programs.
static inline nnc_context w_open(const char* name) { return w_open_context(w_open_graph(name)); }

// The files of a model as graph builders; their number.
static inline uint32_t w_read_model(const char* model, nnc_list* builders, uint32_t max) {
  const uint32_t count = g_file_count(model);
  if (count > max) g_setup_failed("%s has %u files", model, (unsigned)count);
  for (uint32_t i = 0; i < count; ++i) {
    builders[i].ptr = g_at(g_read_file(g_file_part(model, i), &builders[i].len));
  }
  return count;
}

static inline nnc_result w_load_builders(const nnc_list* builders, uint32_t count,
                                         uint32_t encoding) {
  nnc_result result;
  nnc_load(builders, count, encoding, g_target(), &result);
  return result;
}

static inline nnc_result w_load_file(const char* model, uint32_t encoding) {
  nnc_list builders[4];
  const uint32_t count = w_read_model(model, builders, G_COUNT(builders));
  return w_load_builders(builders, count, encoding);
}

// ------------------------------------------------------------------ tensors

typedef struct {
  const char* name;
  nnc_tensor tensor;
} w_input;

static inline nnc_tensor w_floats(const float* values, uint32_t count) {
  return nnc_tensor_new(&count, 1, NNC_FP32, values, count * (uint32_t)sizeof(float));
}

// A tensor of one element.
static inline nnc_tensor w_float(float value) { return w_floats(&value, 1); }

// TorchScript has no names of outputs, and hosts of it count the inputs, too.
static inline const char* w_port(const char* name) {
  if (strcmp(g_framework(), "pytorch") != 0) return name;
  if ((name[0] == 'i' || name[0] == 'o') && name[1] >= '0' && name[1] <= '9') return name + 1;
  return name[0] == 'b' ? "1" : "0";
}

// ------------------------------------------------------------------ computing

// The calls of the older snapshots up to the first that fails.
static inline nnc_result w_compute_in_steps(nnc_context context, const w_input* inputs,
                                            uint32_t input_count, const char* const* names,
                                            nnc_tensor* outputs, uint32_t output_count) {
  nnc_result result = {0};
  for (uint32_t i = 0; i < input_count; ++i) {
    if (result.is_error) {
      nnc_tensor_drop(inputs[i].tensor);
    } else {
      nnc_old_set_input(context, inputs[i].name, (uint32_t)strlen(inputs[i].name), inputs[i].tensor,
                        &result);
    }
  }
  if (!result.is_error) nnc_old_compute(context, &result);
  for (uint32_t i = 0; i < output_count && !result.is_error; ++i) {
    nnc_old_get_output(context, names[i], (uint32_t)strlen(names[i]), &result);
    outputs[i] = result.handle;
  }
  return result;
}

static inline nnc_outputs w_compute_named(nnc_context context, const w_input* inputs,
                                          uint32_t input_count) {
  nnc_named_tensor named[W_MOST_PORTS];
  for (uint32_t i = 0; i < input_count && i < W_MOST_PORTS; ++i) {
    named[i].name = inputs[i].name;
    named[i].name_len = (uint32_t)strlen(inputs[i].name);
    named[i].tensor = inputs[i].tensor;
  }
  nnc_outputs outputs;
  nnc_compute(context, named, input_count, &outputs);
  return outputs;
}

// The call of 2024-10-28. The order of the outputs is the model's, so their names are not needed.
static inline nnc_result w_compute_at_once(nnc_context context, const w_input* inputs,
                                           uint32_t input_count, nnc_tensor* outputs,
                                           uint32_t output_count) {
  nnc_outputs given = w_compute_named(context, inputs, input_count);
  if (given.is_error) return (nnc_result){.is_error = 1, .handle = given.value.error};
  const uint32_t count = given.value.list.len;
  if (count != output_count) {
    g_setup_failed("expected %u outputs, given %u", (unsigned)output_count, (unsigned)count);
  }
  for (uint32_t i = 0; i < count; ++i) {
    const nnc_named_tensor* output = &given.value.list.ptr[i];
    outputs[i] = output->tensor;
    if (output->name_len != 0) free((char*)output->name);
  }
  if (count != 0) free(given.value.list.ptr);
  return (nnc_result){0};
}

// Runs the model under the names given; the inputs are consumed, whatever happens.
static inline nnc_result w_compute(nnc_context context, const w_input* inputs, uint32_t input_count,
                                   const char* const* names, nnc_tensor* outputs,
                                   uint32_t output_count) {
  if (W_SNAPSHOT_HAS_NAMED_TENSORS) {
    return w_compute_at_once(context, inputs, input_count, outputs, output_count);
  }
  return w_compute_in_steps(context, inputs, input_count, names, outputs, output_count);
}

// One input x, one output y.
static inline nnc_result w_compute_xy(nnc_context context, nnc_tensor x, nnc_tensor* y) {
  const w_input input = {w_port("x"), x};
  const char* const name = w_port("y");
  return w_compute(context, &input, 1, &name, y, 1);
}

// Prints KEY=ok and the output y, or KEY=code and the text.
static inline void w_print_xy(const char* key, nnc_context context, nnc_tensor x) {
  nnc_tensor y;
  if (w_print_result(key, w_compute_xy(context, x, &y))) w_take("y", y);
}

static inline nnc_tensor w_must_xy(nnc_context context, nnc_tensor x) {
  nnc_tensor y = 0;
  (void)w_must("compute", w_compute_xy(context, x, &y));
  return y;
}

// One f32 through a context of identity_f32; NaN when it fails.
static inline float w_pass(nnc_context context, float value) {
  nnc_tensor y;
  const nnc_result result = w_compute_xy(context, w_float(value), &y);
  if (!result.is_error) return w_take_float(y);
  nnc_error_drop(result.handle);
  return NAN;
}

// Shows that a context of identity_f32 does its work: alive=1 2 3, or how it failed.
static inline void w_print_alive(nnc_context context) {
  static const float kValues[] = {1, 2, 3};
  nnc_tensor y;
  const nnc_result result = w_compute_xy(context, w_floats(kValues, 3), &y);
  if (result.is_error) {
    w_print_error("alive", result.handle);
  } else {
    w_print_data("alive", y);
    nnc_tensor_drop(y);
  }
}
