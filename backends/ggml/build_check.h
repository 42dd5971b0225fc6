// Checks whether a build of the backend works on this processor. A child process tries the build
// before its first use; the result is kept for this processor and this file.
#pragma once

#include <string>

namespace wasinn::ggml {

enum class BuildState { kWorks, kFails, kUnknown };

struct BuildCheck {
  BuildState state = BuildState::kUnknown;
  std::string why;  // "" if it works
};

// Runs `program`, a wasinn-ggml-check. kUnknown if that cannot be run or prints no result. Does not
// touch the signals and the environment of this process; any thread.
BuildCheck TryBuild(const std::string& program, const std::string& build);

// The result stored in `folder`, otherwise the result of TryBuild, which is then stored unless it
// is kUnknown. A missing folder is created. A folder that other users can write to, or that this
// user cannot write to, is not used, and neither is "".
BuildCheck CheckBuild(const std::string& program, const std::string& build,
                      const std::string& folder);

// The folder for results: ${XDG_CACHE_HOME:-~/.cache}/wasinn/ggml, or "" without a home folder.
std::string CheckFolder();

}  // namespace wasinn::ggml
