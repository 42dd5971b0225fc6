/* The table says that it ends before the slots. */
#include "base.h"

BASE_EXPORT("short-table", table.struct_size = offsetof(wasinn_backend, open))
