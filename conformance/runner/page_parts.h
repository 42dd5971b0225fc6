// The fixed parts of the HTML report.
#pragma once

namespace wasinn::conformance {

extern const char kPageStyle[];
extern const char kPageScript[];

}  // namespace wasinn::conformance
