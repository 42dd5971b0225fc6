// Which of the builds for several processors is this one's.
#pragma once

#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace wasinn::ggml {

// Whether this processor, and the operating system, have what one of the words in cpus.def means;
// false for other words. For AMX the system is asked to let this process use it.
bool ProcessorHas(std::string_view feature);

// Which of `built` (names with blanks between) to try, the best first: those of cpus.def whose
// features `has` knows; before them those that are not of cpus.def, such as "native". `forced`,
// unless empty, is the only one instead. An error says what was expected.
std::expected<std::vector<std::string>, std::string> ChooseCpus(
    std::string_view built, std::string_view forced,
    const std::function<bool(std::string_view)>& has);

}  // namespace wasinn::ggml
