// Bounds on the schemas of tools, which llama.cpp turns into grammars.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace wasinn::ggml {

// Throws Failure when llama.cpp would take more than a bounded time, memory or stack for the
// schemas of these tools: it follows each $ref wherever it stands, and takes time by the square of
// an object's properties and by the lengths of the names on the way to it.
void CheckToolSchemas(const nlohmann::json& tools);

}  // namespace wasinn::ggml
