#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "commands.h"
#include "engine_flags.h"
#include "files.h"
#include "guest_file.h"
#include "progress.h"

namespace wasinn::cli {
namespace {

struct CompileFlags {
  EngineFlags engine;
  std::string guest;
  std::string output;
  std::string adapter;
};

Outcome Compile(const CompileFlags& flags) {
  if (flags.output.empty() && flags.guest == kStdin) {
    return Fail(kUsage, "--output: expected a file for the guest of standard input, given none");
  }
  const auto wasm = ReadGuest(flags.guest);
  if (!wasm) return std::unexpected(wasm.error());
  auto host = OpenHost({.engine = flags.engine, .with_adapter = true});
  if (!host) return std::unexpected(host.error());
  const std::string title = FileTitle(flags.guest);
  const auto code = [&] {
    const Progress progress("compiling " + title);
    return host->engine.CompileProgram(*wasm, flags.adapter);
  }();
  if (!code) {
    return Fail(kNotRunnable, fmt::format("{}: {}", title, code.error().message));
  }
  const auto output =
      flags.output.empty()
          ? std::filesystem::path(flags.guest).filename().replace_extension("cwasm").string()
          : flags.output;
  if (auto written = WriteFile(output, *code); !written) {
    return Fail(kSetup, written.error().message);
  }
  return kOk;
}

}  // namespace

Command AddCompileCommand(CLI::App& app) {
  auto* compile = app.add_subcommand("compile", "Compile a guest ahead of time");
  auto flags = std::make_shared<CompileFlags>();
  compile->add_option("GUEST", flags->guest, "The guest's file: .wasm or .wat; - for stdin")
      ->required();
  compile
      ->add_option("-o,--output", flags->output,
                   "Write the code here; default GUEST.cwasm in\nthis folder")
      ->type_name("FILE");
  compile->add_option("--adapter", flags->adapter, "The Wasm engine, by name")->type_name("NAME");
  AddLogFlags(*compile, flags->engine);
  compile->footer(
      "`wasinn run --allow-precompiled GUEST.cwasm` runs it, with the same version of wasinn\n"
      "on a processor of the same kind. The file is native code: run it only if you trust\nits "
      "source.\n");
  return [flags] { return Compile(*flags); };
}

}  // namespace wasinn::cli
