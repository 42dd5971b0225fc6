// The loop that guests are compared with: C++ on the ONNX Runtime C API.
#pragma once

#include <memory>

#include "task.h"

namespace wasinn::bench {

// What the threads of a run do between two pieces of work.
enum class Idle {
  kSleep,  // as wasinn's backend has it
  kSpin,   // ONNX Runtime's default
};

// A round copies the input into tensors that were made once, runs, and copies the first output out.
// For the echo task it is the two copies. `output_bytes` is set to the size of the first output.
std::unique_ptr<Loop> MakeNativeLoop(const Task& task, Idle idle, size_t* output_bytes);

}  // namespace wasinn::bench
