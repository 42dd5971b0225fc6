#include "model_argument.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "progress.h"

namespace wasinn::cli {
namespace {

std::expected<void, Failure> Register(Host& host, const std::string& model) {
  const auto listed = host.engine.ModelsJson();
  if (!listed) return Fail(listed.error());
  const auto models = Json::parse(*listed, nullptr, false);
  for (const auto& known : List(models, "models")) {
    if (Text(known, "name") == model) return {};
  }
  std::error_code error;
  if (!std::filesystem::exists(model, error) && !error) {
    return Fail(kSetup,
                fmt::format("expected the name of a model or its file, given \"{}\"", model),
                "`wasinn models` lists the names; --model NAME=PATH adds one");
  }
  ModelConfig config;
  config.name = model;
  config.path = model;
  if (auto added = host.engine.AddModel(config); !added) return FailModel(added.error());
  return {};
}

}  // namespace

std::expected<LoadedModel, Failure> LoadModelArgument(Host& host, const std::string& model) {
  if (auto known = Register(host, model); !known) return std::unexpected(known.error());
  auto session = host.engine.NewSession(&host.policy);
  if (!session) return Fail(session.error());
  auto graph = [&] {
    const Progress progress("loading " + model);
    return session->LoadByName(model);
  }();
  if (!graph) return FailModel(graph.error());
  const auto text = graph->Json();
  if (!text) return Fail(text.error());
  return LoadedModel{std::move(*session), std::move(*graph), Json::parse(*text, nullptr, false)};
}

}  // namespace wasinn::cli
