// The commands of the program. Each adds its flags to the app and returns a function that runs the
// command, to be called after the app has parsed.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "exit_code.h"

namespace CLI {
class App;
}

namespace wasinn::cli {

using Command = std::function<Outcome()>;

// Prints the program's error line on stderr, and its hint.
void PrintFailure(const Failure& failure);

// `guest_args` are the guest's file and all following words: SplitGuest removes them from the
// command line before the app parses. They must outlive the command.
Command AddRunCommand(CLI::App& app, const std::vector<std::string>& guest_args);
Command AddInferCommand(CLI::App& app);
Command AddChatCommand(CLI::App& app);
Command AddModelsCommand(CLI::App& app);
Command AddBackendsCommand(CLI::App& app);
Command AddInspectCommand(CLI::App& app);
Command AddCompileCommand(CLI::App& app);
Command AddCacheCommand(CLI::App& app);
Command AddCompletionCommand(CLI::App& app);
// `argv0` is how this program was called.
Command AddConformanceCommand(CLI::App& app, std::string argv0);

// Everything from the guest's file on belongs to the guest, even if it looks like one of wasinn's
// flags. This moves it from `args` (the words after `run`) to the result. `app` knows which flags
// have a value; after "--" the next word is the guest's file.
std::vector<std::string> SplitGuest(const CLI::App& app, std::vector<std::string>& args);

}  // namespace wasinn::cli
