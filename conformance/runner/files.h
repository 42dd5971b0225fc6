// Reading and writing whole files, and where programs are.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "result.h"

namespace wasinn::conformance {

// A whole file of at most `most` bytes.
Result<std::string> ReadFile(const std::string& path, std::size_t most);

// Writes it beside its place and moves it there, so that no reader sees half of it.
Result<> WriteFile(const std::string& path, std::string_view content);

// The files of a folder that end so, sorted; an error when there is no such folder.
Result<std::vector<std::string>> ListFiles(const std::string& dir, std::string_view ending);

// A program by path, or by name in `first_dir` (may be empty) and then on PATH; "" when it is not
// there. The answer is absolute.
std::string FindProgram(const std::string& program, const std::string& first_dir);

// The file of the running program, as found by the system or from argv[0].
std::string OwnProgram(const char* argv0);

}  // namespace wasinn::conformance
