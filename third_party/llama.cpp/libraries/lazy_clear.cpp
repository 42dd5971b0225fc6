// Zeroes a key-value cache without touching it: its pages come as zeros when they are first used,
// so that a cache takes as much memory as the tokens in it, and none of the time that writing
// takes.
#include <ggml-backend.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>

// What llama-kv-cache.cpp calls instead of ggml_backend_buffer_clear.
extern "C" void wasinn_buffer_clear(ggml_backend_buffer_t buffer, uint8_t value) {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  auto* const base = static_cast<char*>(ggml_backend_buffer_get_base(buffer));
  const size_t size = ggml_backend_buffer_get_size(buffer);
  const auto begin = reinterpret_cast<uintptr_t>(base);
  const uintptr_t first = (begin + page - 1) / page * page;
  const uintptr_t last = (begin + size) / page * page;
  // Private memory of this process, which ggml's buffers of the processor are made of.
  if (value != 0 || first >= last || !ggml_backend_buffer_is_host(buffer) ||
      madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED) != 0) {
    ggml_backend_buffer_clear(buffer, value);
    return;
  }
  std::memset(base, 0, first - begin);
  std::memset(reinterpret_cast<char*>(last), 0, begin + size - last);
}
