// Paths inside an argument that has separators.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace wasinn::cli {

// The parts between separators, at most `limit`, of which the last one takes the rest. A part, or
// its text after one of ,=: may be in double quotes, inside which nothing separates and "" is a
// quote. Quotes elsewhere, or without an end, are ordinary characters.
std::vector<std::string_view> SplitQuoted(std::string_view text, std::string_view separator,
                                          std::size_t limit = std::string_view::npos);

// The text inside the quotes; a text without quotes is returned unchanged.
std::string Unquoted(std::string_view text);

}  // namespace wasinn::cli
