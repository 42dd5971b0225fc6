#include "completion.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <string_view>

#include "completion/scripts.h"
#include "help.h"

namespace wasinn::cli {
namespace {

using Paths = Completions::Paths;

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

void AddIf(Completions& all, std::string_view typed, std::string text, const std::string& help) {
  if (text.starts_with(typed)) all.words.push_back({std::move(text), FirstLine(help)});
}

void AddFlags(Completions& all, std::string_view typed, const CLI::App& app) {
  for (const auto* option : app.get_options()) {
    if (option->get_positional() || option->get_group().empty()) continue;
    for (const auto& name : option->get_lnames()) {
      AddIf(all, typed, "--" + name, option->get_description());
    }
    if (typed.starts_with("--")) continue;
    for (const auto& name : option->get_snames()) {
      AddIf(all, typed, "-" + name, option->get_description());
    }
  }
}

// The values of a flag or an argument; `before` is the text before them in the same word.
void AddValues(Completions& all, std::string_view typed, const CLI::Option& option,
               const std::string& before = {}) {
  if (const auto words = ChoicesOf(option); !words.empty()) {
    for (const auto& word : words) {
      if (word.starts_with(typed)) all.words.push_back({before + word, ""});
    }
    return;
  }
  // A value that is not a path is a number or a name, for which files are no help.
  static constexpr std::array kFiles = {"FILE", "SPEC", "PATH", "VALUE", "MODEL", "GUEST"};
  static constexpr std::array kFolders = {"DIR", "HOST"};
  const std::string type = option.get_positional() ? option.get_name(true) : option.get_type_name();
  const auto named = [&](std::string_view part) { return type.find(part) != std::string::npos; };
  if (std::ranges::any_of(kFolders, named)) {
    all.paths = Paths::kFolders;
  } else if (std::ranges::any_of(kFiles, named)) {
    all.paths = Paths::kFiles;
  }
}

// The option of a flag as it was typed, without its value.
const CLI::Option* FindFlag(const CLI::App& app, const std::string& word) {
  if (word.size() < 2 || word[0] != '-') return nullptr;
  return app.get_option_no_throw(word.substr(0, word.find('=')));
}

void AddArgument(Completions& all, std::string_view typed, const CLI::App& app,
                 std::size_t number) {
  for (const auto* option : app.get_options()) {
    if (!option->get_positional()) continue;
    if (number-- == 0) return AddValues(all, typed, *option);
  }
}

// The words of one command. `run` has a guest, whose words are its own.
Completions CompleteCommand(const CLI::App& app, std::span<const std::string> words) {
  Completions all;
  const std::string& typed = words.back();
  const bool runs = app.get_name() == "run";
  std::size_t arguments = 0;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const auto* flag = FindFlag(app, words[i]);
    if (flag == nullptr) {
      ++arguments;
    } else if (TakesValue(*flag) && words[i].find('=') == std::string::npos) {
      ++i;
      if (i + 1 == words.size()) {
        AddValues(all, typed, *flag);
        return all;
      }
    }
  }
  // The words after a guest belong to the guest.
  const bool ours = !runs || arguments == 0;
  if (const auto equals = typed.find('='); ours && equals != std::string::npos) {
    const auto* flag = FindFlag(app, typed);
    if (flag != nullptr) {
      AddValues(all, std::string_view(typed).substr(equals + 1), *flag,
                typed.substr(0, equals + 1));
    }
  } else if (ours && typed.starts_with('-')) {
    AddFlags(all, typed, app);
  } else if (runs) {
    all.paths = Paths::kFiles;
  } else {
    AddArgument(all, typed, app, arguments);
  }
  return all;
}

}  // namespace

Completions Complete(const CLI::App& app, std::span<const std::string> words) {
  static const std::string kNothing;
  if (words.empty()) words = {&kNothing, 1};
  const auto* command = FindCommand(app, words.front());
  if (command != nullptr && words.size() > 1) return CompleteCommand(*command, words.subspan(1));
  // Without a command's name, the words belong to `run`.
  Completions all = CompleteCommand(*FindCommand(app, "run"), words);
  if (words.size() > 1) return all;
  if (words.front().starts_with('-')) AddFlags(all, words.front(), app);
  for (const auto* one : app.get_subcommands({})) {
    if (!one->get_group().empty()) {
      AddIf(all, words.front(), one->get_name(), one->get_description());
    }
  }
  // Both have -h and --help.
  const auto same = [](const auto& a, const auto& b) { return a.text == b.text; };
  std::ranges::sort(all.words, {}, &Completions::Word::text);
  const auto rest = std::ranges::unique(all.words, same);
  all.words.erase(rest.begin(), rest.end());
  return all;
}

std::string CompletionText(const Completions& completions) {
  std::string text;
  for (const auto& [word, help] : completions.words) {
    text.append(word).append("\t").append(help).append("\n");
  }
  if (completions.paths == Paths::kFiles) text += ":files\n";
  if (completions.paths == Paths::kFolders) text += ":folders\n";
  return text;
}

std::string CompletionScript(const std::string& shell) {
  if (shell == "bash") return kBashScript;
  return shell == "zsh" ? kZshScript : kFishScript;
}

}  // namespace wasinn::cli
