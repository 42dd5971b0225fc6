// Noise for guests that mean harm: the same in every run and on every host.
#pragma once

#include <guest.h>

G_STATE uint32_t noise_state;
static inline uint32_t roll(uint32_t below) {
  noise_state = noise_state * 1664525u + 1013904223u;
  return (uint32_t)(((uint64_t)(noise_state >> 4) * below) >> 28);
}

// A number that is more likely than others to be at an edge.
static inline uint32_t edge(void) {
  static const uint32_t kEdges[] = {0,          1,          2,          3,          4,
                                    7,          8,          15,         16,         17,
                                    20,         255,        256,        65535,      65536,
                                    0x7ffffffe, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffff0,
                                    0xfffffffe, 0xffffffff, 0x40000000, 0x20000000, 0x40000001};
  return kEdges[roll(G_COUNT(kEdges))];
}

static inline uint32_t edge_but_0(void) {
  uint32_t number = edge();
  return number != 0 ? number : 1;
}

enum { SCRATCH = 4096 };

// An address at which the host may write without harm to this guest, or one outside its memory.
static inline uint32_t out_address(uint32_t scratch) {
  uint32_t outside = (uint32_t)g_memory_size();
  switch (roll(4)) {
    case 0:
      return outside + roll(65536);
    case 1:
      return 0xffffffffu - roll(64);
    default:
      return scratch + roll(SCRATCH / 2);
  }
}

// An address to read from: anywhere.
static inline uint32_t in_address(uint32_t scratch) {
  return roll(2) == 0   ? scratch + roll(SCRATCH)
         : roll(2) == 0 ? edge()
                        : (uint32_t)g_memory_size() - roll(64);
}

// Some bytes of a block of SCRATCH bytes become others.
static inline void spoil(uint32_t scratch) {
  for (uint32_t i = 0; i < 16; ++i) {
    ((uint8_t*)g_at(scratch))[roll(SCRATCH)] = (uint8_t)roll(256);
  }
}
