// The symbol of the plug-in onnx.so.
#include "onnx/onnx.h"

const wasinn_backend* wasinn_backend_entry_v1() { return OnnxBackend(); }
