// Whether passes over a model compute each token in the same way, whatever else is in the pass.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

// For the graphs that this thread computes from now on. ggml chooses faster ways to multiply and to
// attend by how many tokens there are, and they round differently; then it does not. Weights that
// were packed anew when they were loaded (llama_model_params.use_extra_bufts) are not covered.
void wasinn_batch_invariant(bool wanted);

#ifdef __cplusplus
}
#endif
