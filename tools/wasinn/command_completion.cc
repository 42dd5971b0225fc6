#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "commands.h"
#include "completion.h"
#include "help.h"
#include "output.h"

namespace wasinn::cli {

Command AddCompletionCommand(CLI::App& app) {
  auto* completion = app.add_subcommand("completion", "Print a completion script for a shell");
  auto shell = std::make_shared<std::string>();
  completion->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(OneOf({"bash", "zsh", "fish"}));
  completion->footer(
      "bash: put  eval \"$(wasinn completion bash)\"  into ~/.bashrc\n"
      "zsh:  wasinn completion zsh > a folder of $fpath/_wasinn\n"
      "fish: wasinn completion fish > ~/.config/fish/completions/wasinn.fish\n");
  return [shell] {
    Print("{}", CompletionScript(*shell));
    return kOk;
  };
}

}  // namespace wasinn::cli
