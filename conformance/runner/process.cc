#include "process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>

extern char** environ;

namespace wasinn::conformance {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// The interval for checking a program that neither prints nor ends.
constexpr milliseconds kLookEvery{50};
// The longest wait for a process outside the group that still holds the pipe.
constexpr milliseconds kDrainAtMost{500};

class Pipe {
 public:
  Pipe() {
    if (pipe(ends_) != 0) {
      ends_[0] = ends_[1] = -1;
      return;
    }
    for (const int fd : ends_) fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(ends_[0], F_SETFL, O_NONBLOCK);
  }
  ~Pipe() {
    CloseRead();
    CloseWrite();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  bool valid() const { return ends_[0] >= 0 || ends_[1] >= 0; }
  int read_end() const { return ends_[0]; }
  int write_end() const { return ends_[1]; }
  void CloseRead() { Close(ends_[0]); }
  void CloseWrite() { Close(ends_[1]); }

 private:
  static void Close(int& fd) {
    if (fd >= 0) close(fd);
    fd = -1;
  }
  int ends_[2] = {-1, -1};
};

// The first and the last part of a stream of any length.
class Kept {
 public:
  explicit Kept(std::size_t max) : half_(max / 2) {}
  void Add(std::string_view data) {
    total_ += data.size();
    if (head_.size() < half_) {
      const auto count = std::min(half_ - head_.size(), data.size());
      head_ += data.substr(0, count);
      data.remove_prefix(count);
    }
    tail_ += data;
    if (tail_.size() > 2 * half_) tail_.erase(0, tail_.size() - half_);
  }
  std::size_t total() const { return total_; }
  std::string Text() const {
    const std::string_view tail =
        std::string_view(tail_).substr(tail_.size() > half_ ? tail_.size() - half_ : 0);
    const bool gap = total_ > head_.size() + tail.size();
    return head_ + (gap ? "\n[...]\n" : "") + std::string(tail);
  }

 private:
  const std::size_t half_;
  std::size_t total_ = 0;
  std::string head_;
  std::string tail_;
};

// Reads the available bytes; false if the stream has ended.
bool ReadSome(Pipe& pipe, Kept& kept) {
  char buffer[1 << 16];
  const auto count = read(pipe.read_end(), buffer, sizeof(buffer));
  if (count > 0) {
    kept.Add({buffer, static_cast<std::size_t>(count)});
    return true;
  }
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  pipe.CloseRead();
  return false;
}

std::vector<std::string> Environment(const TextPairs& changes) {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (const auto at = text.find('='); at != std::string::npos) {
      variables[text.substr(0, at)] = text.substr(at + 1);
    }
  }
  for (const auto& [name, value] : changes) variables[name] = value;
  std::vector<std::string> list;
  for (const auto& [name, value] : variables) {
    list.push_back(name);
    list.back().append("=").append(value);
  }
  return list;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (auto& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Starts the program; returns an errno, or 0 if it runs.
int Spawn(const ProcessRequest& request, Pipe& out, Pipe& err, pid_t& pid) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out.write_end(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err.write_end(), STDERR_FILENO);
  if (!request.cwd.empty()) posix_spawn_file_actions_addchdir_np(&actions, request.cwd.c_str());
  sigset_t none;
  sigemptyset(&none);
  sigset_t usual;
  sigfillset(&usual);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &usual);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  auto words = request.command;
  auto variables = Environment(request.env);
  const int failed = posix_spawn(&pid, words.front().c_str(), &actions, &attributes,
                                 Pointers(words).data(), Pointers(variables).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return failed;
}

// Whether the process has ended; it stays a zombie, so that the number of its group is not reused.
bool HasEnded(pid_t pid) {
  siginfo_t info = {};
  return waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == pid;
}

class Watcher {
 public:
  Watcher(const ProcessRequest& request, pid_t pid, Pipe& out, Pipe& err, ProcessEnd& end)
      : request_(request), pid_(pid), out_(out), err_(err), end_(end) {}

  void Watch(const std::atomic<bool>& stop) {
    const auto start = Clock::now();
    const auto deadline = start + request_.time_limit;
    milliseconds pause{1};
    while (!HasEnded(pid_)) {
      const auto now = Clock::now();
      if (stop) {
        end_.stopped = true;
      } else if (now >= deadline) {
        end_.timed_out = true;
      } else if (kept_out_.total() > request_.max_output) {
        end_.flooded = true;
      }
      if (end_.stopped || end_.timed_out || end_.flooded) break;
      const auto left = std::chrono::duration_cast<milliseconds>(deadline - now) + milliseconds{1};
      // If both streams are closed, the process usually ends soon.
      if (Open() == 0) pause = std::min(pause * 2, kLookEvery);
      Read(std::min(left, Open() == 0 ? pause : kLookEvery));
    }
    kill(-pid_, SIGKILL);
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    Drain();
    end_.duration = std::chrono::duration_cast<milliseconds>(Clock::now() - start);
    if (WIFEXITED(status)) end_.exit_code = WEXITSTATUS(status);
    const bool killed_by_us = end_.stopped || end_.timed_out || end_.flooded;
    if (WIFSIGNALED(status) && !killed_by_us) end_.signal = WTERMSIG(status);
    end_.flooded = end_.flooded || kept_out_.total() > request_.max_output;
    end_.out = kept_out_.Text();
    end_.err = kept_err_.Text();
  }

 private:
  int Open() const { return (out_.read_end() >= 0 ? 1 : 0) + (err_.read_end() >= 0 ? 1 : 0); }

  void Read(milliseconds at_most) {
    pollfd fds[2] = {{out_.read_end(), POLLIN, 0}, {err_.read_end(), POLLIN, 0}};
    // A negative descriptor is left out.
    if (poll(fds, 2, static_cast<int>(at_most.count())) <= 0) return;
    if (fds[0].revents != 0) ReadSome(out_, kept_out_);
    if (fds[1].revents != 0) ReadSome(err_, kept_err_);
  }

  void Drain() {
    const auto until = Clock::now() + kDrainAtMost;
    while (Open() > 0 && Clock::now() < until && kept_out_.total() <= 2 * request_.max_output) {
      Read(kLookEvery);
    }
  }

  const ProcessRequest& request_;
  const pid_t pid_;
  Pipe& out_;
  Pipe& err_;
  ProcessEnd& end_;
  Kept kept_out_{2 * request_.max_output};
  Kept kept_err_{request_.max_output / 4};
};

}  // namespace

ProcessEnd RunProcess(const ProcessRequest& request, const std::atomic<bool>& stop) {
  // Between the creation of a pipe and the setting of its flag, no other thread may start a
  // program.
  static std::mutex spawn_mutex;
  ProcessEnd end;
  pid_t pid = -1;
  std::unique_lock lock(spawn_mutex);
  Pipe out;
  Pipe err;
  const int failed = out.valid() && err.valid() ? Spawn(request, out, err, pid) : errno;
  out.CloseWrite();
  err.CloseWrite();
  lock.unlock();
  if (failed != 0) {
    end.failure = std::strerror(failed);
    return end;
  }
  Watcher(request, pid, out, err, end).Watch(stop);
  return end;
}

std::string SignalName(int signal) {
  switch (signal) {
    case SIGSEGV:
      return "SIGSEGV";
    case SIGABRT:
      return "SIGABRT";
    case SIGBUS:
      return "SIGBUS";
    case SIGILL:
      return "SIGILL";
    case SIGFPE:
      return "SIGFPE";
    case SIGKILL:
      return "SIGKILL";
    case SIGTERM:
      return "SIGTERM";
    case SIGINT:
      return "SIGINT";
    case SIGTRAP:
      return "SIGTRAP";
    case SIGPIPE:
      return "SIGPIPE";
    default:
      return "signal " + std::to_string(signal);
  }
}

}  // namespace wasinn::conformance
