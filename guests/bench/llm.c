// usage: bench_llm MODEL OPTIONS PROMPT...
//   Runs the prompts in turn on one context, like a guest that streams completions.
//   OPTIONS is JSON. A PROMPT that begins with '+' continues the one before it and its completion.
//   Prints for each a line {"first_ns", "total_ns", "pieces", "hash", "usage"}: the time until the
//   first piece of the answer and until its end, and what tells one answer from another. The first
//   figure is printed at once.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasi/api.h>
#include <wasi_ephemeral_nn.h>

enum { PROMPT = 0, OPTIONS = 1, TEXTS = 4, RESPONSE = 0, USAGE = 1, MOST_TEXT = 1 << 18 };

static nn_context context;
// The prompts and completions so far.
static char text[MOST_TEXT];
static uint32_t text_size;
static char usage[1 << 14];

static void expect(const char* what, int32_t error, int32_t expected) {
  if (error == expected) return;
  fprintf(stderr, "%s: expected errno %d, given %d\n", what, (int)expected, (int)error);
  exit(1);
}

static uint64_t now_ns(void) {
  __wasi_timestamp_t now = 0;
  expect("clock_time_get", __wasi_clock_time_get(__WASI_CLOCKID_MONOTONIC, 1, &now), 0);
  return now;
}

static void set(uint32_t index, const char* data, uint32_t size) {
  const nn_tensor tensor = {
      .dims = &size, .dims_len = 1, .type = NN_U8, .data = (const uint8_t*)data, .data_len = size};
  expect("set_input", nn_set_input(context, index, &tensor), NN_SUCCESS);
}

static void append(const char* data) {
  const size_t size = strlen(data);
  expect("a text that fits", text_size + size > MOST_TEXT, 0);
  memcpy(text + text_size, data, size);
  text_size += (uint32_t)size;
}

static void answer(uint32_t input) {
  const uint32_t begin = text_size;
  const uint64_t start = now_ns();
  set(input, text, text_size);
  uint32_t pieces = 0;
  int32_t error;
  while ((error = nn_compute_single(context)) == NN_SUCCESS) {
    uint32_t written = 0;
    expect(
        "get_output_single",
        nn_get_output_single(context, RESPONSE, text + text_size, MOST_TEXT - text_size, &written),
        NN_SUCCESS);
    text_size += written;
    if (pieces++ == 0) {
      printf("{\"first_ns\": %llu, ", (unsigned long long)(now_ns() - start));
      fflush(stdout);
    }
  }
  const uint64_t total = now_ns() - start;
  expect("compute_single", error, NN_END_OF_SEQUENCE);
  if (pieces == 0) printf("{\"first_ns\": %llu, ", (unsigned long long)total);
  uint32_t written = 0;
  expect("get_output", nn_get_output(context, USAGE, usage, sizeof usage - 1, &written),
         NN_SUCCESS);
  usage[written] = '\0';
  uint64_t hash = 14695981039346656037u;  // FNV-1a
  for (uint32_t i = begin; i < text_size; ++i) hash = (hash ^ (uint8_t)text[i]) * 1099511628211u;
  printf("\"total_ns\": %llu, \"pieces\": %u, \"hash\": \"%016llx\", \"usage\": %s}\n",
         (unsigned long long)total, (unsigned)pieces, (unsigned long long)hash, usage);
  fflush(stdout);
}

int main(int argc, char** argv) {
  expect("arguments", argc < 4, 0);
  nn_graph graph;
  expect("load_by_name", nn_load_by_name(argv[1], (uint32_t)strlen(argv[1]), &graph), NN_SUCCESS);
  expect("init_execution_context", nn_init(graph, &context), NN_SUCCESS);
  set(OPTIONS, argv[2], (uint32_t)strlen(argv[2]));
  for (int i = 3; i < argc; ++i) {
    const char* prompt = argv[i];
    if (*prompt == '+') {
      ++prompt;
    } else {
      text_size = 0;
    }
    append(prompt);
    answer(*prompt == '[' ? TEXTS : PROMPT);
  }
  return 0;
}
