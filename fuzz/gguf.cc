// GGUF headers of models and adapters: what the check takes, llama.cpp's own reader takes, too;
// neither goes past the end.
#include "ggml/gguf_check.h"

#include <ggml.h>
#include <gguf.h>

#include "input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using wasinn::fuzz::Require;
  const auto wrong = wasinn::ggml::CheckGguf({data, size});
  const auto wrong_adapter = wasinn::ggml::CheckAdapter({data, size}, "llama", 0);
  Require(!wrong || wrong->starts_with("expected "));
  Require(!wrong_adapter || wrong_adapter->starts_with("expected "));
  if (wrong && wrong_adapter) return 0;
  gguf_context* read = gguf_init_from_buffer(data, size, {true, nullptr});
  Require(read != nullptr);
  gguf_free(read);
  return 0;
}
