// Judges answers of an older run by the suite's rules of today.
#pragma once

#include "report.h"
#include "suite.h"

namespace wasinn::conformance {

// Gives each result of the report the kind that its recorded answers have by the rules of `suite`,
// and each deviation the reason that the suite's host file of that name has for it. What the rules
// ask and the run did not print keeps its kind and is marked as outdated. How a run ended, other
// than by its own end, does not depend on the rules.
Result<> Rejudge(const Suite& suite, bool exact, Report& report);

}  // namespace wasinn::conformance
