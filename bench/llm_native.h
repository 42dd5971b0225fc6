// The same completion with llama.cpp's own API, in C++ and without a guest.
#pragma once

#include <cstdint>
#include <string>

namespace wasinn::bench {

struct NativeAnswer {
  uint64_t first_ns = 0;  // time to the first token
  uint64_t total_ns = 0;
  std::string text;
};

// Generates `tokens` tokens, always the likeliest, in a new context; the model is loaded once for
// each path. A failure ends the program.
NativeAnswer AnswerNatively(const std::string& path, const std::string& prompt, int32_t tokens,
                            int32_t threads);

}  // namespace wasinn::bench
