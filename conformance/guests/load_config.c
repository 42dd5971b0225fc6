// load_by_name_with_config, as WasmEdge and WAMR have it.
#include <nn.h>

static int32_t load(const char* config, uint32_t size, uint32_t* graph) {
  uint32_t out = g_alloc(4);
  g_put_u32(out, 77);
  int32_t error =
      nn_load_by_name_with_config(g_copy("identity_f32", 12), 12, g_copy(config, size), size, out);
  *graph = g_get_u32(out);
  return error;
}

static void print_load(const char* config) {
  uint32_t graph;
  int32_t error = load(config, (uint32_t)strlen(config), &graph);
  g_number("errno", error);
  g_number("graph", graph);
  if (error == 0) nn_print_alive(nn_open_context(graph));
}

static void config_of_nothing(void) { print_load("{}"); }
static void config_empty(void) { print_load(""); }
static void config_with_unknown_option(void) { print_load("{\"no-such-option\": 1}"); }
static void config_of_a_language_model(void) {
  print_load(
      "{\"ctx-size\": 512, \"temp\": 0.5, \"stream-stdout\": false, \"reverse-prompt\": \"x\"}");
}

static void config_that_is_no_object(void) {
  static const char* const kTexts[] = {"{", "hello", "[1]", "{\"a\" 1}", "\x80\x81", "{\"a\": 1}}"};
  for (uint32_t i = 0; i < G_COUNT(kTexts); ++i) {
    uint32_t graph;
    g_number(g_key("errno.%u", (unsigned)i), load(kTexts[i], (uint32_t)strlen(kTexts[i]), &graph));
  }
}

static void config_of_unknown_name(void) {
  uint32_t out = g_alloc(4);
  g_put_u32(out, 77);
  g_number("errno", nn_load_by_name_with_config(g_copy("nobody", 6), 6, g_copy("{}", 2), 2, out));
  g_number("graph", g_get_u32(out));
}

static void config_past_the_end(void) {
  uint32_t name = g_copy("identity_f32", 12), config = g_copy("{}", 2), out = g_alloc(4);
  g_put_u32(out, 77);
  g_number("name.far", nn_load_by_name_with_config(0xfff00000u, 12, config, 2, out));
  g_number("name.wraps", nn_load_by_name_with_config(name, 0xffffffffu, config, 2, out));
  g_number("config.far", nn_load_by_name_with_config(name, 12, 0xfff00000u, 2, out));
  g_number("config.wraps", nn_load_by_name_with_config(name, 12, config, 0xffffffffu, out));
  g_number("graph.far", nn_load_by_name_with_config(name, 12, config, 2, 0xfff00000u));
  g_number("graph.value", g_get_u32(out));
}

// Options of one load must not be those of the next one of the same name.
static void config_holds_for_its_load(void) {
  static const char kFails[] = "{\"load_fail\": \"runtime_error\"}";
  uint32_t graph;
  g_number("first", load("{}", 2, &graph));
  g_number("failing", load(kFails, sizeof(kFails) - 1, &graph));
  int32_t error = load("{}", 2, &graph);
  g_number("last", error);
  if (error == 0) nn_print_alive(nn_open_context(graph));
}

static void config_nested_deeply(void) {
  enum { SIZE = 200000 };
  char* text = malloc(SIZE);
  if (text == NULL) g_setup_failed("no memory for %d bytes", SIZE);
  memset(text, '[', SIZE);
  uint32_t graph;
  g_number("errno", load(text, SIZE, &graph));
  free(text);
  nn_print_alive(nn_open("identity_f32"));
}

static void config_very_long(void) {
  enum { SIZE = 4 << 20 };
  uint32_t config = g_alloc(SIZE), out = g_alloc(4);
  memset(g_at(config), ' ', SIZE);
  memcpy(g_at(config), "{\"a\":1", 6);
  ((char*)g_at(config))[SIZE - 1] = '}';
  g_number("errno", nn_load_by_name_with_config(g_copy("identity_f32", 12), 12, config, SIZE, out));
  nn_print_alive(nn_open("identity_f32"));
}

static const g_case kCases[] = {
    {"config_of_nothing", config_of_nothing},
    {"config_empty", config_empty},
    {"config_with_unknown_option", config_with_unknown_option},
    {"config_of_a_language_model", config_of_a_language_model},
    {"config_that_is_no_object", config_that_is_no_object},
    {"config_of_unknown_name", config_of_unknown_name},
    {"config_past_the_end", config_past_the_end},
    {"config_holds_for_its_load", config_holds_for_its_load},
    {"config_nested_deeply", config_nested_deeply},
    {"config_very_long", config_very_long},
};

G_MAIN(kCases)
