// Calls of WAMR's legacy module wasi_nn; see core_args.h.
#include "core_args.h"

namespace {

constexpr std::array kFunctions = {"load",      "load_by_name", "init_execution_context",
                                   "set_input", "compute",      "get_output"};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Never freed, so that its threads outlive every input.
  static auto* const target = new wasinn::fuzz::CoreTarget("wasi_nn", kFunctions);
  target->Run(data, size);
  return 0;
}
