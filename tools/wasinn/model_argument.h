// MODEL on the command line: a registered name, or a file.
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

// Loads the model of that name; one that has not the name of a registered model is taken as the
// path of a file, which is registered under it.
std::expected<LoadedModel, Failure> LoadModelArgument(Host& host, const std::string& model);

}  // namespace wasinn::cli
