#include <guest.h>

// Ends a case from anywhere in it.
#ifdef G_NATIVE
#include <setjmp.h>
G_STATE jmp_buf end_of_case;
_Noreturn static void end_case(void) { longjmp(end_of_case, 1); }
#else
_Noreturn static void end_case(void) { exit(0); }
#endif

// ------------------------------------------------------------------ memory

#ifndef G_NATIVE
uint32_t g_alloc(uint32_t size) {
  void* bytes = aligned_alloc(16, size < UINT32_MAX - 16 ? (size + 16) / 16 * 16 : size);
  if (bytes == NULL) g_setup_failed("no memory for %u bytes", (unsigned)size);
  return (uint32_t)(uintptr_t)bytes;
}
void* g_at(uint32_t address) { return (void*)(uintptr_t)address; }
uint32_t g_grow(void) {
  size_t pages = __builtin_wasm_memory_grow(0, 1);
  if (pages == SIZE_MAX) g_setup_failed("the memory cannot grow");
  return (uint32_t)(pages * 65536);
}
uint64_t g_memory_size(void) { return (uint64_t)__builtin_wasm_memory_size(0) * 65536; }
#endif

uint32_t g_copy(const void* bytes, uint32_t size) {
  uint32_t address = g_alloc(size);
  if (size != 0) memcpy(g_at(address), bytes, size);
  return address;
}

uint32_t g_get_u32(uint32_t address) {
  uint32_t value;
  memcpy(&value, g_at(address), sizeof(value));
  return value;
}

void g_put_u32(uint32_t address, uint32_t value) { memcpy(g_at(address), &value, sizeof(value)); }

uint32_t g_read_file(const char* path, uint32_t* size) {
#ifdef G_NATIVE
  FILE* file = g_open(path);
#else
  FILE* file = fopen(path, "rb");
#endif
  if (file == NULL) g_setup_failed("%s cannot be opened", path);
  fseek(file, 0, SEEK_END);
  long end = ftell(file);
  if (end < 0 || (uint64_t)end > UINT32_MAX) g_setup_failed("%s has no size", path);
  fseek(file, 0, SEEK_SET);
  *size = (uint32_t)end;
  uint32_t address = g_alloc(*size);
  size_t got = fread(g_at(address), 1, *size, file);
  fclose(file);
  if (got != *size) g_setup_failed("%s: %zu of %u bytes were read", path, got, (unsigned)*size);
  return address;
}

// ------------------------------------------------------------------ arguments

G_STATE int arg_count;
G_STATE char** args;

// The value of NAME=VALUE among the arguments; NULL when it is not there.
static const char* find_value(const char* name, uint32_t size) {
  for (int i = 0; i < arg_count; ++i) {
    if (strncmp(args[i], name, size) == 0 && args[i][size] == '=') return args[i] + size + 1;
  }
  return NULL;
}

static const char* value_of(const char* name) {
  const char* value = find_value(name, (uint32_t)strlen(name));
  if (value == NULL) g_setup_failed("expected the argument %s=, given none", name);
  return value;
}

static bool is_standard(const char* argument) {
  static const char* const kNames[] = {"framework=", "encoding=", "target=", "file."};
  for (uint32_t i = 0; i < G_COUNT(kNames); ++i) {
    if (strncmp(argument, kNames[i], strlen(kNames[i])) == 0) return true;
  }
  return false;
}

const char* g_framework(void) { return value_of("framework"); }
uint32_t g_encoding(void) { return (uint32_t)strtoul(value_of("encoding"), NULL, 10); }
uint32_t g_target(void) { return (uint32_t)strtoul(value_of("target"), NULL, 10); }

const char* g_file(const char* model) { return g_file_part(model, 0); }

uint32_t g_file_count(const char* model) {
  char name[128];
  snprintf(name, sizeof(name), "file.%s", model);
  uint32_t count = 1;
  for (const char* at = value_of(name); (at = strchr(at, ';')) != NULL; ++at) ++count;
  return count;
}

const char* g_file_part(const char* model, uint32_t part) {
  static const uint32_t kMax = 512;
  char name[128];
  snprintf(name, sizeof(name), "file.%s", model);
  const char* at = value_of(name);
  for (uint32_t i = 0; i < part; ++i) {
    at = strchr(at, ';');
    if (at == NULL) g_setup_failed("expected %u files of %s", (unsigned)part + 1, model);
    ++at;
  }
  size_t size = strcspn(at, ";");
  char* path = size < kMax ? malloc(size + 1) : NULL;
  if (path == NULL) g_setup_failed("the path of %s is too long", model);
  memcpy(path, at, size);
  path[size] = 0;
  return path;
}

uint32_t g_arg_count(void) {
  uint32_t count = 0;
  for (int i = 0; i < arg_count; ++i) count += !is_standard(args[i]);
  return count;
}

const char* g_arg(uint32_t number) {
  for (int i = 0; i < arg_count; ++i) {
    if (!is_standard(args[i]) && number-- == 0) return args[i];
  }
  g_setup_failed("expected more arguments than %d", arg_count);
}

// ------------------------------------------------------------------ printing

// One line, written whole: other guests may print at the same time.
// Without a value it is `done`.
static void print_line(const char* key, const char* value) {
#ifdef G_NATIVE
  const char* label = g_label();
#else
  const char* label = "";
#endif
  size_t size = strlen(label) + strlen(key) + (value == NULL ? 0 : strlen(value)) + 3;
  char* line = malloc(size);
  if (line == NULL) return;
  int used = snprintf(line, size, "%s%s%s%s\n", label, key, value == NULL ? "" : "=",
                      value == NULL ? "" : value);
  fwrite(line, 1, (size_t)used, stdout);
  fflush(stdout);
  free(line);
}

const char* g_key(const char* format, ...) {
  enum { MOST = 64, KEYS = 16 };
  G_STATE char keys[KEYS][MOST];
  G_STATE uint32_t next;
  char* key = keys[next++ % KEYS];
  va_list list;
  va_start(list, format);
  vsnprintf(key, MOST, format, list);
  va_end(list);
  return key;
}

static void print_formatted(const char* key, const char* format, va_list list) {
  char value[1024];
  vsnprintf(value, sizeof(value), format, list);
  for (char* at = value; *at != 0; ++at) {
    if ((unsigned char)*at < 0x20) *at = ' ';
  }
  print_line(key, value);
}

void g_print(const char* key, const char* format, ...) {
  va_list list;
  va_start(list, format);
  print_formatted(key, format, list);
  va_end(list);
}

void g_number(const char* key, int64_t value) { g_print(key, "%lld", (long long)value); }

static void print_bytes(const char* key, const void* bytes, uint32_t size, bool as_text) {
  static const char kDigits[] = "0123456789abcdef";
  const uint8_t* in = bytes;
  char* value = malloc((size_t)size * 4 + 1);
  if (value == NULL) g_setup_failed("no memory to print %u bytes", (unsigned)size);
  char* out = value;
  for (uint32_t i = 0; i < size; ++i) {
    if (as_text && in[i] >= 0x20 && in[i] < 0x7f && in[i] != '\\') {
      *out++ = (char)in[i];
      continue;
    }
    if (as_text) *out++ = '\\', *out++ = 'x';
    *out++ = kDigits[in[i] >> 4];
    *out++ = kDigits[in[i] & 15];
  }
  *out = 0;
  print_line(key, value);
  free(value);
}

void g_text(const char* key, const void* bytes, uint32_t size) {
  print_bytes(key, bytes, size, true);
}
void g_hex(const char* key, const void* bytes, uint32_t size) {
  print_bytes(key, bytes, size, false);
}

// As many of the numbers as a line holds.
#define PRINT_NUMBERS(type, format, cast)                                                     \
  char value[1024] = "";                                                                      \
  uint32_t used = 0;                                                                          \
  for (uint32_t i = 0; i < count && used + 32 < sizeof(value); ++i) {                         \
    type number;                                                                              \
    memcpy(&number, (const uint8_t*)bytes + i * sizeof(number), sizeof(number));              \
    used += (uint32_t)snprintf(value + used, sizeof(value) - used, format, i == 0 ? "" : " ", \
                               (cast)number);                                                 \
  }                                                                                           \
  print_line(key, value)

void g_floats(const char* key, const void* bytes, uint32_t count) {
  PRINT_NUMBERS(float, "%s%g", double);
}
void g_longs(const char* key, const void* bytes, uint32_t count) {
  PRINT_NUMBERS(int64_t, "%s%lld", long long);
}

void g_setup_failed(const char* format, ...) {
  va_list list;
  va_start(list, format);
  print_formatted("setup", format, list);
  va_end(list);
  print_line("done", NULL);
  end_case();
}

// ------------------------------------------------------------------ the table

int g_run(const g_case* cases, uint32_t count, int argc, char** argv) {
  if (argc < 2) {
    for (uint32_t i = 0; i < count; ++i) puts(cases[i].name);
    return 0;
  }
  arg_count = argc - 2;
  args = argv + 2;
  for (uint32_t i = 0; i < count; ++i) {
    if (strcmp(cases[i].name, argv[1]) != 0) continue;
#ifdef G_NATIVE
    if (setjmp(end_of_case) != 0) return 0;
#endif
    cases[i].run();
    print_line("done", NULL);
    return 0;
  }
  fprintf(stderr, "no case named %s\n", argv[1]);
  return 2;
}
