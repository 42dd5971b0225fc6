// "Did you mean": the nearest valid word.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wasinn::cli {

// " (did you mean x?)" for the nearest of `words`, "" when none is near.
std::string Suggest(std::string_view given, const std::vector<std::string>& words);

}  // namespace wasinn::cli
