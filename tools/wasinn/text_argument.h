// A text on the command line: itself, or a file that has it.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wasinn::cli {

// What stands in "@FILE"; unset for a text, which may begin with @@.
std::optional<std::string> FileOfArgument(std::string_view argument);
// The text that is meant where no file is: one that begins with @@ without its first @.
std::string_view TextOfArgument(std::string_view argument);

// What is in the file that an argument names. The error names it.
std::expected<std::vector<std::byte>, std::string> ReadArgumentFile(const std::string& path);

// The text of an argument, of "@FILE" the file's.
std::expected<std::string, std::string> ReadTextArgument(std::string_view argument);

}  // namespace wasinn::cli
