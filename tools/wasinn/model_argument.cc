#include "model_argument.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "files.h"
#include "progress.h"

namespace wasinn::cli {
namespace {

std::expected<void, Failure> Register(Host& host, const std::string& model,
                                      const OptionList& options) {
  const auto listed = host.engine.ModelsJson();
  if (!listed) return Fail(listed.error());
  const auto models = Json::parse(*listed, nullptr, false);
  for (const auto& known : List(models, "models")) {
    if (Text(known, "name") != model) continue;
    if (options.empty()) return {};
    return Fail(kUsage,
                fmt::format("--{}: expected the file of a model, given the name \"{}\"",
                            options.front().first, model),
                fmt::format("--model {}=PATH,{}=... sets it", model, options.front().first));
  }
  if (model == kStdin) return RegisterStdin(host, options);
  std::error_code error;
  if (!std::filesystem::exists(model, error) && !error) {
    return Fail(kSetup,
                fmt::format("expected the name of a model or its file, given \"{}\"", model),
                "`wasinn models` lists the names; --model NAME=PATH adds one");
  }
  ModelConfig config;
  config.name = model;
  config.path = model;
  config.options = options;
  if (auto added = host.engine.AddModel(config); !added) return FailModel(added.error());
  return {};
}

}  // namespace

std::expected<void, Failure> RegisterStdin(Host& host, const OptionList& options) {
  auto content = ReadFileOrStdin(kStdin);
  if (!content) return Fail(kSetup, content.error().message);
  if (content->empty()) {
    return Fail(kSetup, "standard input: expected a model, given nothing (0 bytes)");
  }
  ModelConfig config;
  config.name = kStdin;
  config.content = *content;
  config.options = options;
  if (auto added = host.engine.AddModel(config); !added) return FailModel(added.error());
  return {};
}

std::expected<LoadedModel, Failure> LoadModelArgument(Host& host, const std::string& model,
                                                      const OptionList& options) {
  if (auto known = Register(host, model, options); !known) return std::unexpected(known.error());
  auto session = host.engine.NewSession(&host.policy);
  if (!session) return Fail(session.error());
  auto graph = [&] {
    const Progress progress("loading " + FileTitle(model));
    return session->LoadByName(model);
  }();
  if (!graph) return FailModel(graph.error());
  const auto text = graph->Json();
  if (!text) return Fail(text.error());
  return LoadedModel{std::move(*session), std::move(*graph), Json::parse(*text, nullptr, false)};
}

}  // namespace wasinn::cli
