// Waiting for several things at once in a component: wasi:io/poll and the clock of WASI as core
// imports. The WIT text is in guests/wit/wasi.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// A resource handle; dropped exactly once.
typedef uint32_t wasi_pollable;

// list<u32>, allocated with malloc
typedef struct {
  uint32_t* ptr;
  uint32_t len;
} wasi_ready_list;

#ifdef __wasm__
#define WASI_IMPORT(interface, name) \
  __attribute__((import_module("wasi:" interface "@0.2.0"), import_name(name))) extern
#else
#define WASI_IMPORT(interface, name) extern
#endif

// Waits until at least one is ready, and gives the indices of all that are.
WASI_IMPORT("io/poll", "poll")
void wasi_poll(const wasi_pollable* in, uint32_t count, wasi_ready_list* ready);
WASI_IMPORT("io/poll", "[method]pollable.ready") uint32_t wasi_pollable_ready(wasi_pollable self);
WASI_IMPORT("io/poll", "[method]pollable.block") void wasi_pollable_block(wasi_pollable self);
WASI_IMPORT("io/poll", "[resource-drop]pollable") void wasi_pollable_drop(wasi_pollable self);

// Nanoseconds; ready when they are over.
WASI_IMPORT("clocks/monotonic-clock", "subscribe-duration")
wasi_pollable wasi_subscribe_duration(uint64_t duration);

#ifdef __cplusplus
}
#endif
