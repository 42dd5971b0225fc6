// Completes a command line that is being typed, with the tables of CLI11.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace wasinn::cli {

struct Completions {
  enum class Paths { kNone, kFiles, kFolders };
  struct Word {
    std::string text;
    std::string help;
  };
  std::vector<Word> words;
  Paths paths = Paths::kNone;
};

// `words` are the words after the program's name up to the cursor; the last one, which may be
// empty, is being typed.
Completions Complete(const CLI::App& app, std::span<const std::string> words);

// One line for each: text, tab, help; then ":files" or ":folders". The shell scripts read this.
std::string CompletionText(const Completions& completions);

// The script for a shell: "bash", "zsh" or "fish".
std::string CompletionScript(const std::string& shell);

}  // namespace wasinn::cli
