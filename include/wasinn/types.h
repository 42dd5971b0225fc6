/* Types shared by the embedding API (wasinn.h), the adapter ABI (adapter.h) and the backend ABI
 * (backend.h). C11 and C++. Numbers are part of the ABI: they are only ever appended.
 *
 * The tables in src/ (tensor/dtype.def, base/code.def, model/encoding.def, model/target.def) are
 * the source of names and of the numbers of each guest dialect; static_asserts keep the numbers
 * here equal to them. */
#ifndef WASINN_TYPES_H_
#define WASINN_TYPES_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Exported from shared objects; everything else is hidden. */
#if defined(__GNUC__)
#define WASINN_EXPORT __attribute__((visibility("default")))
#else
#define WASINN_EXPORT
#endif

/* A wrong number from a plug-in or a caller must be readable in C++, too, where loading a value out
 * of the range of an enum is undefined unless the enum has a fixed underlying type. The size is the
 * one that C uses. */
#ifdef __cplusplus
#define WASINN_ENUM_TYPE : int32_t
#else
#define WASINN_ENUM_TYPE
#endif

/* Borrowed bytes. `data` may be NULL when `size` (bytes) is 0. */
typedef struct wasinn_bytes {
  const void* data;
  size_t size;
} wasinn_bytes;

/* Borrowed UTF-8 text, not NUL-terminated. `size` in bytes. */
typedef struct wasinn_str {
  const char* data;
  size_t size;
} wasinn_str;

/* Result codes. 1 to 9 are the nine of wasi:nn's `error-code`; 10 and up are finer ones that each
 * dialect maps to what its guests know. */
typedef enum wasinn_code WASINN_ENUM_TYPE {
  WASINN_OK = 0,
  WASINN_INVALID_ARGUMENT = 1,
  WASINN_INVALID_ENCODING = 2,
  WASINN_TIMEOUT = 3,
  WASINN_RUNTIME_ERROR = 4,
  WASINN_UNSUPPORTED_OPERATION = 5,
  WASINN_TOO_LARGE = 6,
  WASINN_NOT_FOUND = 7,
  WASINN_SECURITY = 8,
  WASINN_UNKNOWN = 9,
  WASINN_END_OF_SEQUENCE = 10,
  WASINN_CONTEXT_FULL = 11,
  WASINN_PROMPT_TOO_LONG = 12,
  WASINN_MODEL_MISSING = 13, /* registered, but its file is not there */
  WASINN_BUSY = 14,
  WASINN_CANCELLED = 15
} wasinn_code;

#define WASINN_MESSAGE_SIZE 2048

/* A failing call fills it; a successful one leaves it untouched. The caller provides it, usually on
 * the stack, and may pass NULL if it does not need it. `message` is NUL-terminated UTF-8, cut at
 * WASINN_MESSAGE_SIZE - 1 bytes. `engine_code` is the framework's own number, 0 without one. */
typedef struct wasinn_error {
  wasinn_code code;
  int64_t engine_code;
  char message[WASINN_MESSAGE_SIZE];
} wasinn_error;

/* Element types. A string tensor's data is the Open Inference Protocol's BYTES: for each element,
 * in row-major order, a 4-byte little-endian length and then that many bytes. */
typedef enum wasinn_dtype WASINN_ENUM_TYPE {
  WASINN_DTYPE_NONE = 0, /* not a type: an absent input, or a port whose type is not known */
  WASINN_DTYPE_F16 = 1,
  WASINN_DTYPE_BF16 = 2,
  WASINN_DTYPE_F32 = 3,
  WASINN_DTYPE_F64 = 4,
  WASINN_DTYPE_I8 = 5,
  WASINN_DTYPE_I16 = 6,
  WASINN_DTYPE_I32 = 7,
  WASINN_DTYPE_I64 = 8,
  WASINN_DTYPE_U8 = 9,
  WASINN_DTYPE_U16 = 10,
  WASINN_DTYPE_U32 = 11,
  WASINN_DTYPE_U64 = 12,
  WASINN_DTYPE_BOOL = 13, /* one byte, 0 or 1 */
  WASINN_DTYPE_STRING = 14
} wasinn_dtype;

/* The largest rank that any part of wasinn takes. */
#define WASINN_MAX_RANK 16

/* A borrowed tensor: row-major, dense, `size` bytes at `data`. `dims` has `rank` entries, each
 * >= 0 (in port descriptions -1 means "any"). */
typedef struct wasinn_tensor_view {
  wasinn_dtype dtype;
  uint32_t rank;
  const int64_t* dims;
  const void* data;
  size_t size;
} wasinn_tensor_view;

/* Where a graph runs. AUTO lets the backend choose the best device that works. */
typedef enum wasinn_target WASINN_ENUM_TYPE {
  WASINN_TARGET_CPU = 0,
  WASINN_TARGET_GPU = 1,
  WASINN_TARGET_TPU = 2,
  WASINN_TARGET_AUTO = 3
} wasinn_target;

typedef enum wasinn_log_level WASINN_ENUM_TYPE {
  WASINN_LOG_DEBUG = 0,
  WASINN_LOG_INFO = 1,
  WASINN_LOG_WARN = 2,
  WASINN_LOG_ERROR = 3,
  WASINN_LOG_OFF = 4
} wasinn_log_level;

/* One option as text, e.g. {"threads", "2"}. */
typedef struct wasinn_option {
  wasinn_str name;
  wasinn_str value;
} wasinn_option;

#ifdef __cplusplus
}
#endif
#endif /* WASINN_TYPES_H_ */
