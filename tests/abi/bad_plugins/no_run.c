/* The slot that every backend needs is empty. */
#include "base.h"

BASE_EXPORT("no-run", table.run = NULL)
