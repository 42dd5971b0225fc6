#include <dlfcn.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <utility>

#include "base/os.h"
#include "base/text.h"

namespace wasinn::os {
namespace fs = std::filesystem;
namespace {

// The folders of this process's cgroup that may limit `controller`, from its own folder up to the
// root: of version 2, which has one tree for all controllers, and of version 1, which has one tree
// for each.
std::vector<std::string> CgroupFolders(std::string_view controller) {
  const fs::path top = "/sys/fs/cgroup";
  std::vector<std::string> folders;
  std::ifstream file("/proc/self/cgroup");
  std::string line;  // number:controllers:path
  while (std::getline(file, line)) {
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string_view names = std::string_view(line).substr(first + 1, second - first - 1);
    const auto split = Split(names, ',');
    fs::path root = top;
    if (std::ranges::find(split, controller) != split.end()) {
      root /= controller;
    } else if (!names.empty()) {
      continue;
    }
    fs::path path = root / fs::path(line.substr(second + 1)).relative_path();
    for (; path != root && path.has_parent_path(); path = path.parent_path()) {
      folders.push_back(path.string());
    }
    folders.push_back(root.string());
  }
  return folders;
}

Error FileError(std::string_view path, int number) {
  Code code = Code::kRuntimeError;
  if (number == ENOENT || number == ENOTDIR) code = Code::kNotFound;
  if (number == EMFILE || number == ENFILE) code = Code::kBusy;
  return {code, fmt::format("cannot open {}: {}", path, std::strerror(number)), number};
}

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.Release()) {}
  ~Fd() {
    if (fd_ >= 0) close(fd_);
  }
  Fd& operator=(Fd&&) = delete;
  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

FileKind KindOf(const struct stat& info) {
  if (S_ISREG(info.st_mode)) return FileKind::kFile;
  if (S_ISDIR(info.st_mode)) return FileKind::kFolder;
  if (S_ISFIFO(info.st_mode)) return FileKind::kPipe;
  return S_ISSOCK(info.st_mode) ? FileKind::kSocket : FileKind::kDevice;
}

int64_t TimeOf(const struct stat& info) {
  return info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec;
}

Error NoFile(std::string_view path, FileKind kind) {
  return {Code::kInvalidArgument,
          fmt::format("{}: expected a file, given a {}", path, FileKindName(kind))};
}

// Fails if the file is not a regular file; `path` names it.
Result<size_t> SizeOfRegular(const Fd& fd, std::string_view path) {
  struct stat info{};
  if (fstat(fd.get(), &info) != 0) return Fail(FileError(path, errno));
  if (!S_ISREG(info.st_mode)) return Fail(NoFile(path, KindOf(info)));
  return static_cast<size_t>(info.st_size);
}

Result<Fd> OpenRegular(const std::string& path) {
  // Opening some devices has effects, and sockets cannot be opened.
  struct stat info{};
  if (stat(path.c_str(), &info) != 0) return Fail(FileError(path, errno));
  if (!S_ISREG(info.st_mode)) return Fail(NoFile(path, KindOf(info)));
  // The file may have become a pipe without a writer, for which this must not wait.
  Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (fd.get() < 0) return Fail(FileError(path, errno));
  return fd;
}

// Up to `size` bytes; `path` names the file in errors.
Result<std::vector<uint8_t>> ReadUpTo(const Fd& fd, size_t size, std::string_view path) {
  std::vector<uint8_t> head;
  while (head.size() < size) {
    const size_t filled = head.size();
    head.resize(std::min(size, filled + (size_t{1} << 20)));
    const ssize_t got = read(fd.get(), head.data() + filled, head.size() - filled);
    head.resize(filled + static_cast<size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Fail(FileError(path, errno));
    if (got == 0) break;
  }
  return head;
}

// All bytes, but at most `max`.
Result<std::string> ReadWhole(const Fd& fd, size_t max, std::string_view path) {
  WASINN_TRY(bytes, ReadUpTo(fd, max == SIZE_MAX ? max : max + 1, path));
  if (bytes.size() > max) {
    return Fail(Code::kTooLarge, "{}: expected at most {} bytes, given more", path, max);
  }
  return std::string(bytes.begin(), bytes.end());
}

}  // namespace

uint32_t UsableCores() {
  uint32_t cores = 1;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0) {
    cores = static_cast<uint32_t>(std::max(1, CPU_COUNT(&set)));
  } else {
    cores = static_cast<uint32_t>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
  }
  for (const std::string& folder : CgroupFolders("cpu")) {
    std::ifstream file(folder + "/cpu.max");
    std::string quota;
    double period = 0;
    if (file >> quota >> period && quota != "max" && period > 0) {
      const double limit = std::ceil(std::strtod(quota.c_str(), nullptr) / period);
      cores = std::min(cores, static_cast<uint32_t>(std::max(1.0, limit)));
    }
  }
  return cores;
}

uint64_t UsableMemory() {
  uint64_t memory = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * PageSize();
  for (const std::string& folder : CgroupFolders("memory")) {
    for (const char* name : {"/memory.max", "/memory.limit_in_bytes"}) {
      std::ifstream file(folder + name);
      std::string text;
      if (file >> text) {
        if (const auto limit = ParseUint(text)) memory = std::min(memory, *limit);
      }
    }
  }
  return memory;
}

uint64_t ResidentMemory() {
  std::ifstream file("/proc/self/statm");
  uint64_t total = 0;
  uint64_t resident = 0;
  file >> total >> resident;
  return resident * PageSize();
}

std::string_view FileKindName(FileKind kind) {
  switch (kind) {
    case FileKind::kNone:
      return "nothing";
    case FileKind::kFile:
      return "file";
    case FileKind::kFolder:
      return "folder";
    case FileKind::kPipe:
      return "pipe";
    case FileKind::kSocket:
      return "socket";
    case FileKind::kDevice:
      return "device";
  }
  return "special file";
}

FileState StatFile(const std::string& path) {
  struct stat info{};
  FileState state;
  if (stat(path.c_str(), &info) != 0) {
    state.error = errno;
    return state;
  }
  state.kind = KindOf(info);
  state.device = info.st_dev;
  state.inode = info.st_ino;
  state.mtime_ns = TimeOf(info);
  if (!state.is_dir()) {
    state.size = static_cast<uint64_t>(info.st_size);
    return state;
  }
  std::error_code error;
  auto entries =
      fs::recursive_directory_iterator(path, fs::directory_options::skip_permission_denied, error);
  for (; !error && entries != fs::recursive_directory_iterator(); entries.increment(error)) {
    if (entries.depth() >= 1) entries.disable_recursion_pending();
    struct stat entry{};
    if (stat(entries->path().c_str(), &entry) != 0) continue;
    if (S_ISREG(entry.st_mode)) state.size += static_cast<uint64_t>(entry.st_size);
    state.mtime_ns = std::max<int64_t>(state.mtime_ns, TimeOf(entry));
  }
  return state;
}

Error MissingFile(std::string_view path, const FileState& state) {
  return FileError(path, state.error);
}

Result<std::shared_ptr<File>> File::Open(const std::string& path) {
  WASINN_TRY(fd, OpenRegular(path));
  WASINN_TRY(size, SizeOfRegular(fd, path));
  return std::shared_ptr<File>(new File(fd.Release(), size, path));
}

File::~File() { close(fd_); }

Result<size_t> File::Read(uint64_t offset, std::span<uint8_t> to) const {
  size_t filled = 0;
  while (filled < to.size()) {
    const ssize_t got =
        pread(fd_, to.data() + filled, to.size() - filled, static_cast<off_t>(offset + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Fail(FileError(path_, errno));
    if (got == 0) break;
    filled += static_cast<size_t>(got);
  }
  return filled;
}

Result<std::shared_ptr<Dir>> Dir::Open(const std::string& path) {
  const int fd = open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Fail(FileError(path, errno));
  return std::shared_ptr<Dir>(new Dir(fd));
}

Dir::~Dir() { close(fd_); }

Result<std::string> Dir::ReadFile(const std::string& path, size_t max,
                                  std::string_view shown) const {
  open_how how{};
  // This must not wait for a pipe without a writer.
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  const Fd fd(static_cast<int>(syscall(SYS_openat2, fd_, path.c_str(), &how, sizeof how)));
  if (fd.get() < 0 && (errno == EXDEV || errno == ELOOP)) {
    return Fail(Code::kSecurity,
                "{}: expected a path in a folder of the guest, given one that "
                "leaves it",
                shown);
  }
  if (fd.get() < 0) return Fail(FileError(shown, errno));
  WASINN_CHECK(SizeOfRegular(fd, shown));
  return ReadWhole(fd, max, shown);
}

Result<std::vector<uint8_t>> ReadHead(const std::string& path, size_t size) {
  WASINN_TRY(fd, OpenRegular(path));
  WASINN_CHECK(SizeOfRegular(fd, path));
  return ReadUpTo(fd, size, path);
}

Result<std::string> ReadFile(const std::string& path, size_t max) {
  const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return Fail(FileError(path, errno));
  return ReadWhole(fd, max, path);
}

void* MapPages(size_t size) {
  void* data = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return data == MAP_FAILED ? nullptr : data;
}

void UnmapPages(void* data, size_t size) { munmap(data, size); }

size_t PageSize() {
  static const auto size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

std::chrono::steady_clock::time_point CoarseNow() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return std::chrono::steady_clock::time_point(std::chrono::seconds(now.tv_sec) +
                                               std::chrono::nanoseconds(now.tv_nsec));
}

Result<void*> OpenLibrary(const std::string& path) {
  // NODELETE: a plug-in's threads may still return through its code after the last call.
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) {
    const char* text = dlerror();
    return Fail(Code::kNotFound, "cannot load {}: {}", path, text == nullptr ? "" : text);
  }
  return library;
}

void* FindSymbol(void* library, const char* name) { return dlsym(library, name); }

void NameThread(const char* name) { pthread_setname_np(pthread_self(), name); }

}  // namespace wasinn::os
