// Describes a guest, and says whether this build can run it.
#pragma once

#include <wasinn/adapter.h>

#include <string>

namespace wasinn {

// The JSON of wasinn_engine_inspect_json (fields: docs/cli.md).
std::string InspectJson(const wasinn_guest_info& info);

}  // namespace wasinn
