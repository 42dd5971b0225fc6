// Ranges of numbers as grammars.
#pragma once

#include <cstdint>
#include <string>

namespace wasinn::ggml {

struct NumberRange {
  int64_t least = -999'999'999'999'999;
  int64_t most = 999'999'999'999'999;
  // These bounds themselves do not belong to it.
  bool least_open = false;
  bool most_open = false;
  bool whole = false;  // without a fraction
};

// GBNF for the range's numbers with at most 15 digits before the point and 6 behind; "" when there
// are none.
std::string GrammarOfRange(NumberRange range);

}  // namespace wasinn::ggml
