// Models by name and from bytes, and names that are paths of the host.
#include <nn.h>

static void name_and_bytes(void) {
  uint32_t out = g_alloc(4), named = nn_open("identity_f32");
  int32_t error = nn_load(nn_builders("identity_f32"), g_file_count("identity_f32"), g_encoding(),
                          g_target(), out);
  g_number("errno", error);
  if (error == 0) nn_print_alive(nn_open_context(g_get_u32(out)));
  static const float kValues[] = {4, 5};
  nn_must_set_floats(named, 0, kValues, 2);
  uint32_t result = nn_run("named", named, 0, 8);
  if (result != 0) g_floats("named.out", g_at(result), 2);
}

static void weights_beside_the_model(void) {
  static const float kX[] = {1, 2, 3, 4};
  uint32_t context = nn_open("external");
  nn_must_set_floats(context, 0, kX, 4);
  uint32_t out = nn_run("run", context, 0, 16);
  if (out != 0) g_floats("out", g_at(out), 4);
}

static void weights_out_of_reach(void) {
  uint32_t out = g_alloc(4);
  int32_t error =
      nn_load(nn_builders("external"), g_file_count("external"), g_encoding(), g_target(), out);
  g_number("errno", error);
}

// The arguments are paths at which a host may have files.
static void paths_are_no_names(void) {
  uint32_t out = g_alloc(4), loaded = 0;
  for (uint32_t i = 0; i < g_arg_count(); ++i) {
    const char* path = g_arg(i);
    uint32_t size = (uint32_t)strlen(path);
    int32_t error = nn_load_by_name(g_copy(path, size), size, out);
    g_number(g_key("errno.%u", (unsigned)i), error);
    loaded += error == 0;
  }
  g_number("loaded", loaded);
  nn_print_alive(nn_open("identity_f32"));
}

// Whole specs of other hosts' command lines.
static void preloads_are_no_names(void) {
  static const char* const kSpecs[] = {"default:GGML:AUTO:/etc/passwd", "preload:/etc/passwd",
                                       "file:///etc/passwd", "nn-graph=onnx::/tmp",
                                       "http://127.0.0.1:1/model.onnx"};
  uint32_t out = g_alloc(4), loaded = 0;
  for (uint32_t i = 0; i < G_COUNT(kSpecs); ++i) {
    uint32_t size = (uint32_t)strlen(kSpecs[i]);
    int32_t error = nn_load_by_name(g_copy(kSpecs[i], size), size, out);
    g_number(g_key("errno.%u", (unsigned)i), error);
    loaded += error == 0;
  }
  g_number("loaded", loaded);
}

static const g_case kCases[] = {
    {"name_and_bytes", name_and_bytes},
    {"weights_beside_the_model", weights_beside_the_model},
    {"weights_out_of_reach", weights_out_of_reach},
    {"paths_are_no_names", paths_are_no_names},
    {"preloads_are_no_names", preloads_are_no_names},
};

G_MAIN(kCases)
