// What is known of the backend without llama.cpp: the plug-in says it before it has chosen a build.
#pragma once

#include <wasinn/backend.h>

namespace wasinn::ggml {

// A table with the backend's name, options and devices, and with how it knows its files; the slots
// of graphs and contexts are the caller's. `version` is llama.cpp's.
wasinn_backend BareTable(const char* version);

}  // namespace wasinn::ggml
