// Judges the values of an older run by the suite's current rules.
#pragma once

#include "report.h"
#include "suite.h"

namespace wasinn::conformance {

// Sets the kind of each result in the report by its values and the rules of `suite`, and the reason
// of each deviation from the suite's host file of that name. A result that lacks values for the
// rules keeps its kind and is marked as outdated. If a run did not end by itself, its kind does not
// depend on the rules.
Result<> Rejudge(const Suite& suite, bool exact, Report& report);

}  // namespace wasinn::conformance
