// A model's inputs and outputs from the core's JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "listing.h"

namespace wasinn::cli {

struct Port {
  std::string name;
  wasinn_dtype dtype = WASINN_DTYPE_NONE;         // NONE: the model does not say
  std::optional<std::vector<std::int64_t>> dims;  // -1: any; unset: the model does not say
  bool optional = false;
  bool text = false;  // UTF-8 text as U8, whose dims are ignored
};

// The list under `key` ("inputs" or "outputs") of wasinn_engine_model_json.
std::vector<Port> PortsOf(const Json& model, const char* key);

// "name  f32  [1, ?]" rows for people.
Table PortTable(const std::vector<Port>& ports);

}  // namespace wasinn::cli
