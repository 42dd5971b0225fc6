#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <utility>

#include "commands.h"
#include "conformance/runner/command.h"
#include "conformance/runner/files.h"
#include "engine_flags.h"
#include "listing.h"

namespace wasinn::cli {
namespace {

// The names of this build's backends, which the suite calls frameworks.
std::vector<std::string> Backends() {
  EngineFlags flags;
  flags.log_level = "error";
  const auto host = OpenHost({.engine = flags});
  if (!host) return {};
  const auto text = host->engine.BackendsJson();
  if (!text) return {};
  const auto json = Json::parse(*text, nullptr, false);
  std::vector<std::string> names;
  for (const auto& backend : List(json, "backends")) names.push_back(Text(backend, "name"));
  return names;
}

Outcome Conformance(const conformance::Flags& flags, const std::string& argv0) {
  conformance::Place place;
  place.program = conformance::OwnProgram(argv0.c_str());
  place.default_host = "wasinn-wasmtime";
  place.self_name = "wasinn";
  const auto backends = Backends();
  place.lacks = [backends](const std::string& framework) {
    return std::ranges::find(backends, framework) == backends.end();
  };
  const auto done = conformance::RunCommand(flags, place);
  if (done) return *done;
  return Fail(done.error().exit_code, done.error().message, done.error().hint);
}

}  // namespace

Command AddConformanceCommand(CLI::App& app, std::string argv0) {
  auto* command =
      app.add_subcommand("conformance", "Run the conformance suite on this or another host");
  auto flags = std::make_shared<conformance::Flags>();
  conformance::AddFlags(*command, *flags);
  command->footer(conformance::kExitCodeHelp);
  return [flags, argv0 = std::move(argv0)] { return Conformance(*flags, argv0); };
}

}  // namespace wasinn::cli
