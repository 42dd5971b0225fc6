// The ggml backend: language models on llama.cpp.
//
// Files: plugin.cc is the plug-in, which opens the best build for this processor (cpus.cc,
// build_check.cc and check_main.cc, self_test.cc). In a build, entry.cc has the table, options.def
// and options.cc the options, graph.cc loads, gguf_check.cc checks files first, context.cc has
// execution contexts, request.cc one run, prompt.cc tokenizes, sampler.cc samples, stop.cc finds
// stop texts, engine.cc has the thread of a graph, generator.cc and embedder.cc its work,
// runtime.cc the state that graphs share.
#pragma once

#include <wasinn/backend.h>

const wasinn_backend* GgmlBackend();
