/* The symbol of the plug-in echo.so. It is not part of the library that is linked in, since only
 * one backend of a program could export it. */
#include "echo.h"

const wasinn_backend* wasinn_backend_entry_v1(void) { return wasinn_backend_echo_entry(); }
