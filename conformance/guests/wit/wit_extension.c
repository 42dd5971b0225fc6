// wasinn's own package wasinn:nn, for components.
#include <wasinn_nn_component.h>

#include "wit.h"

#define NO_LIMIT UINT32_MAX

static const char* status_name(uint32_t status) {
  static const char* const kNames[] = {"running", "readable", "done"};
  return status < G_COUNT(kNames) ? kNames[status] : "none";
}

static nnc_result unit_of(nnc_status_result result) {
  return (nnc_result){result.is_error, result.is_error ? result.value.error : 0};
}

// KEY=the status, or the error.
static void print_status(const char* key, nnc_status_result result) {
  if (result.is_error) {
    w_print_error(key, result.value.error);
  } else {
    g_print(key, "%s", status_name(result.value.status));
  }
}

static void print_wait(const char* key, nnc_context context, uint32_t timeout) {
  nnc_status_result status;
  nnc_wait(context, timeout, &status);
  print_status(key, status);
}

static void print_poll(const char* key, nnc_context context) {
  nnc_status_result status;
  nnc_poll(context, &status);
  print_status(key, status);
}

static void print_failure(const char* key) {
  nnc_failure failure;
  nnc_last_error(&failure);
  if (!failure.is_some) {
    g_print(key, "none");
    return;
  }
  g_number(g_key("%s.code", key), failure.code);
  g_text(key, failure.name.ptr, failure.name.len);
  g_text(g_key("%s.text", key), failure.text.ptr, failure.text.len);
}

static nnc_result start(nnc_context context, nnc_tensor x) {
  const nnc_named_tensor input = {"x", 1, x};
  nnc_result result;
  nnc_start(context, &input, 1, &result);
  return result;
}

static nnc_tensor bytes(const char* text) {
  const uint32_t size = (uint32_t)strlen(text);
  return nnc_tensor_new(&size, 1, NNC_U8, text, size);
}

static nnc_result init_with(const char* model, const char* options) {
  nnc_result result;
  nnc_init_with_options(w_open_graph(model), options, (uint32_t)strlen(options), &result);
  return result;
}

static void print_outputs(nnc_context context) {
  nnc_outputs outputs;
  nnc_outputs_of(context, &outputs);
  if (outputs.is_error) {
    w_print_error("outputs", outputs.value.error);
    return;
  }
  g_number("outputs", outputs.value.list.len);
  for (uint32_t i = 0; i < outputs.value.list.len; ++i) {
    w_take(g_key("y%u", (unsigned)i), outputs.value.list.ptr[i].tensor);
  }
}

// ------------------------------------------------------------------ info

static void last_failure(void) {
  print_failure("before");
  const nnc_result result = w_load_by_name("nobody");
  w_print_result("load", result);
  const nnc_context context = w_open("identity_f32");
  print_failure("after");
  nnc_tensor y;
  static const uint32_t kThree = 3;
  static const float kValues[3];
  w_print_result("compute",
                 w_compute_xy(context, nnc_tensor_new(&kThree, 1, NNC_FP32, kValues, 8), &y));
  print_failure("next");
}

static void describe_graph(void) {
  nnc_description description;
  nnc_describe_graph(w_open_graph("pair"), &description);
  if (description.is_error) {
    w_print_error("graph", description.value.error);
  } else {
    g_text("graph", description.value.text.ptr, description.value.text.len);
  }
}

static void describe_host(void) {
  nnc_description description;
  nnc_describe_host(&description);
  if (description.is_error) {
    w_print_error("host", description.value.error);
  } else {
    g_text("host", description.value.text.ptr, description.value.text.len);
  }
}

// ------------------------------------------------------------------ options

// args: the JSON text of the options.
static void options(void) {
  const nnc_result result = init_with("stream", g_arg(0));
  if (w_print_result("init", result)) nnc_context_drop(result.handle);
  w_print_alive(w_open("identity_f32"));
}

static void options_of_one_context(void) {
  const nnc_context with = w_must("init", init_with("stream", "{\"fail\": \"too_large\"}"));
  const nnc_context without = w_must("init", init_with("stream", ""));
  nnc_tensor y;
  w_print_result("with", w_compute_xy(with, bytes("ab"), &y));
  w_print_result("without", w_compute_xy(without, bytes("ab"), &y));
}

// ------------------------------------------------------------------ runs

static void start_and_wait(void) {
  static const float kValues[] = {1, 2, 3};
  const nnc_context context = w_open("identity_f32");
  w_print_result("start", start(context, w_floats(kValues, 3)));
  print_wait("wait", context, NO_LIMIT);
  print_poll("poll", context);
  print_outputs(context);
  w_print_alive(context);
}

static void poll_while_it_runs(void) {
  const nnc_context context = w_open("slow");
  w_print_result("start", start(context, w_float(5)));
  print_poll("poll", context);
  print_wait("wait_short", context, 1);
  print_wait("wait", context, NO_LIMIT);
  print_outputs(context);
}

static void two_at_a_time(void) {
  const nnc_graph graph = w_open_graph("slow");
  const nnc_context one = w_open_context(graph), other = w_open_context(graph);
  w_print_result("start_one", start(one, w_float(1)));
  w_print_result("start_other", start(other, w_float(2)));
  print_poll("poll_one", one);
  print_wait("wait_other", other, NO_LIMIT);
  print_wait("wait_one", one, NO_LIMIT);
  print_outputs(one);
}

static void busy(void) {
  const nnc_context context = w_open("slow");
  w_print_result("start", start(context, w_float(1)));
  w_print_result("again", start(context, w_float(2)));
  print_failure("failure");
  print_wait("wait", context, NO_LIMIT);
  print_outputs(context);
}

static void cancelled(void) {
  const nnc_context context = w_open("slow");
  w_print_result("start", start(context, w_float(1)));
  nnc_result result;
  nnc_cancel(context, &result);
  w_print_result("cancel", result);
  print_wait("wait", context, NO_LIMIT);
  print_failure("failure");
  print_outputs(context);
  w_print_alive(w_open("identity_f32"));
}

static void failing(void) {
  const nnc_context context = w_open("fail");
  w_print_result("start", start(context, w_float(1)));
  print_wait("wait", context, NO_LIMIT);
  print_poll("poll", context);
  print_failure("failure");
}

static void nothing_started(void) {
  const nnc_context context = w_open("identity_f32");
  print_poll("poll", context);
  print_wait("wait", context, 1);
  nnc_piece piece;
  nnc_read(context, "y", 1, 10, &piece);
  g_print("read", "%s", piece.is_error ? w_code_name(nnc_error_code(piece.value.error)) : "ok");
  w_print_alive(context);
}

static void wrong_inputs(void) {
  const nnc_context context = w_open("identity_4");
  nnc_result result;
  nnc_start(context, NULL, 0, &result);
  w_print_result("none", result);
  w_print_result("shape", start(context, w_float(1)));
  const nnc_named_tensor unknown = {"nobody", 6, w_float(1)};
  nnc_start(context, &unknown, 1, &result);
  w_print_result("name", result);
  static const float kFour[] = {1, 2, 3, 4};
  w_print_result("good", start(context, w_floats(kFour, 4)));
  print_wait("wait", context, NO_LIMIT);
}

// Reads in pieces of at most `max` bytes, up to the end, waiting where there is nothing.
static void read_all(nnc_context context, uint32_t max) {
  char got[64];
  uint32_t size = 0, larger = 0;
  for (;;) {
    nnc_piece piece;
    nnc_read(context, "y", 1, max, &piece);
    if (piece.is_error) {
      w_print_error("read", piece.value.error);
      return;
    }
    if (!piece.value.bytes.is_some) break;
    const nnc_list part = piece.value.bytes.value;
    larger += part.len > max;
    for (uint32_t i = 0; i < part.len && size < sizeof(got); ++i) {
      got[size++] = ((const char*)part.ptr)[i];
    }
    w_free(part);
    if (part.len != 0) continue;
    nnc_status_result status;
    nnc_wait(context, NO_LIMIT, &status);
    if (status.is_error) {
      w_print_result("wait", unit_of(status));
      return;
    }
  }
  g_text("read", got, size);
  g_number("larger", larger);
}

// args: the size of the pieces.
static void read_to_the_end(void) {
  const nnc_context context = w_open("stream");
  w_print_result("start", start(context, bytes("abcdefghijklmnop")));
  read_all(context, (uint32_t)atoi(g_arg(0)));
  print_outputs(context);
}

static const g_case kCases[] = {
    {"wit_last_failure", last_failure},
    {"wit_describe_graph", describe_graph},
    {"wit_describe_host", describe_host},
    {"wit_describe_host_granted", describe_host},
    {"wit_options", options},
    {"wit_options_none", options},
    {"wit_options_unknown", options},
    {"wit_options_no_json", options},
    {"wit_options_bad_value", options},
    {"wit_options_of_one_context", options_of_one_context},
    {"wit_start_and_wait", start_and_wait},
    {"wit_start_and_wait_older", start_and_wait},
    {"wit_poll_while_it_runs", poll_while_it_runs},
    {"wit_two_at_a_time", two_at_a_time},
    {"wit_busy", busy},
    {"wit_cancelled", cancelled},
    {"wit_failing", failing},
    {"wit_nothing_started", nothing_started},
    {"wit_wrong_inputs", wrong_inputs},
    {"wit_read_in_small_pieces", read_to_the_end},
    {"wit_read_in_large_pieces", read_to_the_end},
};

W_MAIN(kCases)
