// Values across the component ABI: enum cases, tensors and their methods, element types, shapes.
#include "wit.h"

// The numbers 1, 2, 3, ... as f32.
static nnc_tensor count_up(const uint32_t* dims, uint32_t rank, uint32_t elements) {
  float values[64] = {0};
  for (uint32_t i = 0; i < elements && i < G_COUNT(values); ++i) values[i] = (float)i + 1;
  return nnc_tensor_new(dims, rank, NNC_FP32, values, elements * 4);
}

// ------------------------------------------------------------------ numbers

// args: a type. What the constructor was given is what `ty` says.
static void tensor_type(void) {
  const w_type* type = w_type_of(g_arg(0));
  static const uint8_t kBytes[16];
  static const uint32_t kTwo = 2;
  nnc_tensor tensor = nnc_tensor_new(&kTwo, 1, type->number, kBytes, 2 * type->size);
  g_print("ty", "%s", w_type_name(nnc_tensor_type(tensor)));
  nnc_tensor_drop(tensor);
}

// args: the number of an encoding. Text is no model of any kind.
static void encoding_of_text(void) {
  static uint8_t text[] = "neither a model nor the description of one";
  const nnc_list builder = {text, sizeof(text) - 1};
  const nnc_context context = w_open("identity_f32");
  const uint32_t encoding = (uint32_t)atoi(g_arg(0));
  w_print_result("load", w_load_builders(&builder, 1, encoding));
  w_print_alive(context);
}

// args: the number of a target.
static void target(void) {
  nnc_list builders[4];
  const uint32_t count = w_read_model("identity_f32", builders, G_COUNT(builders));
  nnc_result result;
  nnc_load(builders, count, g_encoding(), (uint32_t)atoi(g_arg(0)), &result);
  const bool loaded = w_print_result("load", result);
  const nnc_result opened = loaded ? w_init(result.handle) : result;
  // A device that is not there may show at any step, but never as a wrong result.
  const float y = !loaded || opened.is_error ? NAN : w_pass(opened.handle, 7);
  if (y == y) {
    g_print("y", "%g", (double)y);
  } else {
    g_print("y", "none");
  }
  w_print_alive(w_open_context(w_must("load for cpu", w_load_file("identity_f32", g_encoding()))));
}

// args: the number of an error code. Only 2024-06-25 can make errors.
static void error_code(void) {
  if (!W_SNAPSHOT_HAS_ERROR_CONSTRUCTOR) g_setup_failed("errors have no constructor here");
  static const char kText[] = "no room at the inn";
  w_print_error("error", nnc_error_new((uint32_t)atoi(g_arg(0)), kText, sizeof(kText) - 1));
}

// ------------------------------------------------------------------ layout

static void tensor_parts(void) {
  static const uint32_t kDims[] = {2, 1, 3};
  static const int64_t kValues[] = {1, -2, 3, -4, 5, INT64_MIN};
  w_take("tensor", nnc_tensor_new(kDims, 3, NNC_I64, kValues, sizeof(kValues)));
}

static void tensor_parts_empty(void) {
  static const uint32_t kNone = 0;
  w_take("tensor", nnc_tensor_new(&kNone, 1, NNC_U8, NULL, 0));
}

static void tensor_parts_rank_0(void) {
  static const float kValue = 2.5f;
  w_take("tensor", nnc_tensor_new(NULL, 0, NNC_FP32, &kValue, sizeof(kValue)));
}

// Bytes at every offset of a word: list<u8> needs no alignment.
static void data_unaligned(void) {
  static const float kValues[] = {1, 2, 3};
  static const uint32_t kThree = 3;
  uint8_t space[sizeof(kValues) + 8];
  const nnc_context context = w_open("identity_f32");
  for (uint32_t offset = 0; offset < 4; ++offset) {
    memcpy(space + offset, kValues, sizeof(kValues));
    nnc_tensor y =
        w_must_xy(context, nnc_tensor_new(&kThree, 1, NNC_FP32, space + offset, sizeof(kValues)));
    w_print_data(g_key("y%u", (unsigned)offset), y);
    nnc_tensor_drop(y);
  }
}

// A string is a pointer and a length: no zero ends it, and what stands behind is not read.
static void name_not_terminated(void) {
  static const char kText[] = "an identity_f32 of ours";
  nnc_result result;
  nnc_load_by_name(kText + 3, 12, &result);
  if (w_print_result("load", result)) w_print_alive(w_open_context(result.handle));
}

// As many bytes as a picture has; summed on the guest's side.
static void large_tensor(void) {
  static const uint32_t kDims[] = {1, 3, 224, 224};
  enum { ELEMENTS = 3 * 224 * 224 };
  float* values = malloc(ELEMENTS * sizeof(float));
  for (uint32_t i = 0; i < ELEMENTS; ++i) values[i] = (float)i;
  nnc_tensor y = w_must_xy(w_open("identity_602112"),
                           nnc_tensor_new(kDims, 4, NNC_FP32, values, ELEMENTS * 4));
  w_print_dims("y.dims", y);
  nnc_list list;
  nnc_tensor_data(y, &list);
  g_number("bytes", list.len);
  uint32_t wrong = 0;
  for (uint32_t i = 0; i < ELEMENTS && i < list.len / 4; ++i) {
    wrong += ((const float*)list.ptr)[i] != (float)i;
  }
  g_number("wrong", wrong);
}

// The methods only look: each call gives the same.
static void methods_twice(void) {
  static const uint32_t kDims[] = {2, 2};
  nnc_tensor tensor = count_up(kDims, 2, 4);
  w_print_tensor("first", tensor);
  w_print_tensor("second", tensor);
  nnc_tensor_drop(tensor);
}

// Outputs have the methods of tensors, too.
static void output_parts(void) {
  static const float kValues[] = {1.5f, -2, 1e30f};
  w_take("y", w_must_xy(w_open("identity_f32"), w_floats(kValues, 3)));
}

// ------------------------------------------------------------------ types

// args: a type. Bytes that mean something in each: every bit must come back.
static void identity(void) {
  static const uint8_t kBytes[] = {0x00, 0x3c, 0x00, 0xc0, 0x01, 0x02, 0x03, 0x40,
                                   0x81, 0x92, 0xa3, 0x34, 0x05, 0x16, 0x27, 0x38};
  const w_type* type = w_type_of(g_arg(0));
  const uint32_t elements = (uint32_t)sizeof(kBytes) / type->size;
  char model[32];
  snprintf(model, sizeof(model), "identity_%s", type->name);
  nnc_tensor x = nnc_tensor_new(&elements, 1, type->number, kBytes, sizeof(kBytes));
  nnc_tensor y;
  if (!w_print_result("compute", w_compute_xy(w_open(model), x, &y))) return;
  g_print("ty", "%s", w_type_name(nnc_tensor_type(y)));
  w_print_dims("dims", y);
  nnc_list list;
  nnc_tensor_data(y, &list);
  g_hex("bytes", list.ptr, list.len);
}

// Prints what came back of `bytes` sent as U8 with `dims` elements.
static void carry(const char* model, uint32_t dims, const void* bytes, uint32_t size) {
  nnc_tensor x = nnc_tensor_new(&dims, 1, NNC_U8, bytes, size);
  nnc_tensor y;
  if (!w_print_result("compute", w_compute_xy(w_open(model), x, &y))) {
    g_print("ty", "none");
    g_print("bytes", "none");
    return;
  }
  g_print("ty", "%s", w_type_name(nnc_tensor_type(y)));
  w_print_dims("dims", y);
  nnc_list list;
  nnc_tensor_data(y, &list);
  g_hex("bytes", list.ptr, list.len);
}

// args: a type without a case in tensor-type, and its size. Its bytes travel as U8.
static void carried(void) {
  static const uint8_t kBytes[] = {1, 0, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1, 1, 0, 1, 1};
  char model[32];
  snprintf(model, sizeof(model), "identity_%s", g_arg(0));
  carry(model, (uint32_t)sizeof(kBytes) / (uint32_t)atoi(g_arg(1)), kBytes, sizeof(kBytes));
}

// Strings: each its length in four bytes, then its bytes.
static void carried_strings(void) {
  static const uint8_t kBytes[] = {2, 0, 0, 0, 'h', 'i', 0, 0, 0, 0, 1, 0, 0, 0, '!'};
  carry("identity_string", 3, kBytes, sizeof(kBytes));
}

// Values that arithmetic would not keep.
static void f32_bits(void) {
  static const uint32_t kBits[] = {0x7f800000, 0xff800000, 0x80000000, 0x00000001,
                                   0x7f7fffff, 0x7fc00001, 0xffc12345};
  static const uint32_t kCount = G_COUNT(kBits);
  nnc_tensor y =
      w_must_xy(w_open("identity_f32"), nnc_tensor_new(&kCount, 1, NNC_FP32, kBits, sizeof(kBits)));
  nnc_list list;
  nnc_tensor_data(y, &list);
  g_hex("bits", list.ptr, list.len);
}

static void i64_limits(void) {
  static const int64_t kValues[] = {INT64_MAX, INT64_MIN, -1, 1LL << 53, (1LL << 53) + 1};
  static const uint32_t kCount = G_COUNT(kValues);
  w_print_xy("compute", w_open("identity_i64"),
             nnc_tensor_new(&kCount, 1, NNC_I64, kValues, sizeof(kValues)));
}

// Whether a context of identity_4 does its work.
static void print_alive_4(nnc_context context) {
  static const uint32_t kFour = 4;
  nnc_tensor y = w_must_xy(context, count_up(&kFour, 1, 4));
  w_print_data("alive", y);
  nnc_tensor_drop(y);
}

// args: the type that is sent to a model that wants f32.
static void wrong_type(void) {
  const w_type* type = w_type_of(g_arg(0));
  static const uint8_t kBytes[4 * 8];
  static const uint32_t kFour = 4;
  const nnc_context context = w_open("identity_4");
  nnc_tensor x = nnc_tensor_new(&kFour, 1, type->number, kBytes, 4 * type->size);
  nnc_tensor y;
  w_print_result("compute", w_compute_xy(context, x, &y));
  print_alive_4(context);
}

// ------------------------------------------------------------------ shapes

// args: a rank, 0 to 8; all dims are 1 but the last, which is 2.
static void rank(void) {
  const uint32_t wanted = (uint32_t)atoi(g_arg(0));
  uint32_t dims[8] = {1, 1, 1, 1, 1, 1, 1, 1};
  if (wanted != 0) dims[wanted - 1] = 2;
  w_print_xy("compute", w_open("identity_any_rank"), count_up(dims, wanted, wanted == 0 ? 1 : 2));
}

// One context, another shape each time.
static void dynamic(void) {
  static const uint32_t kShapes[][3] = {{1, 3, 2}, {2, 3, 1}, {1, 3, 4}, {1, 3, 2}};
  const nnc_context context = w_open("dynamic");
  for (uint32_t i = 0; i < G_COUNT(kShapes); ++i) {
    const uint32_t* dims = kShapes[i];
    nnc_tensor y = w_must_xy(context, count_up(dims, 3, dims[0] * dims[1] * dims[2]));
    w_print_tensor(g_key("y%u", (unsigned)i), y);
    nnc_tensor_drop(y);
  }
}

static void dynamic_without_elements(void) {
  static const uint32_t kNone[] = {0, 3, 2}, kSome[] = {1, 3, 1};
  const nnc_context context = w_open("dynamic");
  w_print_xy("compute", context, count_up(kNone, 3, 0));
  w_take("after", w_must_xy(context, count_up(kSome, 3, 3)));
}

static void zero(void) {
  static const uint32_t kDims[] = {2, 0};
  w_print_xy("compute", w_open("zero"), count_up(kDims, 2, 0));
}

static void scalar(void) {
  static const float kValue = 2.5f;
  w_print_xy("compute", w_open("scalar"),
             nnc_tensor_new(NULL, 0, NNC_FP32, &kValue, sizeof(kValue)));
}

static void scalar_identity(void) {
  static const float kValue = -0.5f;
  w_print_xy("compute", w_open("scalar_identity"),
             nnc_tensor_new(NULL, 0, NNC_FP32, &kValue, sizeof(kValue)));
}

// Sends `tensor` where the model wants f32 [4], then shows that the context goes on.
static void refuse(nnc_tensor tensor) {
  const nnc_context context = w_open("identity_4");
  nnc_tensor y;
  w_print_result("compute", w_compute_xy(context, tensor, &y));
  print_alive_4(context);
}

// args: dims, as the tensor has them; its data fits them.
static void wrong_shape(void) {
  uint32_t dims[8], elements = 1;
  const uint32_t count = g_arg_count();
  for (uint32_t i = 0; i < count && i < 8; ++i) elements *= dims[i] = (uint32_t)atoi(g_arg(i));
  refuse(count_up(dims, count, elements));
}

// args: bytes, where 16 belong to the dims.
static void wrong_size(void) {
  static const uint8_t kBytes[64];
  static const uint32_t kFour = 4;
  refuse(nnc_tensor_new(&kFour, 1, NNC_FP32, kBytes, (uint32_t)atoi(g_arg(0))));
}

// The constructor cannot fail, so the tensor exists, whatever its methods say.
static void wrong_size_methods(void) {
  static const uint8_t kBytes[12];
  static const uint32_t kFour = 4;
  nnc_tensor tensor = nnc_tensor_new(&kFour, 1, NNC_FP32, kBytes, sizeof(kBytes));
  w_print_tensor("tensor", tensor);
  nnc_tensor_drop(tensor);
  g_print("dropped", "yes");
}

// More elements than 64 bits count: 2^64, and a product that wraps to 4.
static void overflowing_dims(void) {
  static const uint32_t kHuge[] = {0x10000, 0x10000, 0x10000, 0x10000};
  static const uint32_t kWraps[] = {0x80000000, 2, 0x80000000, 0xffffffff};
  static const float kValues[4];
  const nnc_context context = w_open("identity_f32");
  nnc_tensor y;
  w_print_result("huge",
                 w_compute_xy(context, nnc_tensor_new(kHuge, 4, NNC_FP32, kValues, 16), &y));
  w_print_result("empty", w_compute_xy(context, nnc_tensor_new(kHuge, 4, NNC_FP32, NULL, 0), &y));
  w_print_result("wraps",
                 w_compute_xy(context, nnc_tensor_new(kWraps, 4, NNC_FP32, kValues, 16), &y));
  w_print_alive(context);
}

// args: a rank that is more than any model has.
static void many_dims(void) {
  const uint32_t count = (uint32_t)atoi(g_arg(0));
  uint32_t* dims = malloc(count * sizeof(uint32_t));
  for (uint32_t i = 0; i < count; ++i) dims[i] = 1;
  static const float kOne = 1;
  const nnc_context context = w_open("identity_f32");
  nnc_tensor y;
  w_print_result("compute",
                 w_compute_xy(context, nnc_tensor_new(dims, count, NNC_FP32, &kOne, 4), &y));
  w_print_alive(context);
}

static const g_case kCases[] = {
    {"wit_tensor_type_f16", tensor_type},
    {"wit_tensor_type_f32", tensor_type},
    {"wit_tensor_type_f64", tensor_type},
    {"wit_tensor_type_bf16", tensor_type},
    {"wit_tensor_type_u8", tensor_type},
    {"wit_tensor_type_i32", tensor_type},
    {"wit_tensor_type_i64", tensor_type},
    {"wit_encoding_openvino", encoding_of_text},
    {"wit_encoding_onnx", encoding_of_text},
    {"wit_encoding_tensorflow", encoding_of_text},
    {"wit_encoding_pytorch", encoding_of_text},
    {"wit_encoding_tensorflowlite", encoding_of_text},
    {"wit_encoding_ggml", encoding_of_text},
    {"wit_encoding_autodetect", encoding_of_text},
    {"wit_target_cpu", target},
    {"wit_target_gpu", target},
    {"wit_target_tpu", target},
    {"wit_error_code_invalid_argument", error_code},
    {"wit_error_code_invalid_encoding", error_code},
    {"wit_error_code_timeout", error_code},
    {"wit_error_code_runtime_error", error_code},
    {"wit_error_code_unsupported_operation", error_code},
    {"wit_error_code_too_large", error_code},
    {"wit_error_code_not_found", error_code},
    {"wit_error_code_security", error_code},
    {"wit_error_code_unknown", error_code},
    {"wit_tensor_parts", tensor_parts},
    {"wit_tensor_parts_empty", tensor_parts_empty},
    {"wit_tensor_parts_rank_0", tensor_parts_rank_0},
    {"wit_data_unaligned", data_unaligned},
    {"wit_name_not_terminated", name_not_terminated},
    {"wit_large_tensor", large_tensor},
    {"wit_methods_twice", methods_twice},
    {"wit_output_parts", output_parts},
    {"wit_identity_f16", identity},
    {"wit_identity_f32", identity},
    {"wit_identity_f64", identity},
    {"wit_identity_bf16", identity},
    {"wit_identity_u8", identity},
    {"wit_identity_i32", identity},
    {"wit_identity_i64", identity},
    {"wit_carried_i8", carried},
    {"wit_carried_i16", carried},
    {"wit_carried_u16", carried},
    {"wit_carried_u32", carried},
    {"wit_carried_u64", carried},
    {"wit_carried_bool", carried},
    {"wit_carried_string", carried_strings},
    {"wit_f32_bits", f32_bits},
    {"wit_i64_limits", i64_limits},
    {"wit_wrong_type_f16", wrong_type},
    {"wit_wrong_type_f64", wrong_type},
    {"wit_wrong_type_u8", wrong_type},
    {"wit_wrong_type_i32", wrong_type},
    {"wit_wrong_type_i64", wrong_type},
    {"wit_rank_0", rank},
    {"wit_rank_1", rank},
    {"wit_rank_2", rank},
    {"wit_rank_3", rank},
    {"wit_rank_4", rank},
    {"wit_rank_5", rank},
    {"wit_rank_6", rank},
    {"wit_rank_7", rank},
    {"wit_rank_8", rank},
    {"wit_dynamic", dynamic},
    {"wit_dynamic_without_elements", dynamic_without_elements},
    {"wit_zero", zero},
    {"wit_scalar", scalar},
    {"wit_scalar_identity", scalar_identity},
    {"wit_shape_longer", wrong_shape},
    {"wit_shape_shorter", wrong_shape},
    {"wit_shape_higher_rank", wrong_shape},
    {"wit_shape_rank_0", wrong_shape},
    {"wit_shape_without_elements", wrong_shape},
    {"wit_size_shorter", wrong_size},
    {"wit_size_longer", wrong_size},
    {"wit_size_odd", wrong_size},
    {"wit_size_none", wrong_size},
    {"wit_size_methods", wrong_size_methods},
    {"wit_overflowing_dims", overflowing_dims},
    {"wit_rank_17", many_dims},
    {"wit_rank_10000", many_dims},
};

W_MAIN(kCases)
