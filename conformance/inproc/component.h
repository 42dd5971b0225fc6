// Calls of a component's guest, natively: arguments are lifted to wasinn_val, the row of the core's
// import table is called, and its result is lowered to what the canonical ABI would leave with the
// guest. A handle is the representation itself: there is no engine that keeps a table of them.
#pragma once

#include <wasi_nn_component.h>

#include <span>
#include <string_view>

#include "host.h"

namespace wasinn::conformance {

// "wasi:nn/graph@0.2.0-rc-2024-10-28" of the guest that runs on this thread.
std::string Interface(std::string_view name);

wasinn_val Word(uint32_t word);
wasinn_val Text(const char* text, uint32_t size);
wasinn_val List(const void* data, size_t bytes);

// The result is valid until the next call; a trap ends the process. With Flip::kCarryOn a refusal
// comes out as success.
wasinn_val CallComponent(const std::string& interface, std::string_view name,
                         std::span<const wasinn_val> args);
// Ends a resource, as a component's own drop does.
void Drop(const std::string& interface, std::string_view resource, uint32_t handle);

// The guest's own copy of the bytes of a result, which is released.
nnc_list LowerBytes(const wasinn_val& result);
nnc_result LowerHandle(const wasinn_val& result);
nnc_outputs LowerOutputs(const wasinn_val& result);

// Named tensors, lifted; valid while the guest's list is.
std::vector<wasinn_val> LiftNamed(const nnc_named_tensor* inputs, uint32_t count);

}  // namespace wasinn::conformance
