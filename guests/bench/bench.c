// usage: bench MODE MODEL TYPE DIMS INPUTS OUTPUT-BYTES WARMUP ROUNDS
//   MODE    round: prints "ns SUM", the time of all rounds and the sum of the last output
//           phases: prints "SET-ns COMPUTE-ns GET-ns SUM"
//           hold: one round, then "ready"; idle: "ready" without a model
//   TYPE    u8, i32 or f32; DIMS as 1,3,4; INPUTS names as a,b
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasi/api.h>

uint64_t now_ns(void) {
  __wasi_timestamp_t now = 0;
  if (__wasi_clock_time_get(__WASI_CLOCKID_MONOTONIC, 1, &now) != 0) fail("clock_time_get", 0);
  return now;
}

void fail(const char* what, uint32_t error) {
  fprintf(stderr, "%s failed with error %u\n", what, (unsigned)error);
  exit(1);
}

// The same values as the native loop sends.
static void* make_data(const task* t) {
  void* data = malloc(t->bytes);
  if (data == NULL) fail("malloc", t->bytes);
  if (t->is_u8) {
    uint8_t* values = data;
    for (uint32_t i = 0; i < t->bytes; ++i) values[i] = (uint8_t)(i % 251);
  } else if (t->is_i32) {
    int32_t* values = data;
    for (uint32_t i = 0; i < t->bytes / 4; ++i) values[i] = (int32_t)(i % 251);
  } else {
    float* values = data;
    for (uint32_t i = 0; i < t->bytes / 4; ++i) values[i] = (float)(i % 251) / 256;
  }
  return data;
}

static double sum(const task* t) {
  double result = 0;
  if (t->is_u8) {
    const uint8_t* values = t->output;
    for (uint32_t i = 0; i < t->output_bytes; ++i) result += values[i];
  } else {
    const float* values = t->output;
    for (uint32_t i = 0; i < t->output_bytes / 4; ++i) result += values[i];
  }
  return result;
}

static void parse(char** argv, task* t) {
  t->model = argv[0];
  t->is_u8 = strcmp(argv[1], "u8") == 0;
  t->is_i32 = strcmp(argv[1], "i32") == 0;
  t->bytes = t->is_u8 ? 1 : 4;
  for (char* dim = strtok(argv[2], ","); dim != NULL; dim = strtok(NULL, ",")) {
    if (t->rank == MOST_RANK) fail("more dims than the rank allows", MOST_RANK);
    t->dims[t->rank] = (uint32_t)atoi(dim);
    t->bytes *= t->dims[t->rank++];
  }
  for (char* name = strtok(argv[3], ","); name != NULL; name = strtok(NULL, ",")) {
    if (t->input_count == MOST_INPUTS) fail("more inputs than", MOST_INPUTS);
    t->names[t->input_count++] = name;
  }
  t->output_bytes = (uint32_t)atoi(argv[4]);
  t->output = malloc(t->output_bytes);
  if (t->output == NULL) fail("malloc", t->output_bytes);
  t->data = make_data(t);
}

static void ready(void) {
  puts("ready");
  fflush(stdout);
}

int main(int argc, char** argv) {
  if (argc != 9) fail("number of arguments: expected 8; this", (uint32_t)argc - 1);
  const char* mode = argv[1];
  if (strcmp(mode, "idle") == 0) {
    ready();
    return 0;
  }
  task t = {0};
  parse(argv + 2, &t);
  open_model(&t);
  if (strcmp(mode, "hold") == 0) {
    run_round(&t, NULL);
    ready();
    return 0;
  }
  uint64_t warmup = strtoull(argv[7], NULL, 10), rounds = strtoull(argv[8], NULL, 10);
  phases times = {0};
  phases* wanted = strcmp(mode, "phases") == 0 ? &times : NULL;
  for (uint64_t i = 0; i < warmup; ++i) run_round(&t, NULL);
  uint64_t start = now_ns();
  for (uint64_t i = 0; i < rounds; ++i) run_round(&t, wanted);
  uint64_t total = now_ns() - start;
  if (wanted != NULL) {
    printf("%llu %llu %llu %.9g\n", (unsigned long long)times.set,
           (unsigned long long)times.compute, (unsigned long long)times.get, sum(&t));
  } else {
    printf("%llu %.9g\n", (unsigned long long)total, sum(&t));
  }
  return 0;
}
