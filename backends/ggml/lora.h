// Adapters (LoRA): small changes to a model, which the host registers by name.
#pragma once

#include <llama.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace wasinn::ggml {

struct FreeAdapter {
  void operator()(llama_adapter_lora* adapter) const { llama_adapter_lora_free(adapter); }
};
// By name. They must be freed before the model.
using Adapters = std::map<std::string, std::unique_ptr<llama_adapter_lora, FreeAdapter>>;

// An adapter that a context uses; the graph owns the pointer.
struct Adapter {
  llama_adapter_lora* adapter;
  float scale;
};

// The adapters in `wanted`; throws Failure for a name that the host has not registered.
std::vector<Adapter> ChooseAdapters(const Adapters& adapters,
                                    const std::map<std::string, double>& wanted);
// A key that is equal exactly for equal choices of adapters.
std::string AdapterKey(const std::map<std::string, double>& wanted);

// The context uses these from its next decode on. Throws Failure.
void UseAdapters(llama_context& context, const std::vector<Adapter>& adapters);

}  // namespace wasinn::ggml
