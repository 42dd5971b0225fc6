// Whether a build of the backend works on this processor. A child process tries it before it is
// used here for the first time; what it found is remembered for this processor and this file.
#pragma once

#include <string>

namespace wasinn::ggml {

enum class BuildState { kWorks, kFails, kUnknown };

struct BuildCheck {
  BuildState state = BuildState::kUnknown;
  std::string why;  // "" if it works
};

// Asks `program`, a wasinn-ggml-check. kUnknown if that cannot be run or says nothing. Leaves the
// signals and the environment of this process alone; any thread.
BuildCheck TryBuild(const std::string& program, const std::string& build);

// What is remembered in `folder`, else what TryBuild finds, which is then remembered unless it is
// kUnknown. A folder that is missing is made; one that others may write to, or that this user may
// not, is as good as none, and so is "".
BuildCheck CheckBuild(const std::string& program, const std::string& build,
                      const std::string& folder);

// Where results are kept: ${XDG_CACHE_HOME:-~/.cache}/wasinn/ggml, "" without a home.
std::string CheckFolder();

}  // namespace wasinn::ggml
