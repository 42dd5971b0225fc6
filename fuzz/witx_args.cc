// Calls of wasi_ephemeral_nn; see core_args.h.
#include "core_args.h"

namespace {

constexpr std::array kFunctions = {"load",
                                   "load_by_name",
                                   "load_by_name_with_config",
                                   "init_execution_context",
                                   "set_input",
                                   "compute",
                                   "get_output",
                                   "compute_single",
                                   "get_output_single",
                                   "fini_single",
                                   "unload",
                                   "finalize_execution_context"};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Never freed, so that its threads outlive every input.
  static auto* const target = new wasinn::fuzz::CoreTarget("wasi_ephemeral_nn", kFunctions);
  target->Run(data, size);
  return 0;
}
