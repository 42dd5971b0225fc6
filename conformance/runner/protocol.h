// The protocol of guests: key=value lines, then `done`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "toml.h"

namespace wasinn::conformance {

// One guest's lines.
struct Printed {
  std::string label;  // the number of a copy, "" for a lone guest
  TextPairs values;   // in the order printed
  bool done = false;
  TextPairs mistakes;  // a key, and that it was printed twice or after `done`

  // nullptr if the key was not printed.
  const std::string* Find(std::string_view key) const;
};

struct Output {
  std::vector<Printed> guests;
  std::string other;  // lines of no guest, as hosts print them
};

// `copies`: lines begin with "[i] ".
Output ParseOutput(std::string_view out, bool copies);

}  // namespace wasinn::conformance
