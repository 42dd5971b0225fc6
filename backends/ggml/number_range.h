// Ranges of numbers as grammars.
#pragma once

#include <cstdint>
#include <string>

namespace wasinn::ggml {

struct NumberRange {
  int64_t min = -999'999'999'999'999;
  int64_t max = 999'999'999'999'999;
  // Whether the bound itself is excluded.
  bool min_open = false;
  bool max_open = false;
  bool whole = false;  // without a fraction
};

// GBNF for the range's numbers with at most 15 digits before the point and 6 after it; "" if there
// are none.
std::string GrammarOfRange(NumberRange range);

}  // namespace wasinn::ggml
