// The ground under every guest of the suite. A guest is a table of cases; its first argument names
// the one to run. It judges nothing: it prints what it saw as key=value lines, and `done` at the
// end; the case file judges.
//
// The same sources are built twice: to WebAssembly, and with G_NATIVE into the program of
// conformance/inproc, where several guests run in threads of one process. So what the host reads or
// writes lives at addresses of the guest's memory (g_alloc, g_at), never behind a bare pointer, and
// what a guest keeps outside its functions is G_STATE.
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef G_NATIVE
#define G_STATE static _Thread_local
#else
#define G_STATE static
#endif

#define G_COUNT(array) (uint32_t)(sizeof(array) / sizeof((array)[0]))

// ------------------------------------------------------------------ memory

// An address of `size` bytes, aligned to 16; ends the case as not set up when there are none left.
uint32_t g_alloc(uint32_t size);
// The bytes at an address. Stays valid: the memory may grow, but it does not move.
void* g_at(uint32_t address);
// Bytes in the memory: every address below it exists.
uint64_t g_memory_size(void);
// Adds a page of 64 KiB at the end of the memory, and returns its address. Nothing else uses it; it
// is the last one until the next g_alloc.
uint32_t g_grow(void);
// An address of a copy.
uint32_t g_copy(const void* bytes, uint32_t size);
// A little-endian number at any address.
uint32_t g_get_u32(uint32_t address);
void g_put_u32(uint32_t address, uint32_t value);
// A whole file of the guest's folders; ends the case as not set up when it cannot be read.
uint32_t g_read_file(const char* path, uint32_t* size);

// ------------------------------------------------------------------ arguments

// The runner's argument about the framework; ends the case as not set up if it is missing.
const char* g_framework(void);
uint32_t g_encoding(void);
uint32_t g_target(void);
// The path of a model's file. Of a model in several files their number, and each one's path.
const char* g_file(const char* model);
uint32_t g_file_count(const char* model);
const char* g_file_part(const char* model, uint32_t part);
// The case's own arguments.
uint32_t g_arg_count(void);
const char* g_arg(uint32_t number);

// ------------------------------------------------------------------ printing

// Keys are [a-z0-9_.]+; g_key makes one, valid until the 16th call after it.
const char* g_key(const char* format, ...) __attribute__((format(printf, 1, 2)));
void g_print(const char* key, const char* format, ...) __attribute__((format(printf, 2, 3)));
void g_number(const char* key, int64_t value);
// Bytes that cannot be printed, and backslashes, become \xNN.
void g_text(const char* key, const void* bytes, uint32_t size);
void g_hex(const char* key, const void* bytes, uint32_t size);
// Numbers separated by blanks; the bytes may stand anywhere.
void g_floats(const char* key, const void* bytes, uint32_t count);
void g_longs(const char* key, const void* bytes, uint32_t count);

// Ends the case: a step failed that it only builds on.
void g_setup_failed(const char* format, ...) __attribute__((format(printf, 1, 2), noreturn));

// ------------------------------------------------------------------ the table

typedef struct {
  const char* name;
  void (*run)(void);
} g_case;

int g_run(const g_case* cases, uint32_t count, int argc, char** argv);

// At the end of a guest's file. G_ENTRY is its function's name in the native program.
#ifdef G_NATIVE
#define G_MAIN(cases) \
  int G_ENTRY(int argc, char** argv) { return g_run(cases, G_COUNT(cases), argc, argv); }
#else
#define G_MAIN(cases) \
  int main(int argc, char** argv) { return g_run(cases, G_COUNT(cases), argc, argv); }
#endif

#ifdef G_NATIVE
// The functions of the native program in place of WASI.
FILE* g_open(const char* path);
// The beginning of each line: "[2] " for the third of several guests, "" for a single guest.
const char* g_label(void);
#endif

#ifdef __cplusplus
}
#endif
