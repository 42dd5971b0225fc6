// A benchmark guest: rounds of set, compute and get, timed by the guest itself. bench.c is the same
// for both ABIs; bench_witx.c and bench_wit.c are what they differ in.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { MOST_INPUTS = 4, MOST_RANK = 8 };

typedef struct {
  const char* model;
  bool is_u8, is_i32;  // else f32
  uint32_t dims[MOST_RANK];
  uint32_t rank;
  const char* names[MOST_INPUTS];
  uint32_t input_count;
  const void* data;  // every input's
  uint32_t bytes;    // of one input
  void* output;      // of the first output
  uint32_t output_bytes;
} task;

// Where the time of a round went, in ns.
typedef struct {
  uint64_t set, compute, get;
} phases;

uint64_t now_ns(void);
// Ends the program with a message.
_Noreturn void fail(const char* what, uint32_t error);

// The functions of an ABI. A round sends all inputs, computes, and leaves the first output in
// t->output, a block of malloc that it may replace; with `times` it adds to where its time went.
void open_model(const task* t);
void run_round(task* t, phases* times);
