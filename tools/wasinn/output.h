// Writes to the standard streams of wasinn's programs, and keeps track of failures.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <mutex>
#include <string_view>
#include <utility>

namespace wasinn::cli {

// Replaces closed standard streams by /dev/null, so that no file or pipe that is opened later gets
// their descriptors: stdin is then empty, and stdout and stderr refuse every write. To be called
// first in a program.
void HoldStandardStreams();

// These functions write at once, unbuffered, from any thread, and do not throw. Failures are
// recorded.
//
// stdout has the requested output. If the reader goes away, SIGPIPE ends the process, as with any
// other program; if that signal is ignored, the text is lost.
void WriteOut(std::string_view text);
// stderr has messages for people. Lost messages cannot be reported, so the program continues. A
// message that is not read within a second is dropped; from then on, messages are written only if
// there is room, until one succeeds.
void WriteError(std::string_view text);

// Records that a guest could not write to stdout; `number` is an errno, or 0 if it could.
void NoteOutFailure(int number);
// errno of the first failed write to the stream, 0 for none.
int OutFailure();
int ErrorFailure();

template <typename... Args>
void Print(fmt::format_string<Args...> format, Args&&... args) {
  WriteOut(fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void PrintError(fmt::format_string<Args...> format, Args&&... args) {
  WriteError(fmt::format(format, std::forward<Args>(args)...));
}

// stdout or stderr, shared by several guests in separate threads.
class SharedStream {
 public:
  explicit SharedStream(int fd) : fd_(fd) {}

  // Writes all of `text` without interruption by other writers. While it would block, it calls
  // `given_up` from time to time; once that returns true, the rest is dropped.
  void Write(std::string_view text, const std::function<bool()>& given_up);

 private:
  const int fd_;
  std::timed_mutex mutex_;
};

// The exit code of a program that would end with `code`: `lost` instead of 0 if some output to
// stdout was lost, which is then reported on stderr.
int EndOfOutput(const char* program, int code, int lost);

}  // namespace wasinn::cli
