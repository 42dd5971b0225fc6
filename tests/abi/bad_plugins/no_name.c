/* The backend has no name. */
#include "base.h"

BASE_EXPORT(NULL, (void)0)
