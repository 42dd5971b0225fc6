// The code that a component needs besides its main: the allocator that the host calls, and a start
// function.
#include <stddef.h>
#include <stdlib.h>
#include <wasi/api.h>

void __wasm_call_ctors(void);
void __wasm_call_dtors(void);
int __main_void(void);

// The host (and the preview 1 adapter) allocates what it returns to the guest through this export.
__attribute__((export_name("cabi_realloc"))) void* cabi_realloc(void* old, size_t old_size,
                                                                size_t alignment, size_t size) {
  (void)old_size;
  if (size == 0) return (void*)alignment;
  void* result = realloc(old, size);
  if (result == NULL) __builtin_trap();
  return result;
}

// Replaces the C library's start file (link with -nostartfiles): naming the constructors here keeps
// the linker from running constructors and destructors around every export. Destructors around
// cabi_realloc would flush stdio in the middle of a host call.
__attribute__((export_name("_start"))) void _start(void) {
  __wasm_call_ctors();
  int code = __main_void();
  __wasm_call_dtors();
  if (code != 0) __wasi_proc_exit((__wasi_exitcode_t)code);
}
