#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <memory>

#include "commands.h"
#include "engine_flags.h"
#include "files.h"
#include "model_argument.h"
#include "option_table.h"
#include "output.h"
#include "ports.h"
#include "progress.h"

namespace wasinn::cli {
namespace {

struct ModelsFlags {
  EngineFlags engine;
  std::string model;
  bool options = false;
  bool json = false;
};

// The model's path, and the number of its files.
std::string PathText(const Json& model) {
  const std::size_t files = List(model, "files").size();
  if (files < 2) return Text(model, "path");
  return fmt::format("{} and {} more file{}", Text(model, "path"), files - 1,
                     files == 2 ? "" : "s");
}

void ShowModels(const Json& json) {
  const auto& models = List(json, "models");
  if (models.empty()) {
    Print("no models: add some with --model, --model-dir or --config\n");
    return;
  }
  Table table({"NAME", "BACKEND", "ENCODING", "TARGET", "SIZE", "LOADED", "PATH"});
  table.AlignRight(4);
  for (const auto& model : models) {
    const std::string error = Text(model, "error");
    table.AddRow({Text(model, "name"), Text(model, "backend"), Text(model, "encoding"),
                  Text(model, "target"), error.empty() ? SizeText(model, "size") : "",
                  model.value("loaded", false) ? "yes" : "no",
                  error.empty() ? PathText(model) : error});
  }
  Print("{}", table.Render(Style::For(stdout)));
}

void ShowPorts(const char* title, const std::vector<Port>& ports) {
  Print("\n{}\n", title);
  if (ports.empty()) {
    Print("  none\n");
    return;
  }
  Print("{}", PortTable(ports).Render(Style::For(stdout), 2));
}

void ShowModel(const Json& model) {
  const Style style = Style::For(stdout);
  const std::string name = Text(model, "name");
  Print("{}{}{}\n", style.bold, Printable(name.empty() ? Text(model, "path") : name), style.reset);
  const auto load = model.find("load_ms");
  Print("{}",
        Facts({{"path", Text(model, "path")},
               {"backend", Text(model, "backend")},
               {"encoding", Text(model, "encoding")},
               {"target", Text(model, "target")},
               {"size", SizeText(model, "size")},
               {"sha256", Text(model, "sha256")},
               {"loaded in",
                load != model.end() && load->is_number() ? HumanTime(load->get<double>()) : ""}}));
  if (const auto& files = List(model, "files"); files.size() > 1) {
    Table table({"SIZE", "FILE"});
    table.AlignRight(0);
    for (const auto& file : files) table.AddRow({SizeText(file, "size"), Text(file, "path")});
    Print("\nfiles\n{}", table.Render(style, 2));
  }
  ShowPorts("inputs", PortsOf(model, "inputs"));
  ShowPorts("outputs", PortsOf(model, "outputs"));
  const auto metadata = model.find("metadata");
  if (metadata == model.end() || !metadata->is_object() || metadata->empty()) return;
  Print("\nmetadata\n{}", FactsOf(*metadata));
}

// The options of a model's backend; without a model, of all backends.
Outcome ShowOptions(Host& host, const ModelsFlags& flags) {
  std::string backend;
  if (!flags.model.empty()) {
    const auto model = LoadModelArgument(host, flags.model);
    if (!model) return std::unexpected(model.error());
    backend = Text(model->description, "backend");
  }
  const auto text = host.engine.BackendsJson();
  if (!text) return Fail(text.error());
  const auto json = Json::parse(*text, nullptr, false);
  Json chosen = Json::array();
  for (const auto& one : List(json, "backends")) {
    if (!backend.empty() && Text(one, "name") != backend) continue;
    chosen.push_back({{"name", one["name"]}, {"options", List(one, "options")}});
  }
  if (flags.json) {
    Print("{}\n", Json{{"backends", chosen}}.dump(2));
    return kOk;
  }
  const Style style = Style::For(stdout);
  bool first = true;
  for (const auto& one : chosen) {
    Print("{}{}{}{}\n{}", first ? "" : "\n", style.bold, Printable(Text(one, "name")), style.reset,
          OptionTable(one).Render(style, 2));
    first = false;
  }
  return kOk;
}

Outcome Models(const ModelsFlags& flags) {
  auto host = OpenHost({.engine = flags.engine});
  if (!host) return std::unexpected(host.error());
  if (flags.options) return ShowOptions(*host, flags);
  if (flags.model.empty()) {
    return ShowListing(host->engine.ModelsJson(), flags.json, ShowModels);
  }
  if (flags.model == kStdin) {
    if (auto read = RegisterStdin(*host); !read) return std::unexpected(read.error());
  }
  const auto json = [&] {
    const Progress progress("loading " + FileTitle(flags.model));
    return host->engine.ModelJson(flags.model);
  }();
  return ShowListing(json, flags.json, ShowModel);
}

}  // namespace

Command AddModelsCommand(CLI::App& app) {
  auto* models = app.add_subcommand("models", "List models, or describe one");
  auto flags = std::make_shared<ModelsFlags>();
  flags->engine.log_level = "error";
  models->add_option("MODEL", flags->model,
                     "A model's name or file, - for stdin; without it,\nall models are listed");
  models->add_flag("--options", flags->options,
                   "List the options of the model's backend, or of all\n"
                   "backends");
  models->add_flag("--json", flags->json, "Print JSON");
  AddEngineFlags(*models, flags->engine);
  return [flags] { return Models(*flags); };
}

}  // namespace wasinn::cli
