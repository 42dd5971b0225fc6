// Streams the output of a run.
#pragma once

#include <wasinn/wasinn.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace wasinn::cli {

// The end of a streamed run: it succeeded if there is neither a signal nor an error.
struct StreamEnd {
  int signal = 0;  // the signal that stopped it
  std::optional<Error> error;
  std::optional<double> first_ms;  // the time until the first piece
  double total_ms = 0;
};

// Computes with the context and passes each piece of output `index` to `take`, including the pieces
// before an error. SIGINT and SIGTERM stop the run; the context can be used again afterwards.
StreamEnd Stream(Context& context, std::uint32_t index,
                 const std::function<void(std::string_view)>& take);

// Makes pieces of a model's text, which may end inside a character, safe for a terminal: whole
// characters, and no control characters except line breaks and tabs.
class TerminalText {
 public:
  // The text that can be shown now.
  std::string Add(std::string_view piece);
  // The text that was held back, at the end.
  std::string Finish();

 private:
  std::string rest_;
};

}  // namespace wasinn::cli
