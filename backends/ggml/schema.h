// JSON schemas as grammars.
#pragma once

#include <string>

namespace wasinn::ggml {

// The grammar, as GBNF, of JSON texts that conform to the schema, which is a JSON text. It may
// exclude some conforming texts: properties that the schema does not name are allowed only if the
// schema describes them, and numbers have at most 16 digits. Throws Failure, which names the
// keyword and its place, for a schema that no text conforms to, or that has a keyword for which the
// grammar cannot guarantee that a completion conforms. Needs stack in proportion to the depth of
// the schema.
std::string GrammarOfSchema(const std::string& schema);

}  // namespace wasinn::ggml
