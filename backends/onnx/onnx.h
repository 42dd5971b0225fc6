// The onnx backend: ONNX Runtime through its C API.
//
// Files: entry.cc has the table and its options, runtime.cc the state of the process (environment,
// thread pool, log, error mapping), graph.cc loads and describes, session_options.cc applies the
// load options, context.cc runs, types.cc has the element types, strings.cc string tensors,
// model_file.cc facts about a model's bytes that ONNX Runtime does not expose.
#pragma once

#include <wasinn/backend.h>

// The same table as the plug-in's wasinn_backend_entry_v1.
const wasinn_backend* OnnxBackend();
