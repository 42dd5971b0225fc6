// The options of a context on the command line; options of language models also have llama.cpp's
// flags.
#pragma once

#include <wasinn/wasinn.hpp>

#include <expected>
#include <string>
#include <vector>

#include "exit_code.h"

namespace CLI {
class App;
}

namespace wasinn::cli {

struct GenerationFlags {
  std::vector<std::string> options;  // NAME=VALUE
  std::string context;
  std::string count;
  std::string temperature;
  std::string image;
  std::string projector;
};

// The flags are filled when the app parses; they must outlive it.
void AddGenerationFlags(CLI::App& app, GenerationFlags& flags);

// The options of contexts; the ones from --option come last.
std::expected<OptionList, Failure> ContextOptions(const GenerationFlags& flags);
// The options of a model that is given as a file.
OptionList LoadOptions(const GenerationFlags& flags);
// Lets contexts of the session that are made afterwards read the image's folder.
std::expected<void, Failure> GrantImage(Session& session, const GenerationFlags& flags);

}  // namespace wasinn::cli
