// Any bytes as a model for the echo backend, through the embedding API: the load succeeds or fails
// with a reason, and a loaded model can be described, have contexts and compute.
#include <cstring>
#include <memory>
#include <string>

#include "engine.h"
#include "input.h"

namespace wasinn::fuzz {
namespace {

struct SessionDeleter {
  void operator()(wasinn_session* session) const { wasinn_session_free(session); }
};

void Use(wasinn_session* session, uint32_t graph, std::span<const uint8_t> bytes) {
  uint32_t inputs = 0;
  uint32_t outputs = 0;
  Require(wasinn_session_ports(session, graph, &inputs, &outputs, nullptr) == WASINN_OK);
  Require(inputs <= 4096 && outputs <= inputs);
  uint32_t context = 0;
  if (wasinn_session_init_context(session, graph, nullptr, 0, &context, nullptr) != WASINN_OK)
    return;
  for (uint32_t i = 0; i < inputs; ++i) {
    const std::string name = std::to_string(i);
    const auto dim = static_cast<int64_t>(bytes.size());
    const wasinn_tensor_view tensor = {WASINN_DTYPE_U8, 1, &dim, bytes.data(), bytes.size()};
    (void)wasinn_session_set_input(session, context, {name.data(), name.size()}, &tensor, nullptr);
  }
  if (wasinn_session_compute(session, context, nullptr) != WASINN_OK) return;
  for (uint32_t i = 0; i < outputs; ++i) {
    wasinn_str name{};
    wasinn_tensor_view tensor{};
    Require(wasinn_session_output(session, context, i, &name, &tensor, nullptr) == WASINN_OK);
    Require(tensor.size == bytes.size() &&
            std::memcmp(tensor.data, bytes.data(), tensor.size) == 0);
  }
}

}  // namespace
}  // namespace wasinn::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace wasinn;
  using namespace wasinn::fuzz;
  static SharedEngine* const shared = new SharedEngine;
  wasinn_session* raw = nullptr;
  Require(wasinn_session_create(shared->engine(), shared->policy(), &raw, nullptr) == WASINN_OK);
  const std::unique_ptr<wasinn_session, SessionDeleter> session(raw);
  const wasinn_bytes part = {data, size};
  uint32_t graph = 0;
  wasinn_error error{};
  if (wasinn_session_load(raw, &part, 1, nullptr, WASINN_TARGET_CPU, &graph, &error) != WASINN_OK) {
    Require(error.message[0] != '\0');
    return 0;
  }
  Use(raw, graph, {data, std::min<size_t>(size, 16)});
  return 0;
}
