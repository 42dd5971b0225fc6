// Paths inside an argument that has separators.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace wasinn::cli {

// The parts between separators; `limit` parts at most, the last one takes the rest. A part, or what
// follows one of ,=: in it, may stand in double quotes, inside of which nothing separates; "" is a
// quote there. Quotes elsewhere, or without an end, are letters as any other.
std::vector<std::string_view> SplitQuoted(std::string_view text, std::string_view separator,
                                          std::size_t limit = std::string_view::npos);

// The text inside of the quotes; a text that is not in quotes as it is.
std::string Unquoted(std::string_view text);

}  // namespace wasinn::cli
