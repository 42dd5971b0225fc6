/* Says that it has more options than memory can hold. */
#include "base.h"

static const wasinn_option_spec kOption = {
    "speed", WASINN_OPTION_INT, WASINN_SCOPE_LOAD, "1", NULL, 0, 9, "", 0};

BASE_EXPORT("many-options", table.options = &kOption; table.option_count = SIZE_MAX)
