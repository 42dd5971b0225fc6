// Options that guests give as JSON text.
#pragma once

#include <string_view>

#include "base/options.h"

namespace wasinn {

// Reads a JSON object; blank text is none. Values that are no text stay JSON, also lists and
// objects: their option tells whether it takes them. Errors begin with `what`: TOO_LARGE above 1
// MiB, INVALID_ENCODING for text that is no JSON object, INVALID_ARGUMENT for null.
Result<Options> ParseOptionsText(std::string_view what, std::string_view text);

}  // namespace wasinn
