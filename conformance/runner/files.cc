#include "files.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <sstream>

#include "tools/wasinn/files.h"

namespace wasinn::conformance {
namespace fs = std::filesystem;
namespace {

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Close>;

bool IsProgram(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && access(path.c_str(), X_OK) == 0;
}

}  // namespace

Result<std::string> ReadFile(const std::string& path, std::size_t max) {
  const auto data = cli::ReadFile(path, max);
  if (!data) return Fail("{}", data.error().message);
  return std::string(reinterpret_cast<const char*>(data->data()), data->size());
}

Result<> WriteFile(const std::string& path, std::string_view content) {
  // A device or pipe cannot be replaced by renaming.
  std::error_code error;
  const bool in_place = fs::exists(path, error) && !fs::is_regular_file(path, error);
  const std::string target = in_place ? path : path + ".part";
  {
    File file(std::fopen(target.c_str(), "wb"));
    if (!file) return Fail("{}: {}", path, std::strerror(errno));
    const bool written =
        std::fwrite(content.data(), 1, content.size(), file.get()) == content.size();
    if (!written || std::fflush(file.get()) != 0) {
      return Fail("{}: {}", path, std::strerror(errno));
    }
  }
  if (!in_place && std::rename(target.c_str(), path.c_str()) != 0) {
    return Fail("{}: {}", path, std::strerror(errno));
  }
  return {};
}

Result<std::vector<std::string>> ListFiles(const std::string& dir, std::string_view ending) {
  std::error_code error;
  std::vector<std::string> files;
  for (fs::directory_iterator entry(dir, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().string();
    if (name.ends_with(ending)) files.push_back(name);
  }
  if (error) return Fail("{}: {}", dir, error.message());
  std::ranges::sort(files);
  return files;
}

std::string FindProgram(const std::string& program, const std::string& first_dir) {
  std::error_code error;
  if (program.find('/') != std::string::npos) {
    return IsProgram(program) ? fs::absolute(program, error).lexically_normal().string() : "";
  }
  if (program.empty()) return {};
  if (!first_dir.empty() && IsProgram(fs::path(first_dir) / program)) {
    return fs::absolute(fs::path(first_dir) / program, error).lexically_normal().string();
  }
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    const fs::path file = fs::path(folder.empty() ? "." : folder) / program;
    if (IsProgram(file)) return fs::absolute(file, error).lexically_normal().string();
  }
  return {};
}

std::string OwnProgram(const char* argv0) {
  std::error_code error;
  const fs::path own = fs::read_symlink("/proc/self/exe", error);
  if (!error) return own.string();
  return FindProgram(argv0 == nullptr ? "" : argv0, "");
}

}  // namespace wasinn::conformance
