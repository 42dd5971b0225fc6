// JSON schemas as grammars.
#pragma once

#include <string>

namespace wasinn::ggml {

// The grammar, as GBNF, of JSON texts that conform to the schema, a JSON text: of some of them, for
// a property that the schema does not name is only written where it says what such properties are,
// and numbers have at most 16 digits. Throws Failure, which names the keyword and its place, for a
// schema that no text conforms to, or that has a keyword with which the grammar could not promise
// that an answer conforms. Takes stack by the depth of the schema.
std::string GrammarOfSchema(const std::string& schema);

}  // namespace wasinn::ggml
