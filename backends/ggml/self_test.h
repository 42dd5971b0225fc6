// Tests whether the part of ggml that was compiled for one processor computes correctly on this
// one.
#pragma once

#include <wasinn/backend.h>

#include <span>
#include <string>

// Each build exports this function for wasinn-ggml-check: it returns NULL if the build computes
// correctly, otherwise a text that says what differs. `at` is called with the name of each step. An
// instruction that this processor lacks ends the process, so only an expendable process may call
// this.
extern "C" WASINN_EXPORT const char* wasinn_ggml_self_test(void (*at)(const char* what));

namespace wasinn::ggml {

// Multiplies a small matrix of each type of weights, in every arrangement in which ggml may keep
// it, by few and by many columns, and compares the result with sums that use only the instructions
// of the simplest processor. Returns the first difference, or "".
std::string SelfTest(void (*at)(const char* what));

// The deviation of the values from the expected ones; "" if rounding explains it.
std::string Difference(std::span<const float> given, std::span<const double> expected);

}  // namespace wasinn::ggml
