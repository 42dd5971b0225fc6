#include "ggml/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "ggml/runtime.h"

namespace wasinn::ggml {
namespace {

Failure CannotOpen(const std::string& path, int error) {
  return Failure(error == ENOENT ? WASINN_NOT_FOUND : WASINN_RUNTIME_ERROR,
                 "ggml: expected a readable file, given " + path + ": " + std::strerror(error),
                 error);
}

Failure NoFile(const std::string& path, mode_t mode) {
  const char* what = S_ISDIR(mode)    ? "folder"
                     : S_ISFIFO(mode) ? "pipe"
                     : S_ISSOCK(mode) ? "socket"
                                      : "device";
  return Failure(WASINN_INVALID_ENCODING,
                 "ggml: expected a GGUF file, given " + path + ", a " + what);
}

}  // namespace

MappedFile::MappedFile(const std::string& path) {
  struct stat state{};
  if (stat(path.c_str(), &state) != 0) throw CannotOpen(path, errno);
  // The load must not wait for a pipe without a writer, or for a device.
  if (!S_ISREG(state.st_mode)) throw NoFile(path, state.st_mode);
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) throw CannotOpen(path, errno);
  int error = fstat(file, &state) == 0 ? 0 : errno;
  const bool regular = error == 0 && S_ISREG(state.st_mode);
  if (regular && state.st_size > 0) {
    size_ = static_cast<size_t>(state.st_size);
    data_ = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
    if (data_ == MAP_FAILED) error = errno;
  }
  close(file);
  if (error != 0) throw CannotOpen(path, error);
  if (!regular) throw NoFile(path, state.st_mode);
}

MappedFile::~MappedFile() {
  if (size_ > 0) munmap(data_, size_);
}

}  // namespace wasinn::ggml
