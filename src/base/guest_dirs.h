// The folders that a guest was given, and access to files in them by the guest's names.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/os.h"

namespace wasinn {

// A value; copies share the open folders. Any thread may read while no thread adds a folder.
class GuestDirs {
 public:
  // `guest`: the name under which the guest sees the folder `host`, as with preopens of WASI: "/a",
  // "a" and "./a" are the same; "/" and "." match all paths.
  Result<> Add(const std::string& host, std::string_view guest);
  // Reads a file of at most `max` bytes, from the folder whose name is the longest prefix of the
  // path. SECURITY for a path outside all folders.
  Result<std::string> ReadFile(std::string_view path, size_t max) const;

 private:
  struct Entry {
    std::string guest;
    std::shared_ptr<const os::Dir> dir;
  };
  std::vector<Entry> entries_;
};

}  // namespace wasinn
