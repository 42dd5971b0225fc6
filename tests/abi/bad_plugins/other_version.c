/* The table is of an ABI that is not there yet. */
#include "base.h"

BASE_EXPORT("other-version", table.abi_version = WASINN_BACKEND_ABI_VERSION + 1)
