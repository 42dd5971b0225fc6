// A run whose output is shown while it is made.
#pragma once

#include <wasinn/wasinn.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace wasinn::cli {

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
