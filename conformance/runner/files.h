// Reads and writes whole files, and finds programs.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "result.h"

namespace wasinn::conformance {

// A whole file of at most `max` bytes.
Result<std::string> ReadFile(const std::string& path, std::size_t max);

// Writes a temporary file and renames it, so that no reader sees an incomplete file.
Result<> WriteFile(const std::string& path, std::string_view content);

// The files of a folder with that extension, sorted; an error if there is no such folder.
Result<std::vector<std::string>> ListFiles(const std::string& dir, std::string_view ending);

// A program by path, or by name in `first_dir` (may be empty) and then on PATH; "" if it is not
// found. The result is absolute.
std::string FindProgram(const std::string& program, const std::string& first_dir);

// The file of the running program, as found by the system or from argv[0].
std::string OwnProgram(const char* argv0);

}  // namespace wasinn::conformance
