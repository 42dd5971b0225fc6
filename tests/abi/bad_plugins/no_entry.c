/* Exports another symbol than the entry. */
#include <wasinn/backend.h>

WASINN_EXPORT const wasinn_backend* wasinn_backend_entry_v0(void);

const wasinn_backend* wasinn_backend_entry_v0(void) { return NULL; }
