// Bounds on the schemas of tools, which llama.cpp turns into grammars.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace wasinn::ggml {

// Throws Failure if llama.cpp would need more than a bounded time, memory or stack for the schemas
// of these tools: it follows every $ref, and its time grows with the square of an object's
// properties and with the lengths of the names on the path to it.
void CheckToolSchemas(const nlohmann::json& tools);

}  // namespace wasinn::ggml
