// The symbol of the plug-in ggml.so.
#include "ggml/ggml_backend.h"

const wasinn_backend* wasinn_backend_entry_v1() { return GgmlBackend(); }
