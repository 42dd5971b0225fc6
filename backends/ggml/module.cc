// The symbols of a build of the ggml backend for one processor, ggml/NAME.so beside the plug-in.
#include "ggml/ggml_backend.h"
#include "ggml/self_test.h"

const wasinn_backend* wasinn_backend_entry_v1() { return GgmlBackend(); }

const char* wasinn_ggml_self_test(void (*at)(const char* what)) {
  static const std::string difference = wasinn::ggml::SelfTest(at);
  return difference.empty() ? nullptr : difference.c_str();
}
