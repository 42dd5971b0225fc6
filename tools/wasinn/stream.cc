#include "stream.h"

#include <algorithm>

#include "terminal.h"

namespace wasinn::cli {
namespace {

// How long a signal may go unnoticed while the model is silent.
constexpr std::chrono::milliseconds kLook(20);
constexpr std::string_view kReplacement = "\xef\xbf\xbd";

volatile std::sig_atomic_t noted = 0;

extern "C" void NoteSignal(int number) { noted = number; }

// Bytes of the character that begins with `lead`; 0 when none does.
std::size_t LengthOf(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

bool IsTrail(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; }

}  // namespace

SignalNote::SignalNote() {
  noted = 0;
  struct sigaction action = {};
  action.sa_handler = NoteSignal;
  // No SA_RESTART: reading a line must end.
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &old_int_);
  sigaction(SIGTERM, &action, &old_term_);
}

SignalNote::~SignalNote() {
  sigaction(SIGINT, &old_int_, nullptr);
  sigaction(SIGTERM, &old_term_, nullptr);
}

int SignalNote::received() const { return noted; }

StreamEnd Stream(Context& context, std::uint32_t index,
                 const std::function<void(std::string_view)>& take) {
  using Clock = std::chrono::steady_clock;
  const SignalNote note;
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
  // False at the error of a run that has failed.
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
    // After an error, too: what came before it is worth reading.
    read_all();
    if (!state) return failed(state.error());
    if (*state == WASINN_RUN_DONE) break;
    if (note.received() == 0) continue;
    end.signal = note.received();
    if (auto ended = context.EndRun(); !ended) return failed(ended.error());
    read_all();
    break;
  }
  end.total_ms = elapsed();
  return end;
}

std::string TerminalText::Add(std::string_view piece) {
  rest_ += piece;
  std::string whole;
  std::size_t at = 0;
  while (at < rest_.size()) {
    const std::size_t length = LengthOf(static_cast<unsigned char>(rest_[at]));
    std::size_t have = 1;
    while (have < length && at + have < rest_.size() && IsTrail(rest_[at + have])) ++have;
    if (length > 0 && have < length && at + have == rest_.size()) break;
    whole += length > 0 && have == length ? std::string_view(rest_).substr(at, have) : kReplacement;
    at += have;
  }
  rest_.erase(0, at);
  return Printable(whole, true);
}

std::string TerminalText::Finish() {
  std::string text(rest_.empty() ? std::string_view() : kReplacement);
  rest_.clear();
  return text;
}

}  // namespace wasinn::cli
