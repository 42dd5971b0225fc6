// The ggml backend: language models on llama.cpp.
//
// Files: plugin.cc the plug-in, which opens the best build for this processor (cpus.cc,
// build_check.cc and check_main.cc, self_test.cc); of a build: entry.cc the table, options.def and
// options.cc what can be set, graph.cc loading, gguf_check.cc what is looked at before, context.cc
// sessions, request.cc one run, prompt.cc text to tokens, sampler.cc the choice of tokens, stop.cc
// texts that end answers, engine.cc the thread of a graph, generator.cc and embedder.cc what it
// does, runtime.cc what graphs share.
#pragma once

#include <wasinn/backend.h>

const wasinn_backend* GgmlBackend();
