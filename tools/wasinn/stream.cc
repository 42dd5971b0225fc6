#include "stream.h"

#include "stop_signal.h"
#include "terminal.h"
#include "utf8.h"

namespace wasinn::cli {
namespace {

// How long a signal may go unnoticed while the model produces no output.
constexpr std::chrono::milliseconds kLook(20);

}  // namespace

StreamEnd Stream(Context& context, std::uint32_t index,
                 const std::function<void(std::string_view)>& take) {
  using Clock = std::chrono::steady_clock;
  const StopSignal stop;
  const auto start = Clock::now();
  const auto elapsed = [&] {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
  };
  StreamEnd end;
  const auto failed = [&](Error error) {
    end.error = std::move(error);
    end.total_ms = elapsed();
    return end;
  };
  // False after the error of a failed run.
  const auto read_all = [&] {
    for (;;) {
      const auto piece = context.Read(index);
      if (!piece) return false;
      if (piece->empty()) return true;
      if (!end.first_ms) end.first_ms = elapsed();
      take(*piece);
    }
  };
  if (auto started = context.Start(); !started) return failed(started.error());
  for (;;) {
    const auto state = context.Wait(kLook);
    // This also happens after an error: the pieces before it are useful.
    read_all();
    if (!state) return failed(state.error());
    if (*state == WASINN_RUN_DONE) break;
    if (StopSignal::received() == 0) continue;
    end.signal = StopSignal::received();
    if (auto ended = context.EndRun(); !ended) return failed(ended.error());
    read_all();
    break;
  }
  end.total_ms = elapsed();
  return end;
}

std::string TerminalText::Add(std::string_view piece) {
  rest_ += piece;
  std::size_t at = 0;
  while (at < rest_.size()) {
    const auto character = FirstCharacter(std::string_view(rest_).substr(at));
    if (character.kind == Utf8Character::Kind::kCut) break;
    at += character.length;
  }
  const std::string whole = Printable(std::string_view(rest_).substr(0, at), true);
  rest_.erase(0, at);
  return whole;
}

std::string TerminalText::Finish() {
  std::string text(rest_.empty() ? std::string_view() : kReplacement);
  rest_.clear();
  return text;
}

}  // namespace wasinn::cli
