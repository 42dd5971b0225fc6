// Chooses among the builds for several processors.
#pragma once

#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace wasinn::ggml {

// Whether this processor and the operating system have the feature that a word in cpus.def names;
// false for other words. For AMX this asks the system to let this process use it.
bool ProcessorHas(std::string_view feature);

// The builds in `built` (names separated by blanks) to try, the best first: the ones that are not
// in cpus.def, like "native", and then those in cpus.def whose features `has` confirms. If `forced`
// is not empty, it is the only one. An error says what was expected.
std::expected<std::vector<std::string>, std::string> ChooseCpus(
    std::string_view built, std::string_view forced,
    const std::function<bool(std::string_view)>& has);

}  // namespace wasinn::ggml
