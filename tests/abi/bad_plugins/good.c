/* Nothing is bad: shows that the others fail for their own reason. */
#include "base.h"

BASE_EXPORT("good", (void)0)
