// The engine, models and policy of the targets that make guest calls.
#pragma once

#include <wasinn/wasinn.h>

#include <string_view>

#include "input.h"

namespace wasinn::fuzz {

// One for the whole run of the target; never freed, so that its threads outlive every input.
class SharedEngine {
 public:
  SharedEngine() {
    wasinn_engine_options options = WASINN_ENGINE_OPTIONS_INIT;
    options.threads = 1;
    options.memory_budget = 1;  // models brought as bytes do not pile up
    Require(wasinn_engine_create(&options, &engine_, nullptr) == WASINN_OK);
    Require(wasinn_policy_create(&policy_, nullptr) == WASINN_OK);
    // Inputs may ask the echo backend to be slow.
    Set("compute_timeout", "10ms");
    Set("max_contexts", "8");
    Set("max_graphs", "8");
    Set("max_tensors", "16");
    Set("max_errors", "32");
  }

  void AddBackend(const wasinn_backend* backend) {
    Require(wasinn_engine_add_backend(engine_, backend, nullptr) == WASINN_OK);
  }
  void AddModel(std::string_view name, std::string_view description, const char* backend = "echo") {
    wasinn_model_config config = WASINN_MODEL_CONFIG_INIT;
    config.name = {name.data(), name.size()};
    config.content = {description.data(), description.size()};
    config.backend = backend;
    Require(wasinn_engine_add_model_config(engine_, &config, nullptr) == WASINN_OK);
  }
  void Set(std::string_view rule, std::string_view value) {
    Require(wasinn_policy_set(policy_, {rule.data(), rule.size()}, {value.data(), value.size()},
                              nullptr) == WASINN_OK);
  }

  wasinn_engine* engine() { return engine_; }
  wasinn_policy* policy() { return policy_; }

 private:
  wasinn_engine* engine_ = nullptr;
  wasinn_policy* policy_ = nullptr;
};

}  // namespace wasinn::fuzz
