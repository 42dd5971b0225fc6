// Guards every entry point of the C API: no exception leaves it, and errors become codes.
#pragma once

#include <wasinn/types.h>

#include <cstring>
#include <string>

#include "base/error.h"
#include "dialect/imports.h"

namespace wasinn {

// Runs `body`, which returns Result<>, and returns its code.
template <typename Body>
wasinn_code Guard(wasinn_error* error, Body&& body) noexcept {
  try {
    const Result<> result = body();
    return result ? WASINN_OK : ToC(result.error(), error);
  } catch (...) {
    return ToC(ErrorOfException(), error);
  }
}

// Text for wasinn_text_free.
inline char* NewText(const std::string& text) {
  char* copy = new char[text.size() + 1];
  std::memcpy(copy, text.c_str(), text.size() + 1);
  return copy;
}

// Runs `body`, which returns Result<std::string>, and returns new text or NULL.
template <typename Body>
char* GuardText(wasinn_error* error, Body&& body) noexcept {
  char* text = nullptr;
  Guard(error, [&]() -> Result<> {
    const Result<std::string> result = body();
    if (!result) return Fail(result.error());
    text = NewText(*result);
    return {};
  });
  return text;
}

// For struct_size: copies the fields that the caller's version of the struct has over the defaults.
template <typename T>
T CopyVersioned(const T* given, T defaults) {
  if (given == nullptr) return defaults;
  T copy = defaults;
  const size_t size = given->struct_size < sizeof(T) ? given->struct_size : sizeof(T);
  std::memcpy(static_cast<void*>(&copy), given, size);
  copy.struct_size = sizeof(T);
  return copy;
}

}  // namespace wasinn
