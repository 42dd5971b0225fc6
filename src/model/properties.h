// A graph's properties: names and texts that describe it, and the options of its contexts.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/graph.h"

namespace wasinn {

// backend.name, backend.version, encoding, target, input.count, input.N.name, .type, .dims and
// .optional, likewise output.count and output.N.*, but without .optional, metadata.KEY,
// option.NAME. The options are those that a guest may set for a context; `given` has the values
// that were set.

// The names, in the order above.
std::vector<std::string> PropertyNames(const Graph& graph, const Options& given);
// nullopt for a name that is not in PropertyNames.
std::optional<std::string> GetProperty(const Graph& graph, const Options& given,
                                       std::string_view name);
// Sets an option in `given`, which is unchanged on failure. INVALID_ARGUMENT for other properties,
// unknown names and values that do not fit; SECURITY for an option that only the host may give;
// TOO_LARGE if all values together would exceed 64 KiB.
Result<> SetProperty(const Graph& graph, Options& given, std::string_view name,
                     std::string_view value);

}  // namespace wasinn
