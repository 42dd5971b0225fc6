#include "line_reader.h"

#include <fcntl.h>
#include <histedit.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cwchar>
#include <iterator>
#include <utility>

#include "output.h"
#include "stop_signal.h"
#include "terminal.h"

namespace wasinn::cli {
namespace {

constexpr int kHistory = 1000;
constexpr char kCtrlD = 4;

struct InitDone {
  void operator()(EditLine* edit) const { el_end(edit); }
  void operator()(History* history) const { history_end(history); }
};

const char* prompt_text = "";

char* Prompt(EditLine*) { return const_cast<char*>(prompt_text); }

// The terminal, opened again so that reading never blocks: Ctrl-C discards the typed text, possibly
// after the wait for it has ended. Negative without a terminal.
int terminal_fd = -1;

// Waits until stdin can be read or has ended; false after a signal, even one that came before the
// wait.
bool WaitForInput() {
  pollfd waits[] = {{STDIN_FILENO, POLLIN, 0}, {StopSignal::fd(), POLLIN, 0}};
  while (StopSignal::received() == 0) {
    if (poll(waits, std::size(waits), -1) > 0 && waits[0].revents != 0) {
      return StopSignal::received() == 0;
    }
  }
  return false;
}

// A byte of stdin; EINTR after a signal.
ssize_t ReadByte(char& byte) {
  while (WaitForInput()) {
    const auto count = read(terminal_fd < 0 ? STDIN_FILENO : terminal_fd, &byte, 1);
    if (count >= 0 || errno != EAGAIN) return count;
  }
  errno = EINTR;
  return -1;
}

// Reads one character for libedit, which itself would continue after a signal.
int ReadCharacter(EditLine*, wchar_t* out) {
  std::mbstate_t state = {};
  for (;;) {
    char byte = 0;
    const auto count = ReadByte(byte);
    if (count <= 0) return static_cast<int>(count);
    // A Ctrl-D that was typed before libedit controlled the terminal reads like this.
    if (byte == '\0') byte = kCtrlD;
    const auto used = std::mbrtowc(out, &byte, 1, &state);
    if (used == static_cast<std::size_t>(-2)) continue;
    if (used == static_cast<std::size_t>(-1)) {
      state = {};
      continue;
    }
    return 1;
  }
}

}  // namespace

struct LineReader::Editor {
  std::unique_ptr<History, InitDone> history;
  std::unique_ptr<EditLine, InitDone> edit;
};

LineReader::LineReader() : typed_(isatty(STDIN_FILENO) != 0) {
  if (!IsTerminal(stdin) || !IsTerminal(stdout)) return;
  // libedit reads characters in the encoding of the locale; wasinn's texts are UTF-8.
  std::setlocale(LC_CTYPE, "");
  if (MB_CUR_MAX == 1) std::setlocale(LC_CTYPE, "C.UTF-8");
  auto editor = std::make_unique<Editor>();
  editor->history.reset(history_init());
  editor->edit.reset(el_init("wasinn", stdin, stdout, stderr));
  if (editor->history == nullptr || editor->edit == nullptr) return;
  EditLine* edit = editor->edit.get();
  HistEvent event;
  history(editor->history.get(), &event, H_SETSIZE, kHistory);
  el_set(edit, EL_EDITOR, "emacs");
  el_set(edit, EL_PROMPT, Prompt);
  el_set(edit, EL_SIGNAL, 0);
  el_set(edit, EL_GETCFN, ReadCharacter);
  el_set(edit, EL_HIST, history, editor->history.get());
  el_source(edit, nullptr);
  terminal_fd = open("/proc/self/fd/0", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  editor_ = std::move(editor);
}

LineReader::~LineReader() {
  if (terminal_fd >= 0) close(std::exchange(terminal_fd, -1));
}

LineReader::End LineReader::Read(const char* prompt, std::string& line) {
  line.clear();
  if (editor_ == nullptr) return ReadPlain(line);
  prompt_text = prompt;
  EditLine* edit = editor_->edit.get();
  int count = 0;
  errno = 0;
  const char* text = el_gets(edit, &count);
  if (text == nullptr || count <= 0) {
    const bool interrupted = errno == EINTR;
    WriteOut("\n");
    return interrupted ? End::kInterrupted : End::kEnd;
  }
  line.assign(text, static_cast<std::size_t>(count));
  if (line.find_first_not_of(" \t\n") != std::string::npos) {
    HistEvent event;
    history(editor_->history.get(), &event, H_ENTER, line.c_str());
  }
  if (line.ends_with('\n')) line.pop_back();
  return End::kLine;
}

LineReader::End LineReader::ReadPlain(std::string& line) {
  char byte = 0;
  bool any = false;
  for (;;) {
    const auto count = ReadByte(byte);
    if (count < 0) return errno == EINTR ? End::kInterrupted : End::kEnd;
    if (count == 0) return any ? End::kLine : End::kEnd;
    any = true;
    if (byte == '\n') return End::kLine;
    line += byte;
  }
}

}  // namespace wasinn::cli
