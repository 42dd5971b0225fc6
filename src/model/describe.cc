#include "model/describe.h"

namespace wasinn {
namespace {

Json OrNull(std::string_view text) { return text.empty() ? Json(nullptr) : Json(text); }

Json DescribePorts(const std::vector<Port>& ports) {
  Json list = Json::array();
  for (const Port& port : ports) {
    Json described = {{"name", port.name},
                      {"dtype", OrNull(DTypeName(port.dtype))},
                      {"dims", port.any_rank ? Json(nullptr) : Json(port.shape.dims())},
                      {"optional", port.optional}};
    if (port.text) described["text"] = true;
    list.push_back(std::move(described));
  }
  return list;
}

}  // namespace

std::string DumpJson(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string GraphEncodingName(const Graph& graph) {
  const auto& encodings = graph.backend().encodings();
  return encodings.empty() ? "" : encodings[0];
}

Json DescribeGraph(const Graph& graph) {
  Json metadata = Json::object();
  for (const auto& [key, value] : graph.info().metadata) metadata[key] = value;
  return {{"backend", graph.backend().name()},
          {"encoding", OrNull(GraphEncodingName(graph))},
          {"target", TargetName(graph.target())},
          {"inputs", DescribePorts(graph.info().inputs)},
          {"outputs", DescribePorts(graph.info().outputs)},
          {"metadata", metadata}};
}

}  // namespace wasinn
