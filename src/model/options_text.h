// Options that guests give as JSON text.
#pragma once

#include <string_view>

#include "base/options.h"

namespace wasinn {

// Reads a JSON object whose values are text, numbers or booleans; blank text is none. Errors begin
// with `what`: TOO_LARGE above 1 MiB, INVALID_ENCODING for text that is no JSON object,
// INVALID_ARGUMENT for other values.
Result<Options> ParseOptionsText(std::string_view what, std::string_view text);

}  // namespace wasinn
