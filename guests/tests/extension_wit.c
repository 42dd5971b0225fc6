// The drafts of wasi:nn and wasinn's own package, from a component: that every function arrives at
// the core and its result at the guest. What they mean in detail is in tests/golden.
#include <wasi_poll.h>
#include <wasinn_nn_component.h>

#include "wit.h"

static bool equals(nnc_list text, const char* expected) {
  return text.len == strlen(expected) && memcmp(text.ptr, expected, text.len) == 0;
}

static void check_text(const char* what, nnc_list text, const char* part) {
  char* copy = calloc(text.len + 1, 1);
  memcpy(copy, text.ptr, text.len);
  CHECK(strstr(copy, part) != NULL, "%s: expected \"%s\" in: %s", what, part, copy);
  free(copy);
}

static nnc_context open_with(const char* name, const char* options) {
  nnc_result result;
  nnc_init_with_options(load(name), options, strlen(options), &result);
  return succeeded("init-execution-context with options", result);
}

static nnc_named_tensor text_input(const char* text) {
  uint32_t size = strlen(text);
  return (nnc_named_tensor){"0", 1, nnc_tensor_new(&size, 1, NNC_U8, text, size)};
}

static void start(nnc_context context, const char* text) {
  nnc_named_tensor in = text_input(text);
  nnc_result started;
  nnc_start(context, &in, 1, &started);
  succeeded("start", started);
}

static uint8_t wait(nnc_context context, uint32_t timeout) {
  nnc_status_result status;
  nnc_wait(context, timeout, &status);
  succeeded("wait", (nnc_result){status.is_error, status.value.error});
  return status.value.status;
}

static void properties(int argc, char** argv) {
  CHECK_EQUAL("arguments", argc, 1);
  nnc_graph graph = load(argv[0]);
  nnc_list names;
  nnc_list_properties(graph, &names);
  const nnc_list* name = names.ptr;
  bool found = false;
  for (uint32_t i = 0; i < names.len; ++i) found = found || equals(name[i], "input.0.name");
  CHECK(found, "no input.0.name among the %u properties", (unsigned)names.len);
  nnc_option value;
  nnc_get_property(graph, "backend.name", 12, &value);
  CHECK(value.is_some && equals(value.value, "echo"), "expected backend echo");
  nnc_get_property(graph, "nothing", 7, &value);
  CHECK(!value.is_some, "expected no property named nothing");
  nnc_text_result set;
  nnc_set_property(graph, "option.fail", 11, "too_large", 9, &set);
  CHECK(!set.is_error, "set-property failed");
  nnc_get_property(graph, "option.fail", 11, &value);
  CHECK(value.is_some && equals(value.value, "too_large"), "expected what was set");
  nnc_set_property(graph, "target", 6, "gpu", 3, &set);
  CHECK(set.is_error, "expected a property that cannot be set");
  check_text("set-property", set.text, "can only be read");
}

static void prompt(int argc, char** argv) {
  CHECK_EQUAL("arguments", argc, 1);
  nnc_prompt_result init;
  nnc_prompt_init(load(argv[0]), &init);
  CHECK(!init.is_error, "%.*s", (int)init.value.error.len, (const char*)init.value.error.ptr);
  nnc_text_result answer;
  for (int i = 0; i < 2; ++i) {
    nnc_prompt_compute(init.value.context, "guten Tag \xc3\xa4", 12, &answer);
    CHECK(!answer.is_error && equals(answer.text, "guten Tag \xc3\xa4"), "expected the prompt");
  }
  nnc_prompt_context_drop(init.value.context);
}

static void prompt_refused(int argc, char** argv) {
  CHECK_EQUAL("arguments", argc, 1);
  nnc_prompt_result init;
  nnc_prompt_init(load(argv[0]), &init);
  CHECK(init.is_error, "expected a model that does not generate");
  check_text("init", init.value.error, "expected a model that generates text");
}

static void prompt_failed(int argc, char** argv) {
  CHECK_EQUAL("arguments", argc, 1);
  nnc_prompt_result init;
  nnc_prompt_init(load(argv[0]), &init);
  CHECK(!init.is_error, "init failed");
  nnc_text_result answer;
  nnc_prompt_compute(init.value.context, "x", 1, &answer);
  CHECK(answer.is_error, "expected a failure");
  check_text("compute", answer.text, "asked for this failure");
}

static void info(int argc, char** argv) {
  CHECK_EQUAL("arguments", argc, 1);
  nnc_failure failure;
  nnc_last_error(&failure);
  CHECK(!failure.is_some, "expected no error yet");
  nnc_result missing;
  nnc_load_by_name("none", 4, &missing);
  CHECK(missing.is_error, "expected no model none");
  nnc_last_error(&failure);
  CHECK(failure.is_some && equals(failure.name, "not_found"), "expected not_found");
  CHECK_EQUAL("code", failure.code, 7);
  check_text("last-error", failure.text, "no model is registered under the name 'none'");
  nnc_description description;
  nnc_describe_graph(load(argv[0]), &description);
  CHECK(!description.is_error, "describe-graph failed");
  check_text("describe-graph", description.value.text, "{\"backend\":\"echo\"");
  nnc_describe_host(&description);
  CHECK(!description.is_error, "describe-host failed");
  check_text("describe-host", description.value.text, "\"wasinn:nn/runs@0.1.0\"");
}

static void options(int argc, char** argv) {
  CHECK_EQUAL("arguments", argc, 1);
  nnc_context_drop(open_with(argv[0], "{\"delay_ms\": 1}"));
  nnc_result result;
  nnc_init_with_options(load(argv[0]), "{\"delay\": 1}", 12, &result);
  CHECK(result.is_error, "expected an unknown option");
  static const char* const kWords[] = {"did you mean delay_ms"};
  check_error("options", result.handle, NNC_INVALID_ARGUMENT, kWords, COUNT_OF(kWords));
}

static void done(int argc, char** argv) {
  CHECK_EQUAL("arguments", argc, 1);
  nnc_context context = open_with(argv[0], "{\"delay_ms\": 3}");
  start(context, "hello");
  CHECK_EQUAL("status", wait(context, UINT32_MAX), NNC_DONE);
  nnc_status_result status;
  nnc_poll(context, &status);
  CHECK(!status.is_error && status.value.status == NNC_DONE, "expected done");
  nnc_outputs outputs;
  nnc_outputs_of(context, &outputs);
  CHECK(!outputs.is_error, "outputs failed");
  CHECK_EQUAL("outputs", outputs.value.list.len, 1);
  char text[5];
  take_data(outputs.value.list.ptr[0].tensor, text, sizeof(text));
  CHECK(memcmp(text, "hello", 5) == 0, "other bytes came back");
}

static void stream(int argc, char** argv) {
  CHECK_EQUAL("arguments", argc, 1);
  nnc_context context = open_with(argv[0], "{\"chunk_bytes\": 3, \"chunk_delay_ms\": 2}");
  start(context, "hello, world");
  char text[16];
  uint32_t size = 0, pieces = 0;
  for (bool end = false; !end;) {
    uint8_t status = wait(context, UINT32_MAX);
    CHECK(status != NNC_RUNNING, "a wait without a limit ended");
    nnc_piece piece;
    do {
      nnc_read(context, "0", 1, 2, &piece);
      succeeded("read", (nnc_result){piece.is_error, piece.value.error});
      end = !piece.value.bytes.is_some;
      if (end) break;
      uint32_t read = piece.value.bytes.value.len;
      CHECK(read <= 2 && size + read <= sizeof(text), "a piece of %u bytes", (unsigned)read);
      memcpy(text + size, piece.value.bytes.value.ptr, read);
      size += read;
      ++pieces;
    } while (piece.value.bytes.value.len > 0);
  }
  CHECK(size == 12 && memcmp(text, "hello, world", 12) == 0, "other bytes came back");
  CHECK(pieces >= 6, "expected pieces of at most 2 bytes, given %u", (unsigned)pieces);
}

static wasi_pollable subscribe(nnc_context context) {
  nnc_result result;
  nnc_subscribe(context, &result);
  return succeeded("subscribe", result);
}

// Reads all that is there; false at the end of the output.
static bool read_on(nnc_context context, char* text, uint32_t* size, uint32_t room) {
  for (;;) {
    nnc_piece piece;
    nnc_read(context, "0", 1, room - *size + 1, &piece);
    succeeded("read", (nnc_result){piece.is_error, piece.value.error});
    if (!piece.value.bytes.is_some) return false;
    uint32_t read = piece.value.bytes.value.len;
    if (read == 0) return true;
    CHECK(*size + read <= room, "more than %u bytes", (unsigned)room);
    memcpy(text + *size, piece.value.bytes.value.ptr, read);
    *size += read;
  }
}

// Two runs at a time, polled together.
static void pollables(int argc, char** argv) {
  CHECK_EQUAL("arguments", argc, 1);
  nnc_context contexts[2] = {open_with(argv[0], "{\"chunk_bytes\": 3, \"chunk_delay_ms\": 2}"),
                             open_with(argv[0], "{\"chunk_bytes\": 2, \"chunk_delay_ms\": 3}")};
  nnc_result none;
  nnc_subscribe(contexts[0], &none);
  CHECK(none.is_error, "expected no pollable without a run");
  static const char* const kWords[] = {"expected an execution context with a run"};
  check_error("subscribe", none.handle, NNC_INVALID_ARGUMENT, kWords, COUNT_OF(kWords));
  wasi_pollable news[2];
  for (int i = 0; i < 2; ++i) {
    start(contexts[i], "hello, world");
    news[i] = subscribe(contexts[i]);
  }
  char text[2][16];
  uint32_t size[2] = {0, 0};
  bool ended[2] = {false, false};
  while (!ended[0] || !ended[1]) {
    // One that has ended is ready for ever.
    const int first = ended[0] ? 1 : 0;
    const uint32_t count = ended[0] || ended[1] ? 1 : 2;
    wasi_ready_list ready;
    wasi_poll(news + first, count, &ready);
    CHECK(ready.len >= 1, "a poll that gave nothing");
    for (uint32_t i = 0; i < ready.len; ++i) {
      const uint32_t at = ready.ptr[i] + first;
      ended[at] = !read_on(contexts[at], text[at], &size[at], sizeof(text[at]));
    }
    free(ready.ptr);
  }
  for (int i = 0; i < 2; ++i) {
    CHECK(size[i] == 12 && memcmp(text[i], "hello, world", 12) == 0, "other bytes came back");
    CHECK(wasi_pollable_ready(news[i]), "expected a run that has ended to be ready");
    wasi_pollable_drop(news[i]);
  }
  // One outlives its context, and one is left behind.
  start(contexts[0], "hello");
  wasi_pollable last = subscribe(contexts[0]);
  subscribe(contexts[0]);
  nnc_context_drop(contexts[0]);
  wasi_pollable_block(last);
  wasi_pollable_drop(last);
}

// Waits for what does not come: the host has to end it.
static void poll_for_ever(int argc, char** argv) {
  CHECK_EQUAL("arguments", argc, 1);
  nnc_context context = open_with(argv[0], "{\"delay_ms\": 600000}");
  start(context, "hello");
  wasi_pollable news = subscribe(context);
  CHECK(!wasi_pollable_ready(news), "expected no news yet");
  puts("waiting");
  fflush(stdout);
  wasi_pollable_block(news);
  nnc_status_result status;
  nnc_poll(context, &status);
  CHECK(status.is_error, "expected the end of the compute");
  static const char* const kWords[] = {"compute_timeout"};
  check_error("poll", status.value.error, NNC_TIMEOUT, kWords, COUNT_OF(kWords));
}

static void cancel(int argc, char** argv) {
  CHECK_EQUAL("arguments", argc, 1);
  nnc_context context = open_with(argv[0], "{\"delay_ms\": 60000}");
  start(context, "hello");
  CHECK_EQUAL("status", wait(context, 1), NNC_RUNNING);
  nnc_result cancelled;
  nnc_cancel(context, &cancelled);
  succeeded("cancel", cancelled);
  nnc_status_result status;
  nnc_wait(context, UINT32_MAX, &status);
  CHECK(status.is_error, "expected the end of the compute");
  static const char* const kWords[] = {"cancelled"};
  check_error("wait", status.value.error, NNC_RUNTIME_ERROR, kWords, COUNT_OF(kWords));
}

static const test_case kCases[] = {
    {"properties", properties},
    {"prompt", prompt},
    {"prompt_refused", prompt_refused},
    {"prompt_failed", prompt_failed},
    {"info", info},
    {"options", options},
    {"done", done},
    {"stream", stream},
    {"pollables", pollables},
    {"poll_for_ever", poll_for_ever},
    {"cancel", cancel},
};

int main(int argc, char** argv) { return run_case(kCases, COUNT_OF(kCases), argc, argv); }
