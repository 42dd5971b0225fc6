// Regular expressions of JSON schemas as grammars.
#pragma once

#include <string>
#include <string_view>

namespace wasinn::ggml {

// What stands between the quotes of a JSON string in which the pattern, an ECMA-262 regular
// expression, finds something, as GBNF. It may take fewer strings than the pattern does: no control
// characters but those with a short escape. Throws std::invalid_argument, whose text goes on behind
// "a pattern", for one that is none, has no such grammar, or is too long or too deep.
std::string GrammarOfPattern(std::string_view pattern);

// A text that GBNF takes for these bytes of UTF-8, with its quotes.
std::string Literal(std::string_view bytes);

}  // namespace wasinn::ggml
