// Graphs: a session of ONNX Runtime and its description.
#pragma once

#include "onnx/runtime.h"

namespace wasinn::onnx {

// An input or output.
struct Port {
  std::string name;
  wasinn_dtype dtype = WASINN_DTYPE_NONE;
  int32_t rank = -1;
  std::vector<int64_t> dims;
  uint32_t flags = 0;
  std::string foreign_type;  // its type if wasinn has no such tensor; "" otherwise
  bool required = false;     // every run needs this input, whatever its type
};

// Slots of the table.
wasinn_code GraphLoad(wasinn_backend_instance* instance, const wasinn_load_request* request,
                      wasinn_backend_graph** out, wasinn_error* error);
wasinn_code GraphDescribe(wasinn_backend_graph* graph, wasinn_graph_info* out, wasinn_error* error);
void GraphFree(wasinn_backend_graph* graph);

}  // namespace wasinn::onnx

// Constant after loading, so any number of contexts may run at once.
struct wasinn_backend_graph {
  const wasinn_backend_host* host;
  wasinn::onnx::Handle<OrtSession> session;
  wasinn::onnx::Handle<OrtMemoryInfo> memory;  // describes the inputs that the host lends
  std::vector<wasinn::onnx::Port> inputs;      // optional ones last
  std::vector<wasinn::onnx::Port> outputs;
  std::vector<uint32_t> output_ports;     // outputs that may be tensors, which runs request
  std::vector<const char*> output_names;  // of output_ports
  std::vector<std::pair<std::string, std::string>> metadata;
  bool profiles = false;

  // For graph_describe; they borrow from the above.
  std::vector<wasinn_port_info> input_infos;
  std::vector<wasinn_port_info> output_infos;
  std::vector<wasinn_metadata> metadata_infos;
};
