// Every element type in and out: each bit comes back.
#include <nn.h>

// Sends `bytes` to `model` as `type` and prints whether and how they come back.
static bool pass(const char* model, uint32_t elements, uint32_t type, const void* sent,
                 uint32_t bytes) {
  uint32_t context = nn_open(model);
  int32_t error = nn_set_input(context, 0, nn_tensor(&elements, 1, type, sent, bytes));
  g_number("set", error);
  if (error != 0) return false;
  uint32_t out = nn_run("run", context, 0, bytes);
  if (out == 0) return false;
  g_number("same", memcmp(g_at(out), sent, bytes) == 0);
  g_hex("out", g_at(out), bytes < 64 ? bytes : 64);
  return true;
}

// The same for a type without a number, which a host may refuse.
static void pass_carried(const char* model, uint32_t elements, const void* sent, uint32_t bytes) {
  if (pass(model, elements, NN_U8, sent, bytes)) return;
  g_print("same", "none");
  g_print("out", "none");
}

// ------------------------------------------------------------------ values that are easily spoiled

static void f16_special(void) {
  // 1, -0, the smallest, the largest, infinity, a NaN with bits, -infinity.
  static const uint16_t kSent[] = {0x3c00, 0x8000, 0x0001, 0x7bff, 0x7c00, 0x7e55, 0xfc00};
  pass("identity_f16", G_COUNT(kSent), NN_F16, kSent, sizeof(kSent));
}

static void f32_special(void) {
  static const uint32_t kSent[] = {0x3f800000, 0x80000000, 0x00000001, 0x7f7fffff,
                                   0x7f800000, 0x7fc12345, 0xff800000};
  pass("identity_f32", G_COUNT(kSent), NN_F32, kSent, sizeof(kSent));
}

static void f64_special(void) {
  static const uint64_t kSent[] = {0x3ff0000000000000, 0x8000000000000000, 1,
                                   0x7fefffffffffffff, 0x7ff0000000000000, 0x7ff8123456789abc,
                                   0x400921fb54442d18};
  pass("identity_f64", G_COUNT(kSent), NN_F64, kSent, sizeof(kSent));
}

static void u8_all_values(void) {
  uint8_t sent[256];
  for (uint32_t i = 0; i < sizeof(sent); ++i) sent[i] = (uint8_t)i;
  pass("identity_u8", 256, NN_U8, sent, sizeof(sent));
}

static void i32_extremes(void) {
  static const int32_t kSent[] = {INT32_MIN, -1, 0, 1, INT32_MAX, 16777217};
  pass("identity_i32", G_COUNT(kSent), NN_I32, kSent, sizeof(kSent));
}

static void i64_extremes(void) {
  static const int64_t kSent[] = {INT64_MIN, -1, 0, 1, INT64_MAX, 9007199254740993};
  pass("identity_i64", G_COUNT(kSent), NN_I64, kSent, sizeof(kSent));
}

// ------------------------------------------------------------------ types without a number

// The bytes of four elements of argv[0] bytes each, as U8 under the model's own dims.
static void carried(const char* model) {
  uint8_t sent[32];
  uint32_t bytes = 4 * (uint32_t)atoi(g_arg(0));
  for (uint32_t i = 0; i < bytes && i < sizeof(sent); ++i) sent[i] = (uint8_t)(i * 37 + 1);
  pass_carried(model, 4, sent, bytes);
}
static void carried_bf16(void) { carried("identity_bf16"); }
static void carried_i8(void) { carried("identity_i8"); }
static void carried_i16(void) { carried("identity_i16"); }
static void carried_u16(void) { carried("identity_u16"); }
static void carried_u32(void) { carried("identity_u32"); }
static void carried_u64(void) { carried("identity_u64"); }

static void carried_bool(void) {
  static const uint8_t kSent[] = {1, 0, 0, 1};
  pass_carried("identity_bool", 4, kSent, 4);
}

static void carried_dims_count_bytes(void) {
  static const uint8_t kSent[] = {1, 2, 3, 4, 5, 6, 7, 8};
  pass_carried("identity_i16", 8, kSent, 8);
}

static void carried_strings(void) {
  static const uint8_t kSent[] = "\3\0\0\0inn\0\0\0\0\5\0\0\0gu\0st";
  pass_carried("identity_string", 3, kSent, sizeof(kSent) - 1);
}

// ------------------------------------------------------------------ types that do not fit

// Sends zeros of a type that the model does not take: who says no, and whether the context goes on.
static void wrong(const char* model, uint32_t type, uint32_t bytes) {
  static const uint8_t kZeros[24];
  static const uint32_t kThree = 3;
  uint32_t context = nn_open(model);
  int32_t set = nn_set_input(context, 0, nn_tensor(&kThree, 1, type, kZeros, bytes));
  int32_t compute = nn_compute(context);
  g_number("set", set);
  g_number("compute", compute);
  g_number("refused", set != 0 || compute != 0);
}
static void i32_for_f32(void) { wrong("identity_f32", NN_I32, 12); }
static void f32_for_i32(void) { wrong("identity_i32", NN_F32, 12); }
static void i64_for_f64(void) { wrong("identity_f64", NN_I64, 24); }
static void f64_for_f32(void) { wrong("identity_f32", NN_F64, 24); }
static void f16_for_f32(void) { wrong("identity_f32", NN_F16, 6); }
static void u8_for_f32(void) { wrong("identity_f32", NN_U8, 3); }

static void context_goes_on_after_wrong_type(void) {
  static const uint32_t kThree = 3;
  static const uint8_t kZeros[24];
  uint32_t context = nn_open("identity_f32");
  g_number("set", nn_set_input(context, 0, nn_tensor(&kThree, 1, NN_I64, kZeros, 24)));
  nn_print_alive(context);
}

static const g_case kCases[] = {
    {"f16_special", f16_special},
    {"f32_special", f32_special},
    {"f64_special", f64_special},
    {"u8_all_values", u8_all_values},
    {"i32_extremes", i32_extremes},
    {"i64_extremes", i64_extremes},
    {"carried_bf16", carried_bf16},
    {"carried_i8", carried_i8},
    {"carried_i16", carried_i16},
    {"carried_u16", carried_u16},
    {"carried_u32", carried_u32},
    {"carried_u64", carried_u64},
    {"carried_bool", carried_bool},
    {"carried_dims_count_bytes", carried_dims_count_bytes},
    {"carried_strings", carried_strings},
    {"i32_for_f32", i32_for_f32},
    {"f32_for_i32", f32_for_i32},
    {"i64_for_f64", i64_for_f64},
    {"f64_for_f32", f64_for_f32},
    {"f16_for_f32", f16_for_f32},
    {"u8_for_f32", u8_for_f32},
    {"context_goes_on_after_wrong_type", context_goes_on_after_wrong_type},
};

G_MAIN(kCases)
