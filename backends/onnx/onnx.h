// The onnx backend: ONNX Runtime through its C API.
//
// Files: entry.cc the table and its options, runtime.cc what the process shares (environment,
// thread pool, log, error mapping), graph.cc loading and describing, session_options.cc what the
// load options do, context.cc running, types.cc element types, strings.cc string tensors,
// model_file.cc what ONNX Runtime does not tell about a model's bytes.
#pragma once

#include <wasinn/backend.h>

// The same table as the plug-in's wasinn_backend_entry_v1.
const wasinn_backend* OnnxBackend();
