/* Included before some sources of llama.cpp, which write to stderr what belongs into the log that
 * its user has set. */
#pragma once

#include <cstdarg>
#include <cstdio>

#include "ggml.h"

static inline void wasinn_print_to_log(std::FILE* file, const char* format, ...) {
  char text[1024];
  std::va_list args;
  va_start(args, format);
  std::vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (file != stderr) {
    std::fputs(text, file);
    return;
  }
  ggml_log_callback log = nullptr;
  void* user = nullptr;
  ggml_log_get(&log, &user);
  if (log != nullptr) log(GGML_LOG_LEVEL_ERROR, text, user);
}

// After <cstdio>, which would take it back.
#define fprintf wasinn_print_to_log
