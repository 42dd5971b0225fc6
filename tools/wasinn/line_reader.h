// Reads lines of stdin, which can be edited on a terminal.
#pragma once

#include <memory>
#include <string>

namespace wasinn::cli {

class LineReader {
 public:
  enum class End { kLine, kEnd, kInterrupted };

  LineReader();
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  // Whether stdin is a terminal. Other input was not typed by the person who runs the program.
  bool typed() const { return typed_; }
  // Whether the lines are edited: stdin and stdout are terminals. Only then prompts are shown.
  bool interactive() const { return editor_ != nullptr; }
  // The next line without its end. kInterrupted after SIGINT or SIGTERM, for which a StopSignal
  // must exist.
  End Read(const char* prompt, std::string& line);

 private:
  struct Editor;
  End ReadPlain(std::string& line);

  const bool typed_;
  std::unique_ptr<Editor> editor_;
};

}  // namespace wasinn::cli
