// The facts about the backend that need no llama.cpp: the plug-in reports them before it has chosen
// a build.
#pragma once

#include <wasinn/backend.h>

namespace wasinn::ggml {

// A table with the backend's name, options, devices and probe; the caller fills the slots of graphs
// and contexts. `version` is llama.cpp's.
wasinn_backend BareTable(const char* version);

}  // namespace wasinn::ggml
