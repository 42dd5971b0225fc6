// MODEL on the command line: a registered name, a file, or standard input.
#pragma once

#include <string>

#include "engine_flags.h"
#include "listing.h"

namespace wasinn::cli {

// A loaded model and its description.
struct LoadedModel {
  Session session;
  Graph graph;
  Json description;  // of wasinn_session_graph_json
};

// Registers the content of standard input under the name kStdin of files.h.
std::expected<void, Failure> RegisterStdin(Host& host, const OptionList& options = {});

// Loads the model of that name. If no model of that name is registered, it is the path of a file,
// which is registered under it; "-" is standard input. `options` are for such a file; a registered
// model has its own.
std::expected<LoadedModel, Failure> LoadModelArgument(Host& host, const std::string& model,
                                                      const OptionList& options = {});

}  // namespace wasinn::cli
