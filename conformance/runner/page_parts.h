// The fixed parts of the HTML report: page.css and page.js, which the build embeds in a source
// file.
#pragma once

namespace wasinn::conformance {

extern const char kPageStyle[];
extern const char kPageScript[];

}  // namespace wasinn::conformance
