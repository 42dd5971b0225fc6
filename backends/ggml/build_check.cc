#include "ggml/build_check.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

namespace wasinn::ggml {
namespace {

constexpr size_t kMaxText = 64 << 10;
constexpr std::string_view kWorks = "works";
constexpr std::string_view kFails = "fails: ";

// A file descriptor that closes itself; -1 for none.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { Close(); }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;

  void Close() {
    if (number_ >= 0) close(std::exchange(number_, -1));
  }
  int get() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

 private:
  int number_;
};

// Reads once and appends; false at the end or on an error.
bool ReadSome(int file, std::string& text) {
  std::array<char, 4096> piece;
  ssize_t size = 0;
  do {
    size = read(file, piece.data(), piece.size());
  } while (size < 0 && errno == EINTR);
  if (size <= 0 || text.size() + size > kMaxText) return false;
  text.append(piece.data(), size);
  return true;
}

std::string ReadAll(int file) {
  std::string text;
  while (ReadSome(file, text)) {
  }
  return text;
}

BuildCheck Verdict(std::string_view line) {
  if (line == kWorks) return {BuildState::kWorks, ""};
  if (line.starts_with(kFails))
    return {BuildState::kFails, std::string(line.substr(kFails.size()))};
  return {BuildState::kUnknown, "the check of it ended without a verdict"};
}

BuildCheck NotRun(const std::string& what, int error) {
  return {BuildState::kUnknown, what + ": " + strerrordesc_np(error)};
}

// Starts the program with its standard output in `out`; it inherits nothing else from this process.
int Start(const std::string& program, const std::string& build, int out, pid_t* child) {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&files);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
  sigset_t signals;
  sigfillset(&signals);
  posix_spawnattr_setsigdefault(&attributes, &signals);
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes, &signals);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  const char* arguments[] = {program.c_str(), build.c_str(), nullptr};
  const int error = posix_spawn(child, program.c_str(), &files, &attributes,
                                const_cast<char* const*>(arguments), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  return error;
}

// The child's output until it ends. If this process was forked in between, other processes may
// still hold the write end of the pipe, and the host program may already have reaped the child.
std::string TextOf(pid_t child, int pipe) {
  const Descriptor process(static_cast<int>(syscall(SYS_pidfd_open, child, 0)));
  std::string text;
  for (;;) {
    std::array<pollfd, 2> wanted = {{{pipe, POLLIN, 0}, {process.get(), POLLIN, 0}}};
    if (poll(wanted.data(), wanted.size(), -1) < 0) {
      if (errno == EINTR) continue;
      break;
    }
    if (wanted[0].revents != 0) {
      if (!ReadSome(pipe, text)) break;
    } else if (wanted[1].revents != 0) {
      break;
    }
  }
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return text;
}

// The processor, from the first core in /proc/cpuinfo, and the kernel, which allows or forbids some
// of its instructions; "" if they are unknown.
std::string Processor() {
  const Descriptor file(open("/proc/cpuinfo", O_RDONLY | O_CLOEXEC));
  std::string info;
  while (file && info.find("\n\n") == std::string::npos && ReadSome(file.get(), info)) {
  }
  constexpr auto kKeys = std::to_array<std::string_view>(
      {"vendor_id", "cpu family", "model", "model name", "stepping", "microcode", "flags"});
  std::string told;
  std::string_view rest = std::string_view(info).substr(0, info.find("\n\n"));
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const std::string_view key = line.substr(0, line.find_first_of("\t:"));
    if (std::ranges::find(kKeys, key) != kKeys.end()) told.append(line).append("\n");
  }
  utsname system{};
  if (told.empty() || uname(&system) != 0) return {};
  return told + "system\t: " + system.release + "\n";
}

// Everything that a result depends on; "" if a part of it is unknown.
std::string KeyOf(const std::string& build) {
  struct stat file{};
  const std::string processor = Processor();
  if (processor.empty() || stat(build.c_str(), &file) != 0) return {};
  const auto number = [](auto value) { return " " + std::to_string(value); };
  return processor + "build\t: " + build + number(file.st_size) + number(file.st_dev) +
         number(file.st_ino) + number(file.st_mtim.tv_sec) + number(file.st_mtim.tv_nsec) + "\n";
}

// Whether only this user or root can have written it.
bool IsOurs(int file, mode_t kind) {
  struct stat status{};
  return fstat(file, &status) == 0 && (status.st_mode & S_IFMT) == kind &&
         status.st_uid == geteuid() && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

void MakeFolders(const std::string& path) {
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    mkdir(path.substr(0, end).c_str(), 0700);
    if (end == std::string::npos) return;
  }
}

// Results in a folder, one file for each build.
class Results {
 public:
  Results(const std::string& folder, const std::string& build)
      : folder_(Open(folder)),
        name_(std::to_string(std::hash<std::string>()(build))),
        key_(folder_ ? KeyOf(build) : "") {}

  std::optional<BuildCheck> Get() const {
    if (key_.empty()) return std::nullopt;
    const Descriptor file(
        openat(folder_.get(), name_.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file || !IsOurs(file.get(), S_IFREG)) return std::nullopt;
    const std::string text = ReadAll(file.get());
    if (!text.starts_with(key_) || !text.ends_with("\n")) return std::nullopt;
    BuildCheck found =
        Verdict(std::string_view(text).substr(key_.size(), text.size() - key_.size() - 1));
    if (found.state == BuildState::kUnknown) return std::nullopt;
    return found;
  }

  // A result that cannot be stored is determined again next time.
  void Put(const BuildCheck& check) const {
    if (key_.empty() || check.state == BuildState::kUnknown) return;
    const std::string text = key_ +
                             (check.state == BuildState::kWorks ? std::string(kWorks)
                                                                : std::string(kFails) + check.why) +
                             "\n";
    // Exceeding the limit of file sizes would end this process.
    rlimit longest{};
    if (getrlimit(RLIMIT_FSIZE, &longest) != 0 || longest.rlim_cur < text.size()) return;
    const std::string scratch = name_ + "." + std::to_string(getpid());
    Descriptor file(openat(folder_.get(), scratch.c_str(),
                           O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) return;
    const bool whole =
        write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
    file.Close();
    if (!whole || renameat(folder_.get(), scratch.c_str(), folder_.get(), name_.c_str()) != 0) {
      unlinkat(folder_.get(), scratch.c_str(), 0);
    }
  }

 private:
  static Descriptor Open(const std::string& folder) {
    if (folder.empty()) return Descriptor(-1);
    MakeFolders(folder);
    Descriptor opened(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (opened && !IsOurs(opened.get(), S_IFDIR)) opened.Close();
    return opened;
  }

  const Descriptor folder_;
  const std::string name_;
  const std::string key_;
};

}  // namespace

BuildCheck TryBuild(const std::string& program, const std::string& build) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return NotRun("a pipe", errno);
  const Descriptor out(ends[0]);
  Descriptor in(ends[1]);
  pid_t child = 0;
  const int error = Start(program, build, in.get(), &child);
  in.Close();
  if (error != 0) return NotRun(program, error);
  const std::string text = TextOf(child, out.get());
  return Verdict(std::string_view(text).substr(0, text.find('\n')));
}

BuildCheck CheckBuild(const std::string& program, const std::string& build,
                      const std::string& folder) {
  const Results results(folder, build);
  if (const auto known = results.Get()) return *known;
  BuildCheck found = TryBuild(program, build);
  results.Put(found);
  return found;
}

std::string CheckFolder() {
  const auto folder = [](const char* name) {
    const char* path = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
    return path != nullptr && path[0] == '/' ? std::string(path) : std::string();
  };
  if (const std::string cache = folder("XDG_CACHE_HOME"); !cache.empty())
    return cache + "/wasinn/ggml";
  const std::string home = folder("HOME");
  return home.empty() ? home : home + "/.cache/wasinn/ggml";
}

}  // namespace wasinn::ggml
