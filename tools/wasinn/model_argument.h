// MODEL on the command line: a registered name, a file, or standard input.
#pragma once

#include <string>

#include "engine_flags.h"
#include "listing.h"

namespace wasinn::cli {

// A model that was loaded, and what it is.
struct LoadedModel {
  Session session;
  Graph graph;
  Json description;  // of wasinn_session_graph_json
};

// Registers what standard input holds, under the name kStdin of files.h.
std::expected<void, Failure> RegisterStdin(Host& host, const OptionList& options = {});

// Loads the model of that name; one that has not the name of a registered model is taken as the
// path of a file, which is registered under it; "-" is standard input.
// `options` are for such a file; a registered model has its own.
std::expected<LoadedModel, Failure> LoadModelArgument(Host& host, const std::string& model,
                                                      const OptionList& options = {});

}  // namespace wasinn::cli
