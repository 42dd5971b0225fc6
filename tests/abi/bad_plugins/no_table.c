/* The entry gives no table. */
#include <wasinn/backend.h>

const wasinn_backend* wasinn_backend_entry_v1(void) { return NULL; }
