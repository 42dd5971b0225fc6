// Reads and writes whole files, with errors for people.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <vector>

namespace wasinn::cli {

// Why a file could not be used: errno and "PATH: expected a file, given a folder".
struct FileError {
  int number = 0;
  std::string message;
};

// Regular files, pipes and devices are read to their end. Errors are a folder (EISDIR), a socket
// (ENXIO), and more than `max` bytes, or more than 4 GiB if it is not a regular file (EFBIG).
std::expected<std::vector<std::byte>, FileError> ReadFile(const std::string& path,
                                                          std::size_t max = SIZE_MAX);

// The name of standard input on the command line, in place of a file.
inline constexpr char kStdin[] = "-";

// As ReadFile, and "-" is standard input.
std::expected<std::vector<std::byte>, FileError> ReadFileOrStdin(const std::string& path);
// `path` for people.
std::string FileTitle(const std::string& path);

// Creates or replaces the file.
std::expected<void, FileError> WriteFile(const std::string& path, std::span<const std::byte> data);

}  // namespace wasinn::cli
