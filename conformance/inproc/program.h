// Starts guests for main.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "host.h"

namespace wasinn::conformance {

// The memory of one guest. It is reserved but not touched, and large enough for a model above 128
// MiB.
constexpr size_t kMaxMemory = size_t{512} << 20;
// The exit code of a trap, as that of `wasinn run`.
constexpr int kTrapExit = 134;

// A folder of this machine and the guest's name for it.
struct Folder {
  std::string host;
  std::string guest;
};
// For all guests, before any runs.
void SetFolders(std::vector<Folder> all);

// Runs `native` on this thread in `guest`, whose memory it may use; its exit code. Each line that
// it prints begins with `label`.
int RunGuest(const NativeGuest& native, inproc::Guest& guest, std::string label, int argc,
             char** argv);

// Makes the host give the wrong result that `group`'s cases must notice; false if there is no such
// group.
bool BreakGroup(std::string_view group);

}  // namespace wasinn::conformance
