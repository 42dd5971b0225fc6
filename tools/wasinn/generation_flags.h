// The options of a context on the command line, those of language models also under the flags that
// llama.cpp has for them.
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

// The options of contexts; what --option says comes last.
std::expected<OptionList, Failure> ContextOptions(const GenerationFlags& flags);
// Those of a model that is given as a file.
OptionList LoadOptions(const GenerationFlags& flags);
// Lets contexts of the session that are made afterwards read the image's folder.
std::expected<void, Failure> GrantImage(Session& session, const GenerationFlags& flags);

}  // namespace wasinn::cli
