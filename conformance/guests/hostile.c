// Guests that mean harm, or have lost their way: the host goes on, and so does the guest.
#include <nn.h>
#include <noise.h>

static void random_calls(void) {
  enum { CALLS = 20000 };
  uint32_t context = nn_open("identity_f32"), scratch = g_alloc(SCRATCH), failed = 0;
  for (uint32_t i = 0; i < CALLS; ++i) {
    spoil(scratch);
    int32_t error = 0;
    switch (roll(6)) {
      case 0:
        // At most a few builders, so that no garbage of megabytes is looked at again and again.
        error = nn_load(in_address(scratch), roll(4), edge(), edge(), out_address(scratch));
        break;
      case 1:
        error = nn_load_by_name(in_address(scratch), edge(), out_address(scratch));
        break;
      case 2:
        error = nn_init(edge(), out_address(scratch));
        break;
      case 3:
        error = nn_set_input(edge(), edge(), in_address(scratch));
        break;
      case 4:
        error = nn_compute(edge_but_0());
        break;
      default: {
        uint32_t out = out_address(scratch);
        error = nn_get_output(edge(), edge(), out, roll(SCRATCH / 2), out_address(scratch));
      }
    }
    failed += error != 0;
  }
  g_number("calls", CALLS);
  g_number("failed", failed);
  nn_print_alive(context);
}

static void random_tensors(void) {
  enum { CALLS = 5000 };
  uint32_t context = nn_open("identity_any_rank"), scratch = g_alloc(SCRATCH), record = g_alloc(20);
  uint32_t taken = 0;
  for (uint32_t i = 0; i < CALLS; ++i) {
    for (uint32_t j = 0; j < 32; ++j) {
      g_put_u32(scratch + j * 4, roll(2) == 0 ? roll(5) : edge());
    }
    g_put_u32(record, in_address(scratch));
    g_put_u32(record + 4, roll(2) == 0 ? roll(20) : edge());
    g_put_u32(record + 8, roll(2) == 0 ? roll(8) : edge());
    g_put_u32(record + 12, in_address(scratch));
    g_put_u32(record + 16, roll(2) == 0 ? roll(64) * 4 : edge());
    if (nn_set_input(context, 0, record) != 0) continue;
    ++taken;
    nn_compute(context);
  }
  g_number("calls", CALLS);
  g_number("taken", taken);
  nn_print_alive(context);
}

static void random_names(void) {
  enum { CALLS = 2000 };
  uint32_t name = g_alloc(SCRATCH), out = g_alloc(4), loaded = 0;
  for (uint32_t i = 0; i < CALLS; ++i) {
    uint32_t size = roll(300);
    for (uint32_t j = 0; j < size; ++j) ((uint8_t*)g_at(name))[j] = (uint8_t)roll(256);
    loaded += nn_load_by_name(name, size, out) == 0;
  }
  g_number("calls", CALLS);
  g_number("loaded", loaded);
  nn_print_alive(nn_open("identity_f32"));
}

// Copies of a model with some bytes changed. What loads is run, too.
static void damaged_models(void) {
  enum { COPIES = 80 };
  static const float kValues[] = {1, 2, 3};
  static const uint32_t kThree = 3;
  uint32_t records = nn_builders("identity_f32"), count = g_file_count("identity_f32");
  uint32_t size = g_get_u32(records + 4), whole = g_get_u32(records), loaded = 0;
  uint32_t copy = g_alloc(size), out = g_alloc(4), buffer = g_alloc(64), written = g_alloc(4);
  uint32_t tensor = nn_tensor(&kThree, 1, NN_F32, kValues, 12);
  for (uint32_t i = 0; i < COPIES; ++i) {
    memcpy(g_at(copy), g_at(whole), size);
    uint32_t changes = 1 + roll(4);
    for (uint32_t j = 0; j < changes; ++j)
      ((uint8_t*)g_at(copy))[roll(size)] ^= (uint8_t)(1 << roll(8));
    g_put_u32(records, copy);
    if (nn_load(records, count, g_encoding(), g_target(), out) != 0) continue;
    ++loaded;
    if (nn_init(g_get_u32(out), out) != 0) continue;
    uint32_t context = g_get_u32(out);
    if (nn_set_input(context, 0, tensor) == 0 && nn_compute(context) == 0) {
      nn_get_output(context, 0, buffer, 64, written);
    }
  }
  g_number("copies", COPIES);
  g_number("loaded", loaded);
  g_put_u32(records, whole);
  int32_t error = nn_load(records, count, g_encoding(), g_target(), out);
  g_number("whole", error);
  if (error == 0) nn_print_alive(nn_open_context(g_get_u32(out)));
}

// Good calls in any order on several contexts; this guest knows what each must give.
static void random_order(void) {
  enum { CONTEXTS = 8, CALLS = 4000 };
  struct {
    uint32_t handle;
    bool set, computed;
    float input, output;
  } contexts[CONTEXTS];
  uint32_t graph = nn_open_graph("identity_f32"), wrong = 0;
  uint32_t data = g_alloc(4), out = g_alloc(4), written = g_alloc(4), one = 1;
  uint32_t tensor = nn_tensor_at(g_copy(&one, 4), 1, NN_F32, data, 4);
  memset(contexts, 0, sizeof(contexts));
  for (uint32_t i = 0; i < CONTEXTS; ++i) contexts[i].handle = nn_open_context(graph);
  for (uint32_t i = 0; i < CALLS; ++i) {
    uint32_t at = roll(CONTEXTS), handle = contexts[at].handle;
    switch (roll(3)) {
      case 0:
        contexts[at].input = (float)i;
        contexts[at].set = true;
        memcpy(g_at(data), &contexts[at].input, 4);
        wrong += nn_set_input(handle, 0, tensor) != 0;
        break;
      case 1:
        wrong += (nn_compute(handle) == 0) != contexts[at].set;
        contexts[at].computed = contexts[at].computed || contexts[at].set;
        contexts[at].output = contexts[at].input;
        break;
      default: {
        bool got = nn_get_output(handle, 0, out, 4, written) == 0;
        wrong += got != contexts[at].computed;
        wrong += got && memcmp(g_at(out), &contexts[at].output, 4) != 0;
      }
    }
  }
  g_number("calls", CALLS);
  g_number("wrong", wrong);
}

static void handles_guessed(void) {
  uint32_t context = nn_open("identity_f32"), out = g_alloc(64), written = g_alloc(4), found = 0;
  nn_must_set_floats(context, 0, (const float[]){1, 2, 3}, 3);
  nn_must_compute(context);
  for (uint32_t i = 0; i < 70000; ++i) {
    if (i != context) found += nn_get_output(i, 0, out, 64, written) == 0;
  }
  g_number("found", found);
  nn_print_alive(context);
}

static void name_of_the_whole_memory(void) {
  uint32_t context = nn_open("identity_f32"), out = g_alloc(4);
  g_number("errno", nn_load_by_name(0, (uint32_t)g_memory_size(), out));
  nn_print_alive(context);
}

static void tensor_of_the_whole_memory(void) {
  uint32_t context = nn_open("identity_f32"), dims = g_alloc(4), written = g_alloc(4);
  uint32_t size = (uint32_t)g_memory_size();
  g_put_u32(dims, size / 4);
  int32_t error = nn_set_input(context, 0, nn_tensor_at(dims, 1, NN_F32, 0, size));
  g_number("set", error);
  if (error != 0) return;
  error = nn_compute(context);
  g_number("compute", error);
  if (error != 0) return;
  g_number("probe", nn_get_output(context, 0, 0, 0, written));
  g_number("same", g_get_u32(written) == size);
}

// Each builder is the whole memory: together they are far more than this guest has.
static void builders_of_the_whole_memory(void) {
  enum { COUNT = 1000 };
  uint32_t context = nn_open("identity_f32"), records = g_alloc(COUNT * NN_BUILDER_BYTES);
  for (int i = 0; i < 128; ++i) g_grow();
  uint32_t size = (uint32_t)g_memory_size();
  for (uint32_t i = 0; i < COUNT; ++i) {
    g_put_u32(records + i * NN_BUILDER_BYTES, 0);
    g_put_u32(records + i * NN_BUILDER_BYTES + 4, size);
  }
  g_number("errno", nn_load(records, COUNT, g_encoding(), g_target(), g_alloc(4)));
  nn_print_alive(context);
}

static void output_at_address_0(void) {
  uint32_t context = nn_open("identity_f32"), written = g_alloc(4);
  uint8_t kept[12];
  float got[3] = {0, 0, 0};
  memcpy(kept, g_at(g_alloc(12)), 12);
  nn_must_set_floats(context, 0, (const float[]){1, 2, 3}, 3);
  nn_must_compute(context);
  // Address 0 is memory like any other; what lies there is put back.
  volatile uint8_t* zero = g_at(0);
  for (int i = 0; i < 12; ++i) kept[i] = zero[i];
  int32_t error = nn_get_output(context, 0, 0, 12, written);
  for (int i = 0; i < 12; ++i) ((uint8_t*)got)[i] = zero[i];
  for (int i = 0; i < 12; ++i) zero[i] = kept[i];
  g_number("errno", error);
  if (error == 0) g_floats("out", got, 3);
  nn_print_alive(context);
}

static void rank_of_the_whole_memory(void) {
  uint32_t context = nn_open("identity_any_rank");
  g_number("all",
           nn_set_input(context, 0, nn_tensor_at(0, (uint32_t)g_memory_size() / 4, NN_F32, 0, 0)));
  g_number("more", nn_set_input(context, 0, nn_tensor_at(0, 0x3fffffff, NN_F32, 0, 0)));
  nn_print_alive(context);
}

static void fifth_context(void) {
  static const float kValues[] = {1, 2, 3};
  uint32_t graph = nn_open_graph("identity_f32"), out = g_alloc(4), opened = 0;
  for (; opened < 12; ++opened) {
    if (nn_init(graph, out) != 0) break;
    nn_must_set_floats(g_get_u32(out), 0, kValues, 3);
    nn_must_compute(g_get_u32(out));
  }
  g_number("opened", opened);
}

static void integers_in_and_out(void) {
  static const int64_t kLong[] = {1, -2};
  static const int32_t kInt[] = {3, -4};
  static const uint32_t kTwo = 2;
  uint32_t i64 = nn_open("identity_i64"), i32 = nn_open("identity_i32");
  g_number("i64.set", nn_set_input(i64, 0, nn_tensor(&kTwo, 1, NN_I64, kLong, 16)));
  uint32_t out = nn_run("i64", i64, 0, 16);
  if (out != 0) g_longs("i64.out", g_at(out), 2);
  g_number("i32.set", nn_set_input(i32, 0, nn_tensor(&kTwo, 1, NN_I32, kInt, 8)));
  out = nn_run("i32", i32, 0, 8);
  if (out != 0) g_hex("i32.out", g_at(out), 8);
}

static void errors_in_a_row(void) {
  uint32_t context = nn_open("identity_f32"), out = g_alloc(4), name = g_copy("nobody", 6);
  for (uint32_t i = 0; i < 20000; ++i) {
    nn_load_by_name(name, 6, out);
    nn_compute(context + 7);
    nn_set_input(context, 9, 0);
  }
  nn_print_alive(context);
}

static const g_case kCases[] = {
    {"random_calls", random_calls},
    {"random_tensors", random_tensors},
    {"random_names", random_names},
    {"damaged_models", damaged_models},
    {"random_order", random_order},
    {"handles_guessed", handles_guessed},
    {"name_of_the_whole_memory", name_of_the_whole_memory},
    {"tensor_of_the_whole_memory", tensor_of_the_whole_memory},
    {"builders_of_the_whole_memory", builders_of_the_whole_memory},
    {"output_at_address_0", output_at_address_0},
    {"rank_of_the_whole_memory", rank_of_the_whole_memory},
    {"fifth_context", fifth_context},
    {"integers_in_and_out", integers_in_and_out},
    {"errors_in_a_row", errors_in_a_row},
};

G_MAIN(kCases)
