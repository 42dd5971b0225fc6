#include "stream.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "terminal.h"

namespace wasinn::cli {
namespace {

// How long a signal may go unnoticed while the model is silent.
constexpr std::chrono::milliseconds kLook(20);
constexpr std::string_view kReplacement = "\xef\xbf\xbd";

volatile std::sig_atomic_t noted = 0;

// A signal that comes just before a wait would not end it, and another thread may get it: so the
// wait is for this pipe, too. Negative without one.
int note_pipe[2] = {-1, -1};

extern "C" void NoteSignal(int number) {
  const int saved = errno;
  noted = number;
  [[maybe_unused]] const auto written = write(note_pipe[1], "", 1);
  errno = saved;
}

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
  if (note_pipe[0] < 0) {
    [[maybe_unused]] const int made = pipe2(note_pipe, O_CLOEXEC | O_NONBLOCK);
  }
  char old[16];
  while (read(note_pipe[0], old, sizeof old) > 0) {
  }
  noted = 0;
  struct sigaction action = {};
  action.sa_handler = NoteSignal;
  action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &old_int_);
  sigaction(SIGTERM, &action, &old_term_);
}

SignalNote::~SignalNote() {
  sigaction(SIGINT, &old_int_, nullptr);
  sigaction(SIGTERM, &old_term_, nullptr);
}

int SignalNote::received() const { return noted; }

bool SignalNote::WaitForInput() {
  pollfd waits[] = {{STDIN_FILENO, POLLIN, 0}, {note_pipe[0], POLLIN, 0}};
  while (noted == 0) {
    if (poll(waits, std::size(waits), -1) > 0 && waits[0].revents != 0) return noted == 0;
  }
  return false;
}

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
