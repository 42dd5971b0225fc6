// File-type detection with the Magika model: everything but the call of the model. Shared by the
// core-module guest (C) and the component guest (C++).
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The model's input is i32 [1, MAGIKA_INPUT]: bytes of the beginning and of the end of a file.
enum { MAGIKA_INPUT = 2048 };

// Runs the model: `input` holds MAGIKA_INPUT values, `scores` takes `count` values.
// Returns false after it has printed why on stderr.
typedef int (*magika_model)(void* state, const int32_t* input, float* scores, size_t count);

// Prints a table with the type of each file named in the arguments. The labels come from the file
// in the environment variable MAGIKA_LABELS, else from /models/magika/labels.tsv.
// Returns the exit code: 0 when every file got its row.
int magika_main(int argc, char** argv, magika_model model, void* state);

#ifdef __cplusplus
}
#endif
