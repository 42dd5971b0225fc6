// The loop with which guests are compared: C++ on the ONNX Runtime C API.
#pragma once

#include <memory>

#include "task.h"

namespace wasinn::bench {

// The behaviour of a run's threads while they wait for work.
enum class Idle {
  kSleep,  // as in wasinn's backend
  kSpin,   // ONNX Runtime's default
};

// A round copies the input into tensors that were allocated once, computes, and copies the first
// output. For the echo task it consists of the two copies. `output_bytes` is set to the size of the
// first output.
std::unique_ptr<Loop> MakeNativeLoop(const Task& task, Idle idle, size_t* output_bytes);

}  // namespace wasinn::bench
