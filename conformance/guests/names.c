// Which names are models, and which are not.
#include <nn.h>

static int32_t load(const void* name, uint32_t size, uint32_t* graph) {
  uint32_t out = g_alloc(4);
  g_put_u32(out, 77);
  int32_t error = nn_load_by_name(g_copy(name, size), size, out);
  *graph = g_get_u32(out);
  return error;
}

static void print_load(const char* key, const void* name, uint32_t size) {
  uint32_t graph;
  g_number(key, load(name, size, &graph));
}

static void name_of_a_model(void) {
  uint32_t graph;
  int32_t error = load("identity_f32", 12, &graph);
  g_number("errno", error);
  if (error == 0) nn_print_alive(nn_open_context(graph));
}

static void two_models(void) {
  static const uint8_t kBytes[] = {9, 8, 7};
  static const uint32_t kThree = 3;
  uint32_t context = nn_open("identity_u8");
  g_number("set", nn_set_input(context, 0, nn_tensor(&kThree, 1, NN_U8, kBytes, 3)));
  uint32_t out = nn_run("run", context, 0, 3);
  if (out != 0) g_hex("out", g_at(out), 3);
  nn_print_alive(nn_open("identity_f32"));
}

static void unknown_name(void) {
  uint32_t graph;
  g_number("errno", load("nobody", 6, &graph));
  g_number("graph", graph);
  nn_print_alive(nn_open("identity_f32"));
}

static void part_of_a_name(void) {
  print_load("shorter", "identity_f3", 11);
  print_load("longer", "identity_f322", 13);
  print_load("end", "f32", 3);
}

static void other_letters(void) {
  print_load("upper", "IDENTITY_F32", 12);
  print_load("one", "Identity_f32", 12);
}

static void blanks_around(void) {
  print_load("before", " identity_f32", 13);
  print_load("after", "identity_f32 ", 13);
  print_load("line", "identity_f32\n", 13);
}

static void empty_name(void) {
  print_load("errno", "", 0);
  print_load("blank", " ", 1);
}

static void zero_in_the_name(void) {
  print_load("end", "identity_f32\0", 13);
  print_load("middle", "identity_f32\0_or_not", 20);
  print_load("only", "\0", 1);
}

static void bytes_that_are_no_text(void) {
  print_load("lone", "identity_f32\xff", 13);
  print_load("cut", "identity_f32\xe2\x82", 14);
  print_load("surrogate", "\xed\xa0\x80", 3);
  print_load("overlong", "\xc0\xae\xc0\xae/", 5);
}

static void very_long_name(void) {
  enum { SIZE = 1 << 20 };
  uint32_t name = g_alloc(SIZE), out = g_alloc(4);
  memset(g_at(name), 'n', SIZE);
  memcpy(g_at(name), "identity_f32", 12);
  g_number("errno", nn_load_by_name(name, SIZE, out));
  nn_print_alive(nn_open("identity_f32"));
}

static void patterns(void) {
  print_load("star", "*", 1);
  print_load("star_end", "identity_*", 10);
  print_load("question", "identity_f3?", 12);
  print_load("percent", "identity%5ff32", 14);
  print_load("format", "%s%s%s%n", 8);
}

static const g_case kCases[] = {
    {"name_of_a_model", name_of_a_model},
    {"two_models", two_models},
    {"unknown_name", unknown_name},
    {"part_of_a_name", part_of_a_name},
    {"other_letters", other_letters},
    {"blanks_around", blanks_around},
    {"empty_name", empty_name},
    {"zero_in_the_name", zero_in_the_name},
    {"bytes_that_are_no_text", bytes_that_are_no_text},
    {"very_long_name", very_long_name},
    {"patterns", patterns},
};

G_MAIN(kCases)
