// Whether the part of ggml that was compiled for one processor computes on this one what it should.
#pragma once

#include <wasinn/backend.h>

#include <span>
#include <string>

// What each build exports for wasinn-ggml-check: NULL if it computes what it should, else what
// differs. `at` is called with what is tried next. An instruction that this processor has not ends
// the process, so only a process that may end calls it.
extern "C" WASINN_EXPORT const char* wasinn_ggml_self_test(void (*at)(const char* what));

namespace wasinn::ggml {

// Multiplies a small matrix of each type of weights, in every arrangement in which ggml may keep
// it, by few and by many columns; compares with sums that no instruction beyond the least
// processor's computes. Returns what differs first; "" if nothing does.
std::string SelfTest(void (*at)(const char* what));

// How far the values are from what was expected, "" if that is what rounding explains.
std::string Difference(std::span<const float> given, std::span<const double> expected);

}  // namespace wasinn::ggml
