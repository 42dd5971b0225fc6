// Runs golden cases and compares the results with the file.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "golden/format.h"

namespace wasinn::golden {

struct Settings {
  // Where plug-ins are, for cases that require one.
  std::filesystem::path backend_path;
  // Folder that the paths of models are relative to.
  std::filesystem::path root = ".";
};

struct Report {
  size_t passed = 0;
  size_t skipped = 0;
  size_t failed = 0;
  // A line or more for each case that failed or was skipped: "12: case name: ...".
  std::vector<std::string> messages;
  // The file with its expectations as they came out; equal to the given text when all hold.
  std::string rebased;
};

// Runs every case of a file, in an engine and session of its own: once blocking and once with a
// waker, for each snapshot that the file names. A case that cannot run at all (a wrong name, a
// model that does not load) fails.
Report RunText(std::string_view text, const Settings& settings);

}  // namespace wasinn::golden
