// Regular expressions of JSON schemas as grammars.
#pragma once

#include <string>
#include <string_view>

namespace wasinn::ggml {

// GBNF for the contents of a JSON string in which the pattern, an ECMA-262 regular expression,
// finds a match. It may accept fewer strings than the pattern does: control characters are excluded
// unless they have a short escape. Throws std::invalid_argument, whose text continues after "a
// pattern", if the pattern is invalid, has no such grammar, or is too long or too deep.
std::string GrammarOfPattern(std::string_view pattern);

// A GBNF literal, with its quotes, for these bytes of UTF-8.
std::string Literal(std::string_view bytes);

}  // namespace wasinn::ggml
