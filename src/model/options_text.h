// Options that guests give as JSON text.
#pragma once

#include <string_view>

#include "base/options.h"

namespace wasinn {

// Reads a JSON object; blank text means no options. Values other than strings stay JSON, including
// lists and objects: the option decides whether it accepts them. Errors begin with `what`:
// TOO_LARGE above 1 MiB, INVALID_ENCODING for text that is not a JSON object, INVALID_ARGUMENT for
// null.
Result<Options> ParseOptionsText(std::string_view what, std::string_view text);

}  // namespace wasinn
