// For the runner's tests: folders that go away, and misbehaving programs as shell scripts.
#pragma once

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace wasinn::conformance {

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "wasinn-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~Folder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::string& path() const { return path_; }

  std::string Write(const std::string& name, const std::string& content) const {
    const std::string file = path_ + "/" + name;
    std::filesystem::create_directories(std::filesystem::path(file).parent_path());
    std::ofstream(file) << content;
    return file;
  }
  std::string Script(const std::string& name, const std::string& body) const {
    const std::string file = Write(name, "#!/bin/sh\n" + body);
    chmod(file.c_str(), 0755);
    return file;
  }

 private:
  std::string path_;
};

}  // namespace wasinn::conformance
