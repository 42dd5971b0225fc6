// The draft of a prompt interface (proposal 79): a text in, a text out.
#include <wasinn_nn_component.h>

#include "wit.h"

// KEY=ok, or KEY=error and KEY.text.
static void print_text_result(const char* key, nnc_text_result result) {
  g_print(key, "%s", result.is_error ? "error" : "ok");
  g_text(g_key("%s.text", key), result.text.ptr, result.text.len);
  w_free(result.text);
}

static bool print_init(const char* key, nnc_prompt_result result) {
  g_print(key, "%s", result.is_error ? "error" : "ok");
  if (!result.is_error) return true;
  g_text(g_key("%s.text", key), result.value.error.ptr, result.value.error.len);
  w_free(result.value.error);
  return false;
}

static nnc_prompt_context open_prompt(const char* model) {
  nnc_prompt_result result;
  nnc_prompt_init(w_open_graph(model), &result);
  if (result.is_error) {
    g_setup_failed("init: %.*s", (int)result.value.error.len, (const char*)result.value.error.ptr);
  }
  return result.value.context;
}

static void ask(const char* key, nnc_prompt_context context, const char* prompt) {
  nnc_text_result result;
  nnc_prompt_compute(context, prompt, (uint32_t)strlen(prompt), &result);
  print_text_result(key, result);
}

// A model that does not generate text; what its graph is used for otherwise goes on.
static void refused(void) {
  const nnc_graph graph = w_open_graph("identity_f32");
  const nnc_context context = w_open_context(graph);
  nnc_prompt_result result;
  nnc_prompt_init(graph, &result);
  if (print_init("init", result)) nnc_prompt_context_drop(result.value.context);
  w_print_alive(context);
  w_print_result("again", w_load_by_name("identity_f32"));
}

// Graphs are consumed, so that none is left of many.
static void refused_many_times(void) {
  enum { TIMES = 2000 };
  uint32_t refusals = 0;
  for (uint32_t i = 0; i < TIMES; ++i) {
    nnc_prompt_result result;
    nnc_prompt_init(w_open_graph("identity_f32"), &result);
    refusals += result.is_error;
    if (result.is_error) w_free(result.value.error);
  }
  g_number("refusals", refusals);
  w_print_alive(w_open("identity_f32"));
}

static void answer(void) {
  const nnc_prompt_context context = open_prompt("alphabet");
  ask("answer", context, "abc");
  nnc_prompt_context_drop(context);
}

static void answers_stand_alone(void) {
  const nnc_prompt_context context = open_prompt("alphabet");
  ask("first", context, "x");
  ask("second", context, "5");
  ask("third", context, "x");
}

static void contexts_apart(void) {
  const nnc_prompt_context one = open_prompt("alphabet"), other = open_prompt("alphabet");
  ask("one", one, "w");
  ask("other", other, "7");
  nnc_prompt_context_drop(one);
  ask("other_again", other, "8");
}

static void prompt_too_long(void) {
  enum { SIZE = 100000 };
  char* prompt = malloc(SIZE);
  memset(prompt, 'a', SIZE);
  const nnc_prompt_context context = open_prompt("alphabet");
  nnc_text_result result;
  nnc_prompt_compute(context, prompt, SIZE, &result);
  print_text_result("long", result);
  ask("after", context, "y");
}

static const g_case kCases[] = {
    {"wit_refused", refused},
    {"wit_refused_older", refused},
    {"wit_refused_many_times", refused_many_times},
    {"wit_answer", answer},
    {"wit_answers_stand_alone", answers_stand_alone},
    {"wit_contexts_apart", contexts_apart},
    {"wit_prompt_too_long", prompt_too_long},
};

W_MAIN(kCases)
