// Included before ggml-cpu.c. Its threads wait for each other by spinning between any two steps of
// a pass, which on a machine with other work takes the core from the very thread that they wait
// for: a pass then lasts a hundred times as long. A thread that has waited for some microseconds
// gives its core away.
#pragma once

#if defined(__x86_64__) && defined(__unix__)
#include <immintrin.h>
#include <sched.h>

static inline void wasinn_wait(void) {
  static _Thread_local unsigned rounds;
  _mm_pause();
  if (++rounds % 128 == 0) sched_yield();
}

#define _mm_pause wasinn_wait
#endif
