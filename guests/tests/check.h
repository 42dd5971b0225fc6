// A test guest holds several cases; its first argument names the one to run. Exit code 0 means
// passed; otherwise stderr tells the place and what was expected and given.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  const char* name;
  // Takes the arguments after the name.
  void (*run)(int argc, char** argv);
} test_case;

#define CHECK(condition, ...)                              \
  do {                                                     \
    if (!(condition)) {                                    \
      fprintf(stderr, "%s:%d: ", __FILE_NAME__, __LINE__); \
      fprintf(stderr, __VA_ARGS__);                        \
      fputc('\n', stderr);                                 \
      exit(1);                                             \
    }                                                      \
  } while (0)

#define CHECK_EQUAL(what, given, expected)                                                      \
  do {                                                                                          \
    long long given_value = (long long)(given), expected_value = (long long)(expected);         \
    CHECK(given_value == expected_value, "%s: expected %lld, given %lld", what, expected_value, \
          given_value);                                                                         \
  } while (0)

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

// Prints the two on failure.
static inline void check_floats(const char* what, const float* given, const float* expected,
                                size_t count) {
  for (size_t i = 0; i < count; ++i) {
    CHECK(given[i] == expected[i], "%s: element %zu: expected %g, given %g", what, i,
          (double)expected[i], (double)given[i]);
  }
}

// A whole file; the caller frees it.
static inline uint8_t* read_file(const char* path, uint32_t* size) {
  FILE* file = fopen(path, "rb");
  CHECK(file != NULL, "%s cannot be opened", path);
  fseek(file, 0, SEEK_END);
  *size = (uint32_t)ftell(file);
  fseek(file, 0, SEEK_SET);
  uint8_t* bytes = malloc(*size);
  CHECK(bytes != NULL, "no memory for the %u bytes of %s", (unsigned)*size, path);
  CHECK(fread(bytes, 1, *size, file) == *size, "%s cannot be read", path);
  fclose(file);
  return bytes;
}

static inline int run_case(const test_case* cases, size_t count, int argc, char** argv) {
  if (argc < 2) {
    for (size_t i = 0; i < count; ++i) puts(cases[i].name);
    return 0;
  }
  for (size_t i = 0; i < count; ++i) {
    if (strcmp(cases[i].name, argv[1]) == 0) {
      cases[i].run(argc - 2, argv + 2);
      return 0;
    }
  }
  fprintf(stderr, "no case named %s\n", argv[1]);
  return 2;
}

// One row per element type: enough to feed the identity models.
typedef struct {
  const char* name;
  uint32_t type;
  uint32_t size;
} element;

static inline const element* find_element(const element* elements, size_t count, const char* name) {
  for (size_t i = 0; i < count; ++i) {
    if (strcmp(elements[i].name, name) == 0) return &elements[i];
  }
  CHECK(false, "no element type named %s", name);
  return NULL;
}
