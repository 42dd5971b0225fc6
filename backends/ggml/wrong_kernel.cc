// A replacement for one of ggml's kernels in a test build of the backend, installed by the linker's
// --wrap: the product of rows of q5_1 is an instruction that no processor has, or 0.
#include <cstddef>

extern "C" void __wrap_ggml_vec_dot_q5_1_q8_1(int /*n*/, float* s, size_t /*bs*/,
                                              const void* /*vx*/, size_t /*bx*/, const void* /*vy*/,
                                              size_t /*by*/, int /*nrc*/) {
#ifdef WASINN_KERNEL_DIES
  asm volatile("ud2");
#endif
  *s = 0;
}
