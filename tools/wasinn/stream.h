// A run whose output is shown while it is made.
#pragma once

#include <wasinn/wasinn.hpp>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace wasinn::cli {

// While it lives, SIGINT and SIGTERM are only noted, and end WaitForInput; a second one ends the
// process as usual. One at a time in a process.
class SignalNote {
 public:
  SignalNote();
  ~SignalNote();
  SignalNote(const SignalNote&) = delete;
  SignalNote& operator=(const SignalNote&) = delete;

  // The signal that came, 0 for none.
  int received() const;
  // Waits until stdin can be read or is at its end; false once a signal came, also one from before
  // the wait.
  static bool WaitForInput();

 private:
  struct sigaction old_int_ = {};
  struct sigaction old_term_ = {};
};

// How a streamed run ended: well when there is neither a signal nor an error.
struct StreamEnd {
  int signal = 0;  // that stopped it
  std::optional<Error> error;
  std::optional<double> first_ms;  // until the first piece
  double total_ms = 0;
};

// Runs the context and hands each piece of output `index` to `take`, also those from before an
// error. SIGINT and SIGTERM stop the run, after which the context may be used again.
StreamEnd Stream(Context& context, std::uint32_t index,
                 const std::function<void(std::string_view)>& take);

// Turns pieces of a model's text, which may end inside a character, into what a terminal may get:
// whole characters, no control character but line breaks and tabs.
class TerminalText {
 public:
  // What can be shown now.
  std::string Add(std::string_view piece);
  // What was held back, at the end of the text.
  std::string Finish();

 private:
  std::string rest_;
};

}  // namespace wasinn::cli
