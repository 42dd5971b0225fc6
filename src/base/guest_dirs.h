// Folders that a guest was given, and files in them by the guest's own names.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/os.h"

namespace wasinn {

// A value; copies share the open folders. Any thread may read while nobody adds.
class GuestDirs {
 public:
  // `guest`: the name under which the guest sees the folder `host`, as with preopens of WASI: "/a",
  // "a" and "./a" are the same, "/" and "." stand for all paths.
  Result<> Add(const std::string& host, std::string_view guest);
  // The bytes of a file of at most `most` bytes. The folder with the longest name that the path
  // begins with counts. SECURITY for a path outside of all of them.
  Result<std::string> ReadFile(std::string_view path, size_t most) const;

 private:
  struct Entry {
    std::string guest;
    std::shared_ptr<const os::Dir> dir;
  };
  std::vector<Entry> entries_;
};

}  // namespace wasinn
