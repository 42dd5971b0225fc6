// Writing to our standard streams without being held up by a reader that is not there.
#pragma once

#include <functional>
#include <mutex>
#include <string_view>

namespace wasinn::cli {

// Writes a message to stderr. One that nobody reads is given up after a second; from then on
// messages are written only where there is room, until one was.
void PrintError(std::string_view text);

// One of our streams, which several guests write to from threads of their own.
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

}  // namespace wasinn::cli
