// What a graph is, as JSON: for listings and for guests (fields: docs/cli.md).
#pragma once

#include <nlohmann/json.hpp>

#include <string>

#include "model/graph.h"

namespace wasinn {

// Keeps the order in which fields are added.
using Json = nlohmann::ordered_json;

// Names and metadata come from models: bytes that are not UTF-8 are replaced.
std::string DumpJson(const Json& json);

// backend, encoding, target, inputs, outputs, metadata. Nothing of the host: no path, no name.
Json DescribeGraph(const Graph& graph);

// The encoding of the backend's models that names it best; "" for a backend that has none.
std::string GraphEncodingName(const Graph& graph);

}  // namespace wasinn
