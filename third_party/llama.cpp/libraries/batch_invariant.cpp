#include "batch_invariant.h"

#include "ggml-cpu-impl.h"
#include "ggml-cpu.h"
#include "llamafile/sgemm.h"

namespace {

thread_local bool wanted_here = false;

}  // namespace

void wasinn_batch_invariant(bool wanted) { wanted_here = wanted; }

// What ggml-cpu.cpp calls instead of ggml_graph_compute.
extern "C" enum ggml_status wasinn_graph_compute(struct ggml_cgraph* graph,
                                                 struct ggml_cplan* plan) {
  plan->use_ref = plan->use_ref || wanted_here;
  return ggml_graph_compute(graph, plan);
}

// What ggml-cpu.c calls instead of llamafile_sgemm, which ggml's own switch leaves on. False: the
// caller multiplies column by column.
extern "C" bool wasinn_sgemm(const struct ggml_compute_params* params, int64_t m, int64_t n,
                             int64_t k, const void* a, int64_t lda, const void* b, int64_t ldb,
                             void* c, int64_t ldc, int a_type, int b_type, int c_type) {
  if (params->use_ref) return false;
  return llamafile_sgemm(params, m, n, k, a, lda, b, ldb, c, ldc, a_type, b_type, c_type);
}
