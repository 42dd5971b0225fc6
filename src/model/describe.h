// Describes a graph as JSON, for listings and for guests (fields: docs/cli.md).
#pragma once

#include <nlohmann/json.hpp>

#include <string>

#include "model/graph.h"

namespace wasinn {

// Keeps the order in which fields are added.
using Json = nlohmann::ordered_json;

// Names and metadata come from models: bytes that are not UTF-8 are replaced.
std::string DumpJson(const Json& json);

// backend, encoding, target, inputs, outputs, metadata. Contains nothing of the host: no path, no
// name.
Json DescribeGraph(const Graph& graph);

// The first encoding of the backend; "" for a backend without encodings.
std::string GraphEncodingName(const Graph& graph);

}  // namespace wasinn
