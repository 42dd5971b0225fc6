#include "generation_flags.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <system_error>

#include "engine_flags.h"

namespace wasinn::cli {
namespace {

namespace fs = std::filesystem;

// The guest's name of the folder is the same as the host's.
fs::path PathOfImage(const GenerationFlags& flags) {
  std::error_code error;
  const fs::path path = fs::absolute(flags.image, error);
  return error ? fs::path(flags.image) : path.lexically_normal();
}

}  // namespace

void AddGenerationFlags(CLI::App& app, GenerationFlags& flags) {
  app.add_option("--option", flags.options,
                 "Set an option of the context, e.g. temp=0;\n`wasinn models --options` lists them")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  const auto add = [&](const char* name, std::string& out, const char* help, const char* type) {
    app.add_option(name, out, help)->type_name(type)->group("Language models");
  };
  add("-c,--ctx-size", flags.context, "Maximum tokens of prompt and completion; option\nctx-size",
      "N");
  add("-n,--n-predict", flags.count, "Maximum tokens of a completion; option n-predict", "N");
  add("--temp", flags.temperature, "Temperature; 0: always the likeliest token", "T");
  add("--image", flags.image, "An image, which replaces <image> in the prompt", "FILE");
  add("--mmproj", flags.projector, "The projector file, which MODEL needs for images", "FILE");
}

std::expected<OptionList, Failure> ContextOptions(const GenerationFlags& flags) {
  auto given = ParseOptions(flags.options);
  if (!given) return given;
  OptionList options;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) options.emplace_back(name, value);
  };
  add("ctx-size", flags.context);
  add("n-predict", flags.count);
  add("temp", flags.temperature);
  if (!flags.image.empty()) options.emplace_back("image", PathOfImage(flags).string());
  options.insert(options.end(), given->begin(), given->end());
  return options;
}

OptionList LoadOptions(const GenerationFlags& flags) {
  if (flags.projector.empty()) return {};
  return {{"mmproj", flags.projector}};
}

std::expected<void, Failure> GrantImage(Session& session, const GenerationFlags& flags) {
  if (flags.image.empty()) return {};
  const std::string folder = PathOfImage(flags).parent_path().string();
  if (auto granted = session.GrantDir(folder, folder); !granted) return Fail(granted.error());
  return {};
}

}  // namespace wasinn::cli
