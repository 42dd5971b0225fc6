// GUEST on the command line.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <vector>

#include "exit_code.h"

namespace wasinn::cli {

// The bytes of a guest's file, or of standard input for "-".
std::expected<std::vector<std::byte>, Failure> ReadGuest(const std::string& path);

}  // namespace wasinn::cli
