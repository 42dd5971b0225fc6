#include "ggml/lora.h"

#include <cstdio>

#include "ggml/runtime.h"

namespace wasinn::ggml {

std::vector<Adapter> ChooseAdapters(const Adapters& adapters,
                                    const std::map<std::string, double>& wanted) {
  std::vector<Adapter> chosen;
  for (const auto& [name, scale] : wanted) {
    const auto found = adapters.find(name);
    if (found == adapters.end()) {
      std::string known;
      for (const auto& [other, adapter] : adapters) known += (known.empty() ? "" : ", ") + other;
      throw Failure(WASINN_INVALID_ARGUMENT,
                    "ggml: option 'lora': expected adapters that the host registered with lora: (" +
                        (known.empty() ? "there are none" : known) + "), given '" + name + "'");
    }
    // A scale of zero has no effect.
    if (scale != 0) chosen.push_back({found->second.get(), static_cast<float>(scale)});
  }
  return chosen;
}

std::string AdapterKey(const std::map<std::string, double>& wanted) {
  std::string key;
  for (const auto& [name, scale] : wanted) {
    if (scale == 0) continue;
    char number[64];
    std::snprintf(number, sizeof number, "%zu:%a:", name.size(), scale);
    key += number + name;
  }
  return key;
}

void UseAdapters(llama_context& context, const std::vector<Adapter>& adapters) {
  if (adapters.empty()) return;
  std::vector<llama_adapter_lora*> pointers;
  std::vector<float> scales;
  for (const Adapter& one : adapters) {
    pointers.push_back(one.adapter);
    scales.push_back(one.scale);
  }
  const int32_t status =
      llama_set_adapters_lora(&context, pointers.data(), pointers.size(), scales.data());
  if (status != 0) {
    throw Failure(WASINN_RUNTIME_ERROR, "ggml: llama.cpp does not accept the adapters", status);
  }
}

}  // namespace wasinn::ggml
