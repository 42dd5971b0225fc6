// The draft of graph properties (proposal 80).
#include <wasinn_nn_component.h>

#include "wit.h"

static nnc_option get(nnc_graph graph, const char* name) {
  nnc_option value;
  nnc_get_property(graph, name, (uint32_t)strlen(name), &value);
  return value;
}

// KEY=value, or KEY=none.
static void print_option(const char* key, nnc_option value) {
  if (!value.is_some) {
    g_print(key, "none");
    return;
  }
  g_text(key, value.value.ptr, value.value.len);
  w_free(value.value);
}

static void print_set(const char* key, nnc_graph graph, const char* name, const char* value) {
  nnc_text_result result;
  nnc_set_property(graph, name, (uint32_t)strlen(name), value, (uint32_t)strlen(value), &result);
  g_print(key, "%s", result.is_error ? "error" : "ok");
  if (!result.is_error) return;
  g_text(g_key("%s.text", key), result.text.ptr, result.text.len);
  w_free(result.text);
}

static void free_names(nnc_list names) {
  const nnc_list* name = names.ptr;
  for (uint32_t i = 0; i < names.len; ++i) w_free(name[i]);
  w_free(names);
}

// Every name of the list has a value, and stands in it once.
static void listed(void) {
  const nnc_graph graph = w_open_graph("pair");
  nnc_list names;
  nnc_list_properties(graph, &names);
  const nnc_list* name = names.ptr;
  uint32_t without = 0, twice = 0;
  for (uint32_t i = 0; i < names.len; ++i) {
    nnc_option value;
    nnc_get_property(graph, name[i].ptr, name[i].len, &value);
    without += !value.is_some;
    if (value.is_some) w_free(value.value);
    for (uint32_t j = 0; j < i; ++j) {
      twice += name[i].len == name[j].len && memcmp(name[i].ptr, name[j].ptr, name[i].len) == 0;
    }
  }
  g_print("names", "%s", names.len > 0 ? "some" : "none");
  g_number("without", without);
  g_number("twice", twice);
  free_names(names);
}

static void listed_many_times(void) {
  enum { TIMES = 1000 };
  const nnc_graph graph = w_open_graph("pair");
  uint32_t first = 0, same = 0;
  for (uint32_t i = 0; i < TIMES; ++i) {
    nnc_list names;
    nnc_list_properties(graph, &names);
    if (i == 0) first = names.len;
    same += names.len == first;
    free_names(names);
  }
  g_number("same", same);
}

// args: names.
static void values(void) {
  const nnc_graph graph = w_open_graph("pair");
  for (uint32_t i = 0; i < g_arg_count(); ++i) {
    print_option(g_key("value%u", (unsigned)i), get(graph, g_arg(i)));
  }
}

static void odd_names(void) {
  enum { SIZE = 1 << 20 };
  const nnc_graph graph = w_open_graph("pair");
  print_option("empty", get(graph, ""));
  nnc_option value;
  nnc_get_property(graph, "input.0.name\0more", 17, &value);
  print_option("zero", value);
  char* name = malloc(SIZE);
  memset(name, 'n', SIZE);
  nnc_get_property(graph, name, SIZE, &value);
  print_option("long", value);
}

static void read_only(void) {
  const nnc_graph graph = w_open_graph("pair");
  print_set("set", graph, "input.0.name", "other");
  print_option("after", get(graph, "input.0.name"));
}

static void set_unknown(void) {
  const nnc_graph graph = w_open_graph("pair");
  print_set("set", graph, "nobody", "1");
  print_option("after", get(graph, "nobody"));
}

static void set_bad_value(void) {
  const nnc_graph graph = w_open_graph("stream");
  print_set("good", graph, "option.chunk_bytes", "5");
  print_set("set", graph, "option.chunk_bytes", "some");
  print_option("after", get(graph, "option.chunk_bytes"));
}

static void set_option(void) {
  const nnc_graph graph = w_open_graph("stream");
  print_set("set", graph, "option.chunk_bytes", "7");
  print_option("after", get(graph, "option.chunk_bytes"));
}

static nnc_result pass_bytes(nnc_context context) {
  static const uint32_t kTwo = 2;
  nnc_tensor y = 0;
  const nnc_result result = w_compute_xy(context, nnc_tensor_new(&kTwo, 1, NNC_U8, "ab", 2), &y);
  if (!result.is_error) nnc_tensor_drop(y);
  return result;
}

// An option counts for contexts that are made afterwards, from this handle.
static void counts_for_later_contexts(void) {
  const nnc_graph graph = w_open_graph("stream"), other = w_open_graph("stream");
  const nnc_context before = w_open_context(graph);
  print_set("set", graph, "option.fail", "too_large");
  w_print_result("before", pass_bytes(before));
  w_print_result("after", pass_bytes(w_open_context(graph)));
  w_print_result("other", pass_bytes(w_open_context(other)));
  print_option("other_value", get(other, "option.fail"));
}

static const g_case kCases[] = {
    {"wit_listed", listed},
    {"wit_listed_older", listed},
    {"wit_listed_many_times", listed_many_times},
    {"wit_ports", values},
    {"wit_ports_older", values},
    {"wit_unknown", values},
    {"wit_odd_names", odd_names},
    {"wit_read_only", read_only},
    {"wit_set_unknown", set_unknown},
    {"wit_set_bad_value", set_bad_value},
    {"wit_set_option", set_option},
    {"wit_counts_for_later_contexts", counts_for_later_contexts},
};

W_MAIN(kCases)
