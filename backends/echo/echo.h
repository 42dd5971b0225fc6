/* The echo backend returns its inputs as its outputs; options make it slow, make it fail, stream,
 * or ask for memory. It needs no framework, so the tests and the conformance suite use it, and a
 * new backend starts as a copy of it (docs/backends.md).
 *
 * A graph is any bytes (one unnamed input of any type and shape), or a description:
 *
 *   wasinn-echo                  the first line
 *   # a remark                   empty lines and remarks are skipped
 *   input x f32 -1,3             name, element type or "any", dims: numbers, -1 for any size,
 *   input s i64 scalar           "scalar" for rank 0, "*" (or nothing) for any rank
 *   input t u8 text              text, whose dims are ignored
 *   input y u8 * optional        an input that may be left out; such inputs come last
 *   output z f32 -1,3            output number N is input number N; fewer outputs are allowed
 *   output w f32 -1,3 shared     as above, in the memory of the input itself, not a copy
 *   option delay_ms 5            a default for an option of scope context
 *
 * Files: entry.c has the tables, graph.c loads and describes, context.c runs, private.h has the
 * shared declarations. */
#pragma once

#include <wasinn/backend.h>

#ifdef __cplusplus
extern "C" {
#endif

/* "echo", for linking in. A run that has to wait reports from its own thread. */
const wasinn_backend* wasinn_backend_echo_entry(void);

/* "echo-blocking": echo with WASINN_BACKEND_BLOCKING; `run` waits on the calling thread. */
const wasinn_backend* wasinn_backend_echo_blocking_entry(void);

/* "echo-generating": echo with WASINN_BACKEND_GENERATES, like a model that completes each text with
 * the same text. */
const wasinn_backend* wasinn_backend_echo_generating_entry(void);

#ifdef __cplusplus
}
#endif
