// A text on the command line: literal, or in a file.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wasinn::cli {

// The FILE of "@FILE"; unset for a literal text, which may begin with @@.
std::optional<std::string> FileOfArgument(std::string_view argument);
// The literal text: if it begins with @@, without its first @.
std::string_view TextOfArgument(std::string_view argument);

// The content of the file that an argument names. The error names the file.
std::expected<std::vector<std::byte>, std::string> ReadArgumentFile(const std::string& path);

// The text of an argument; for "@FILE" the content of the file.
std::expected<std::string, std::string> ReadTextArgument(std::string_view argument);

}  // namespace wasinn::cli
