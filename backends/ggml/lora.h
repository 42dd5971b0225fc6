// Adapters (LoRA): small changes of a model that the host registered, by name.
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
// By name. Must be freed before the model.
using Adapters = std::map<std::string, std::unique_ptr<llama_adapter_lora, FreeAdapter>>;

// One that a context uses; the pointer is the graph's.
struct Adapter {
  llama_adapter_lora* adapter;
  float scale;
};

// Those of `wanted`; throws Failure for a name that the host has not registered.
std::vector<Adapter> ChooseAdapters(const Adapters& adapters,
                                    const std::map<std::string, double>& wanted);
// The same for equal choices, and for no others.
std::string AdapterKey(const std::map<std::string, double>& wanted);

// The context uses these from its next pass on. Throws Failure.
void UseAdapters(llama_context& context, const std::vector<Adapter>& adapters);

}  // namespace wasinn::ggml
