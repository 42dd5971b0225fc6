// wasinn runs WebAssembly guests that use machine-learning models, and describes models, backends
// and guests. It uses only the public API.
#include <fmt/format.h>
#include <sys/resource.h>
#include <wasinn/adapter.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <filesystem>
#include <memory>
#include <new>
#include <span>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "commands.h"
#include "completion.h"
#include "conformance/runner/text.h"
#include "help.h"
#include "output.h"
#include "terminal.h"

namespace wasinn::cli {

void PrintFailure(const Failure& failure) {
  const Style style = Style::For(stderr);
  // The first line is the error; further lines (a guest's stack) follow below it.
  PrintError("wasinn: {}error:{} {}\n", style.red, style.reset, Printable(failure.message, true));
  if (!failure.hint.empty()) {
    PrintError("  {}hint:{} {}\n", style.bold, style.reset, Printable(failure.hint));
  }
}

namespace {

std::string VersionText() {
  std::string text = fmt::format("wasinn {}", wasinn_version());
#ifdef WASINN_HAVE_WASMTIME
  const wasinn_adapter* adapter = wasinn_adapter_wasmtime();
  text += fmt::format("\n{} {}", adapter->name, adapter->version);
#endif
  return text;
}

// Raises the limit of open files as far as possible, for instances with their own folders.
void AllowManyFiles() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// Whether the words name no command and belong to `run`: they begin with one of its flags, with the
// guest's file, or with a word that can only be the name of a file.
std::expected<bool, Failure> IsRunWithoutItsName(const CLI::App& app, const std::string& first) {
  if (FindCommand(app, first) != nullptr) return false;
  if (first.starts_with('-')) return app.get_option_no_throw(first) == nullptr;
  std::error_code error;
  if (std::filesystem::exists(first, error) || first.find_first_of("./") != std::string::npos) {
    return true;
  }
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands({})) names.push_back(command->get_name());
  return Fail(kUsage,
              fmt::format("expected a command or the file of a guest, given \"{}\"{}", first,
                          conformance::Suggest(first, names)),
              "wasinn --help");
}

int Main(int argc, char** argv) {
  CLI::App app("Machine-learning models for WebAssembly guests", "wasinn");
  app.formatter(std::make_shared<HelpFormatter>());
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.set_version_flag("-V,--version", VersionText, "Print the version and exit");
  // After a command, its name is an ordinary word, and may be the name of a file.
  app.require_subcommand(0, 1);

  std::vector<std::string> guest_args;
  const std::pair<const char*, Command> commands[] = {
      {"run", AddRunCommand(app, guest_args)}, {"infer", AddInferCommand(app)},
      {"chat", AddChatCommand(app)},           {"models", AddModelsCommand(app)},
      {"backends", AddBackendsCommand(app)},   {"inspect", AddInspectCommand(app)},
      {"compile", AddCompileCommand(app)},     {"conformance", AddConformanceCommand(app, argv[0])},
      {"cache", AddCacheCommand(app)},         {"completion", AddCompletionCommand(app)},
  };

  // This comes after the commands, which would inherit it.
  app.footer(std::string("`wasinn COMMAND --help` describes a command.\n\n") + kExitCodeHelp);

  std::vector<std::string> args(argv + 1, argv + argc);
  if (args.empty()) {
    WriteError(app.help());
    return kUsage;
  }
  // The scripts of `completion` use this.
  if (args.front() == "__complete") {
    Print("{}", CompletionText(Complete(app, std::span(args).subspan(1))));
    return kOk;
  }
  const auto run = IsRunWithoutItsName(app, args.front());
  if (!run) {
    PrintFailure(run.error());
    return kUsage;
  }
  if (*run || args.front() == "run") {
    if (!*run) args.erase(args.begin());
    guest_args = SplitGuest(*FindCommand(app, "run"), args);
    args.insert(args.begin(), "run");
  }
  // CLI11 takes words from the back.
  std::ranges::reverse(args);
  try {
    app.parse(args);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {
      std::ostringstream asked;
      app.exit(error, asked, asked);
      WriteOut(asked.str());
      return kOk;
    }
    const auto chosen = app.get_subcommands();
    const bool named = !*run && !chosen.empty();
    const std::string name = named ? chosen.front()->get_name() + " " : "";
    PrintFailure({kUsage, UsageMistake(app, error, named), fmt::format("wasinn {}--help", name)});
    return kUsage;
  }
  for (const auto& [name, command] : commands) {
    if (!app.got_subcommand(name)) continue;
    const Outcome outcome = command();
    if (outcome) return *outcome;
    PrintFailure(outcome.error());
    return outcome.error().exit_code;
  }
  PrintFailure({kUsage, fmt::format("expected a command, given \"{}\"", argv[1]), "wasinn --help"});
  return kUsage;
}

}  // namespace
}  // namespace wasinn::cli

int main(int argc, char** argv) {
  using namespace wasinn::cli;  // NOLINT: main cannot stand in a namespace
  HoldStandardStreams();
  AllowManyFiles();
  int code = kSetup;
  try {
    code = Main(argc, argv);
  } catch (const std::bad_alloc&) {
    PrintFailure({kSetup, "there is not enough memory for this", ""});
  } catch (const std::exception& error) {
    // Only the C++ library throws here.
    PrintFailure({kSetup, error.what(), ""});
  }
  return EndOfOutput("wasinn", code, kSetup);
}
