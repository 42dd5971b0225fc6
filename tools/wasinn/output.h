// The standard streams of our programs: what they write, and what becomes of it.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <mutex>
#include <string_view>
#include <utility>

namespace wasinn::cli {

// Opens /dev/null in the place of standard streams that are closed, so that no file or pipe that is
// opened later gets their numbers: stdin is then at its end, stdout and stderr refuse every write.
// Must come first in a program.
void HoldStandardStreams();

// These write at once, unbuffered, from any thread, and do not throw. What could not be written is
// remembered.
//
// stdout has what was asked for. A reader that went away ends the process by SIGPIPE, as with any
// other program; where that signal is ignored, the text is lost.
void WriteOut(std::string_view text);
// stderr has what people should know. That it is lost can be told to nobody, so the program goes
// on. A message that nobody reads is given up after a second; from then on messages are written
// only where there is room, until one was.
void WriteError(std::string_view text);

// Remembers that a guest could not write to stdout; `number` is an errno, 0 where it could.
void NoteOutFailure(int number);
// errno of the first write to the stream that failed, 0 for none.
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

// stdout or stderr, which several guests write to from threads of their own.
class SharedStream {
 public:
  explicit SharedStream(int fd) : fd_(fd) {}

  // Writes all of `text`, with nothing of others in between. While it would block, `given_up` is
  // asked from time to time; once it says yes the rest is dropped.
  void Write(std::string_view text, const std::function<bool()>& given_up);

 private:
  const int fd_;
  std::timed_mutex mutex_;
};

// The exit code of a program that would end with `code`: `lost` in place of 0 when some of stdout
// is lost, which is told on stderr.
int EndOfOutput(const char* program, int code, int lost);

}  // namespace wasinn::cli
