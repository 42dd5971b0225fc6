#include "files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace wasinn::cli {
namespace {

// The maximum bytes from a pipe or a device, which may have no end.
constexpr std::size_t kMaxUnsized = std::size_t{4} << 30;
// The same of a device alone, most of which have none.
constexpr std::size_t kMaxOfDevice = std::size_t{16} << 20;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

std::unexpected<FileError> Failed(const std::string& path, int number) {
  if (number == EISDIR) {
    return std::unexpected(
        FileError{number, fmt::format("{}: expected a file, given a folder", path)});
  }
  if (number == ENXIO) {
    return std::unexpected(FileError{
        number,
        fmt::format("{}: expected a file, given a socket or a device that is not there", path)});
  }
  if (number == ENOENT) {
    return std::unexpected(FileError{number, fmt::format("{}: there is no such file", path)});
  }
  return std::unexpected(FileError{number, fmt::format("{}: {}", path, std::strerror(number))});
}

std::unexpected<FileError> TooLong(const std::string& path, std::size_t limit) {
  return std::unexpected(
      FileError{EFBIG, fmt::format("{}: expected at most {} bytes, given more", path, limit)});
}

// Reads an open file to its end.
std::expected<std::vector<std::byte>, FileError> ReadAll(int file, const std::string& path,
                                                         std::size_t max) {
  struct stat info = {};
  if (fstat(file, &info) != 0) return Failed(path, errno);
  if (S_ISDIR(info.st_mode)) return Failed(path, EISDIR);
  const bool sized = S_ISREG(info.st_mode);
  const bool device = S_ISCHR(info.st_mode) && isatty(file) == 0;
  const std::size_t limit = sized ? max : std::min(max, device ? kMaxOfDevice : kMaxUnsized);
  if (sized && static_cast<std::size_t>(info.st_size) > limit) return TooLong(path, limit);
  // One byte more than the size, so that the end of a regular file is found without growing the
  // buffer.
  std::vector<std::byte> data(static_cast<std::size_t>(info.st_size) + 1);
  std::size_t size = 0;
  for (;;) {
    if (size == data.size()) data.resize(data.size() * 2);
    const auto count = read(file, data.data() + size, data.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Failed(path, errno);
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
    if (size > limit) return TooLong(path, limit);
  }
  data.resize(size);
  return data;
}

}  // namespace

std::expected<std::vector<std::byte>, FileError> ReadFile(const std::string& path,
                                                          std::size_t max) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return Failed(path, errno);
  return ReadAll(file.get(), path, max);
}

std::expected<std::vector<std::byte>, FileError> ReadFileOrStdin(const std::string& path) {
  return path == kStdin ? ReadAll(STDIN_FILENO, FileTitle(path), SIZE_MAX) : ReadFile(path);
}

std::string FileTitle(const std::string& path) { return path == kStdin ? "standard input" : path; }

std::expected<void, FileError> WriteFile(const std::string& path, std::span<const std::byte> data) {
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (file.get() < 0) return Failed(path, errno);
  while (!data.empty()) {
    const auto count = write(file.get(), data.data(), data.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Failed(path, errno);
    data = data.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

}  // namespace wasinn::cli
