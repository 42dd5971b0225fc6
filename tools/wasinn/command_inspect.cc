#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "commands.h"
#include "engine_flags.h"
#include "files.h"
#include "guest_file.h"
#include "listing.h"
#include "output.h"
#include "peer_flags.h"
#include "progress.h"

namespace wasinn::cli {
namespace {

struct InspectFlags {
  EngineFlags engine;
  std::string guest;
  std::string adapter;
  std::vector<std::string> wasmtime_wasm;
  std::vector<CLI::Option*> proposals;  // by index of FlagsOfProposals
  bool json = false;
};

void ShowGuest(const std::string& path, std::size_t size, const Json& json) {
  const Style style = Style::For(stdout);
  const bool runs = json.value("runs", false);
  Print("{}{}{}\n", style.bold, Printable(path), style.reset);
  std::vector<std::pair<std::string, std::string>> facts = {
      {"kind", fmt::format("{}{}", Text(json, "kind") == "core" ? "core module" : "component",
                           json.value("text", false) ? ", as text" : "")},
      {"size", HumanSize(size)},
      {"runs here", runs ? "yes" : "no"}};
  for (const auto& why : Texts(json, "why_not")) facts.emplace_back("why not", why);
  for (const auto& note : Texts(json, "notes")) facts.emplace_back("note", note);
  for (const auto& dialect : List(json, "dialects")) {
    const std::string version = Text(dialect, "version");
    facts.emplace_back("dialect", fmt::format("{}{}: {}", Text(dialect, "dialect"),
                                              version.empty() ? "" : " " + version,
                                              Join(Texts(dialect, "imports"))));
  }
  facts.emplace_back("exports", Join(Texts(json, "exports"), "none"));
  Print("{}", Facts(facts));
  const auto& imports = List(json, "imports");
  if (imports.empty()) return;
  Print("\n");
  Table table({"IMPORT", "TYPE", "FROM"});
  for (const auto& import : imports) {
    const std::string name = Text(import, "name");
    const std::string from = Text(import, "provided_by");
    table.AddRow({Text(import, "module") + (name.empty() ? "" : " " + name), Text(import, "type"),
                  from.empty() ? "NOT PROVIDED" : from});
  }
  Print("{}", table.Render(style, 2));
}

Outcome Inspect(const InspectFlags& flags) {
  const auto wasm = ReadGuest(flags.guest);
  if (!wasm) return std::unexpected(wasm.error());
  const std::string title = FileTitle(flags.guest);
  PeerRequests peers;
  for (const auto& text : flags.wasmtime_wasm) {
    if (auto parsed = ParseWasmtimeWasm(text, peers); !parsed) return Fail(kUsage, parsed.error());
  }
  for (std::size_t i = 0; i < flags.proposals.size(); ++i) {
    if (flags.proposals[i]->count() == 0) continue;
    if (auto off = SwitchOff(FlagsOfProposals()[i], peers); !off) return Fail(kUsage, off.error());
  }
  EngineFlags engine = flags.engine;
  engine.features = peers.features;
  const CacheFlags cache;
  auto host = OpenHost({.engine = engine, .cache = &cache, .with_adapter = true});
  if (!host) return std::unexpected(host.error());
  const Progress progress("compiling " + title);
  const auto text = host->engine.InspectJson(*wasm, flags.adapter);
  if (!text) {
    return Fail(kNotRunnable, fmt::format("{}: {}", title, text.error().message));
  }
  return ShowListing(text, flags.json,
                     [&](const Json& json) { ShowGuest(title, wasm->size(), json); });
}

}  // namespace

Command AddInspectCommand(CLI::App& app) {
  auto* inspect =
      app.add_subcommand("inspect", "Show what a guest is and needs, and whether it runs");
  auto flags = std::make_shared<InspectFlags>();
  inspect->add_option("GUEST", flags->guest, "The guest's file: .wasm or .wat; - for stdin")
      ->required();
  inspect->add_flag("--json", flags->json, "Print JSON");
  inspect->add_option("--adapter", flags->adapter, "The Wasm engine, by name")->type_name("NAME");
  inspect->add_option("-W,--wasm", flags->wasmtime_wasm, "Wasmtime: proposals, as for `run`")
      ->type_name("OPTIONS")
      ->allow_extra_args(false);
  // Hidden: docs/cli.md lists them.
  for (const ProposalFlag& flag : FlagsOfProposals()) {
    flags->proposals.push_back(inspect->add_flag(flag.name)->group(""));
  }
  AddEngineFlags(*inspect, flags->engine);
  return [flags] { return Inspect(*flags); };
}

}  // namespace wasinn::cli
