// Calls of a component's guest, natively: arguments are lifted to wasinn_val, the row of the core's
// import table is called, and its result is lowered as in the canonical ABI. A handle is the
// representation itself: there is no Wasm engine with a table of handles.
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

// The result is valid until the next call; a trap ends the process. With Flip::kIgnoreRefusal a
// refusal is returned as success.
wasinn_val CallComponent(const std::string& interface, std::string_view name,
                         std::span<const wasinn_val> args);
// Drops a resource, as a component does.
void Drop(const std::string& interface, std::string_view resource, uint32_t handle);

// Copies the bytes of a result to the guest and releases the result.
nnc_list LowerBytes(const wasinn_val& result);
nnc_result LowerHandle(const wasinn_val& result);
nnc_outputs LowerOutputs(const wasinn_val& result);

// Named tensors, lifted; valid while the guest's list is.
std::vector<wasinn_val> LiftNamed(const nnc_named_tensor* inputs, uint32_t count);

}  // namespace wasinn::conformance
