#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "commands.h"
#include "engine_flags.h"
#include "listing.h"
#include "option_table.h"
#include "output.h"

namespace wasinn::cli {
namespace {

struct BackendsFlags {
  EngineFlags engine;
  bool json = false;
};

void ShowBackend(const Json& backend, const Style& style) {
  Print("{}{} {}{}  {}\n", style.bold, Printable(Text(backend, "name")),
        Printable(Text(backend, "version")), style.reset, Printable(Text(backend, "description")));
  Print(
      "{}",
      Facts({{"formats", Join(Texts(backend, "encodings"), "none")},
             {"devices", Join(Texts(backend, "devices"), "none")},
             {"can", Join(Texts(backend, "capabilities"))},
             {"from", backend.value("builtin", false) ? "this program" : Text(backend, "path")}}));
  if (List(backend, "options").empty()) return;
  Print("{}", OptionTable(backend).Render(style, 2));
}

void ShowBackends(const Json& json) {
  const Style style = Style::For(stdout);
  bool first = true;
  for (const auto& backend : List(json, "backends")) {
    if (!first) Print("\n");
    first = false;
    ShowBackend(backend, style);
  }
  if (const auto& missing = List(json, "missing"); !missing.empty()) {
    Print("\n{}not in this build{}\n", style.bold, style.reset);
    Table table({"NAME", "FORMATS", "WHAT", "HOW TO GET IT"});
    for (const auto& backend : missing) {
      table.AddRow({Text(backend, "name"), Join(Texts(backend, "encodings")),
                    Text(backend, "description"), Text(backend, "how")});
    }
    Print("{}", table.Render(style, 2));
  }
  for (const auto& error : List(json, "errors")) {
    PrintError("wasinn: warn: {}: {}\n", Printable(Text(error, "path")),
               Printable(Text(error, "message")));
  }
}

Outcome Backends(const BackendsFlags& flags) {
  auto host = OpenHost({.engine = flags.engine});
  if (!host) return std::unexpected(host.error());
  return ShowListing(host->engine.BackendsJson(), flags.json, ShowBackends);
}

}  // namespace

Command AddBackendsCommand(CLI::App& app) {
  auto* backends = app.add_subcommand("backends", "List backends, their devices and options");
  auto flags = std::make_shared<BackendsFlags>();
  backends->add_flag("--json", flags->json, "Print JSON");
  AddEngineFlags(*backends, flags->engine);
  return [flags] { return Backends(*flags); };
}

}  // namespace wasinn::cli
