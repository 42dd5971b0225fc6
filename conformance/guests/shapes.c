// Ranks, dynamic and empty dims, and dims that do not fit.
#include <nn.h>

enum { MOST = 64 };

static uint32_t elements_of(const uint32_t* dims, uint32_t rank) {
  uint32_t elements = 1;
  for (uint32_t i = 0; i < rank; ++i) elements *= dims[i];
  return elements;
}

// Counts up through a tensor of these dims and prints what comes back.
static void pass(const char* key, uint32_t context, const uint32_t* dims, uint32_t rank) {
  float sent[MOST];
  uint32_t elements = elements_of(dims, rank);
  if (elements > MOST) g_setup_failed("expected at most %d elements", MOST);
  for (uint32_t i = 0; i < elements; ++i) sent[i] = (float)i + 0.5f;
  int32_t error = nn_set_input(context, 0, nn_tensor(dims, rank, NN_F32, sent, elements * 4));
  g_number(g_key("%s.set", key), error);
  if (error != 0) return;
  uint32_t out = nn_run(key, context, 0, elements * 4);
  if (out != 0) g_number(g_key("%s.same", key), memcmp(g_at(out), sent, elements * 4) == 0);
}

static const uint32_t kDims[] = {1, 2, 1, 3, 1, 2, 1, 2};

static void ranks_1_to_8(void) {
  uint32_t context = nn_open("identity_any_rank");
  for (uint32_t rank = 1; rank <= 8; ++rank) {
    pass(g_key("rank%u", (unsigned)rank), context, kDims, rank);
  }
}

static void rank_0(void) { pass("scalar", nn_open("scalar_identity"), NULL, 0); }

static void rank_0_where_any_is_taken(void) {
  pass("scalar", nn_open("identity_any_rank"), NULL, 0);
}

static void rank_0_computes(void) {
  static const float kValue = 2.5f;
  uint32_t context = nn_open("scalar");
  nn_must_set(context, 0, nn_tensor(NULL, 0, NN_F32, &kValue, 4));
  uint32_t out = nn_run("run", context, 0, 4);
  if (out != 0) g_floats("out", g_at(out), 1);
}

static void dynamic_dims_change(void) {
  static const uint32_t kShapes[][3] = {{1, 3, 2}, {4, 3, 5}, {2, 3, 1}};
  uint32_t context = nn_open("dynamic");
  for (uint32_t i = 0; i < G_COUNT(kShapes); ++i) {
    pass(g_key("shape%u", (unsigned)i), context, kShapes[i], 3);
  }
}

static void no_elements(void) {
  static const uint32_t kNone[] = {0, 3, 2}, kSome[] = {1, 3, 2};
  uint32_t context = nn_open("dynamic");
  pass("none", context, kNone, 3);
  pass("some", context, kSome, 3);
}

static void no_elements_by_the_model(void) {
  static const uint32_t kDims0[] = {3, 0};
  pass("none", nn_open("zero"), kDims0, 2);
}

static void one_element(void) {
  static const uint32_t kOne = 1;
  pass("one", nn_open("identity_f32"), &kOne, 1);
}

static void large_tensor(void) {
  enum { ELEMENTS = 602112 / 4 };
  static const uint32_t kPicture[] = {1, 3, 224, 224};
  uint32_t context = nn_open("identity_602112");
  uint32_t data = g_alloc(ELEMENTS * 4);
  for (uint32_t i = 0; i < ELEMENTS; ++i) {
    float value = (float)i;
    memcpy((uint8_t*)g_at(data) + i * 4, &value, 4);
  }
  uint32_t tensor = nn_tensor_at(g_copy(kPicture, 16), 4, NN_F32, data, ELEMENTS * 4);
  g_number("set", nn_set_input(context, 0, tensor));
  uint32_t out = nn_run("run", context, 0, ELEMENTS * 4);
  if (out != 0) g_number("same", memcmp(g_at(out), g_at(data), ELEMENTS * 4) == 0);
}

// ------------------------------------------------------------------ what does not fit

// Who says no. Both steps are tried: hosts differ in where they look.
static void wrong(const char* key, uint32_t context, const uint32_t* dims, uint32_t rank,
                  uint32_t bytes) {
  static const float kValues[MOST];
  int32_t set = nn_set_input(context, 0, nn_tensor(dims, rank, NN_F32, kValues, bytes));
  int32_t error = set != 0 ? set : nn_compute(context);
  g_print(g_key("%s.step", key), "%s", set != 0 ? "set_input" : "compute");
  g_number(g_key("%s.errno", key), error);
}

static void print_alive_of_four(uint32_t context) {
  static const float kFour[] = {1, 2, 3, 4};
  nn_must_set_floats(context, 0, kFour, 4);
  uint32_t out = nn_run("alive", context, 0, 16);
  if (out != 0) g_floats("alive.out", g_at(out), 4);
}

static void another_static_dim(void) {
  static const uint32_t kFive = 5, kThree = 3;
  uint32_t context = nn_open("identity_4");
  wrong("more", context, &kFive, 1, 20);
  wrong("fewer", context, &kThree, 1, 12);
  print_alive_of_four(context);
}

static void another_rank(void) {
  static const uint32_t kTwo[] = {2, 2}, kOne[] = {1, 4};
  uint32_t context = nn_open("identity_4");
  wrong("rank2", context, kTwo, 2, 16);
  wrong("batch", context, kOne, 2, 16);
  wrong("rank0", context, NULL, 0, 4);
  print_alive_of_four(context);
}

static void another_static_dim_among_dynamic(void) {
  static const uint32_t kDims2[] = {1, 2, 2}, kDims4[] = {1, 4, 1};
  uint32_t context = nn_open("dynamic");
  wrong("two", context, kDims2, 3, 16);
  wrong("four", context, kDims4, 3, 16);
}

static void another_length(void) {
  static const uint32_t kFour = 4;
  uint32_t context = nn_open("identity_4");
  wrong("shorter", context, &kFour, 1, 12);
  wrong("longer", context, &kFour, 1, 20);
  wrong("odd", context, &kFour, 1, 15);
  wrong("empty", context, &kFour, 1, 0);
  print_alive_of_four(context);
}

static void another_length_of_dynamic(void) {
  static const uint32_t kFour = 4, kHuge = 0x40000001;
  uint32_t context = nn_open("identity_f32");
  wrong("shorter", context, &kFour, 1, 12);
  wrong("longer", context, &kFour, 1, 20);
  // Four times this is 4 in 32 bits.
  wrong("wraps", context, &kHuge, 1, 4);
  nn_print_alive(context);
}

static void products_that_wrap(void) {
  // 2^64, and 4 in 64 bits; 2^32, and 0 in 32 bits; a dim of 0 beside huge ones.
  static const uint32_t kA[] = {0x10000, 0x10000, 0x10000, 0x10000};
  static const uint32_t kB[] = {0xffffffff, 0xffffffff, 4};
  static const uint32_t kC[] = {0x10000, 0x10000};
  static const uint32_t kD[] = {0x80000001, 2};
  uint32_t context = nn_open("identity_any_rank");
  wrong("a", context, kA, 4, 16);
  wrong("b", context, kB, 3, 16);
  wrong("c", context, kC, 2, 0);
  wrong("d", context, kD, 2, 8);
}

static void empty_beside_huge_dims(void) {
  static const uint32_t kE[] = {0, 0xffffffff, 0xffffffff, 0xffffffff};
  uint32_t context = nn_open("identity_any_rank");
  int32_t set = nn_set_input(context, 0, nn_tensor(kE, 4, NN_F32, NULL, 0));
  g_number("set", set);
  int32_t compute = nn_compute(context);
  g_number("compute", compute);
  uint32_t written = g_alloc(4);
  g_put_u32(written, 0);
  if (set == 0 && compute == 0) (void)nn_get_output(context, 0, g_alloc(16), 16, written);
  g_number("bytes", g_get_u32(written));
  static const uint32_t kTwo = 2;
  pass("after", context, &kTwo, 1);
}

static void very_high_ranks(void) {
  uint32_t dims[64];
  for (uint32_t i = 0; i < G_COUNT(dims); ++i) dims[i] = 1;
  uint32_t context = nn_open("identity_any_rank");
  static const uint32_t kRanks[] = {9, 16, 17, 32, 64};
  static const float kOne = 1;
  for (uint32_t i = 0; i < G_COUNT(kRanks); ++i) {
    int32_t error = nn_set_input(context, 0, nn_tensor(dims, kRanks[i], NN_F32, &kOne, 4));
    if (error == 0) error = nn_compute(context);
    g_number(g_key("rank%u", (unsigned)kRanks[i]), error);
    if (error == 0) {
      g_floats(g_key("out%u", (unsigned)kRanks[i]), g_at(nn_must_get(context, 0, 4)), 1);
    } else {
      g_print(g_key("out%u", (unsigned)kRanks[i]), "none");
    }
  }
  static const uint32_t kTwo = 2;
  pass("after", context, &kTwo, 1);
}

static const g_case kCases[] = {
    {"ranks_1_to_8", ranks_1_to_8},
    {"rank_0", rank_0},
    {"rank_0_where_any_is_taken", rank_0_where_any_is_taken},
    {"rank_0_computes", rank_0_computes},
    {"dynamic_dims_change", dynamic_dims_change},
    {"no_elements", no_elements},
    {"no_elements_by_the_model", no_elements_by_the_model},
    {"one_element", one_element},
    {"large_tensor", large_tensor},
    {"another_static_dim", another_static_dim},
    {"another_rank", another_rank},
    {"another_static_dim_among_dynamic", another_static_dim_among_dynamic},
    {"another_length", another_length},
    {"another_length_of_dynamic", another_length_of_dynamic},
    {"products_that_wrap", products_that_wrap},
    {"empty_beside_huge_dims", empty_beside_huge_dims},
    {"very_high_ranks", very_high_ranks},
};

G_MAIN(kCases)
