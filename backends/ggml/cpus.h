// Which of the builds for several processors is this one's.
#pragma once

#include <expected>
#include <functional>
#include <string>
#include <string_view>

namespace wasinn::ggml {

// Whether this processor, and the operating system, have what one of the words in cpus.def means;
// false for other words.
bool ProcessorHas(std::string_view feature);

// The best processor of cpus.def among `built` (names with blanks between) whose features `has`
// knows; `forced`, unless empty, is taken instead. An error says what was expected.
std::expected<std::string, std::string> ChooseCpu(std::string_view built, std::string_view forced,
                                                  const std::function<bool(std::string_view)>& has);

}  // namespace wasinn::ggml
