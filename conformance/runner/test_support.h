// For the runner's tests: misbehaving programs as shell scripts.
#pragma once

#include <filesystem>
#include <string>

#include "support/temp_dir.h"

namespace wasinn::conformance {

class Folder : public wasinn::testing::TempDir {
 public:
  std::string Script(const std::string& name, const std::string& body) const {
    const std::string file = Write(name, "#!/bin/sh\n" + body);
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    return file;
  }
};

}  // namespace wasinn::conformance
