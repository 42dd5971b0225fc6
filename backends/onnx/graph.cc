#include "onnx/graph.h"

#include <fstream>
#include <spanstream>

#include "onnx/model_file.h"
#include "onnx/session_options.h"
#include "onnx/types.h"

namespace wasinn::onnx {
namespace {

using Graph = wasinn_backend_graph;

// The functions with which a session lists one kind of its ports.
struct PortList {
  OrtStatus* (*count)(const OrtSession*, size_t*);
  OrtStatus* (*name)(const OrtSession*, size_t, OrtAllocator*, char**);
  OrtStatus* (*type)(const OrtSession*, size_t, OrtTypeInfo**);
};

// `info` describes a tensor.
void SetTensorType(const OrtTypeInfo* info, const ModelFacts& facts, bool is_initializer,
                   Port& port) {
  const OrtTensorTypeAndShapeInfo* tensor = nullptr;  // borrowed
  Check(Api()->CastTypeInfoToTensorInfo(info, &tensor), "reading a port's type");
  ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  Check(Api()->GetTensorElementType(tensor, &type), "reading a port's type");
  port.dtype = FromOnnx(type);
  if (port.dtype == WASINN_DTYPE_NONE) port.foreign_type = "tensor of " + TypeName(type);
  size_t rank = 0;
  Check(Api()->GetDimensionsCount(tensor, &rank), "reading a port's shape");
  // ONNX Runtime reports no dims for a scalar and also for a port of any rank.
  if (rank == 0 && !is_initializer && !facts.shaped_ports.contains(port.name)) return;
  if (rank > WASINN_MAX_RANK) {
    throw Failure(WASINN_UNSUPPORTED_OPERATION,
                  "onnx: port '" + port.name + "': expected a rank of at most " +
                      std::to_string(WASINN_MAX_RANK) + ", given " + std::to_string(rank));
  }
  port.rank = static_cast<int32_t>(rank);
  port.dims.resize(rank);
  Check(Api()->GetDimensions(tensor, port.dims.data(), rank), "reading a port's shape");
}

// The tensor type of a port that is an optional tensor, which ONNX Runtime passes as a tensor or
// not at all.
bool SetOptionalType(const OrtTypeInfo* info, const ModelFacts& facts, Port& port) {
  const OrtOptionalTypeInfo* optional = nullptr;  // borrowed
  Check(Api()->CastTypeInfoToOptionalTypeInfo(info, &optional), "reading a port's type");
  OrtTypeInfo* raw = nullptr;
  Check(Api()->GetOptionalContainedTypeInfo(optional, &raw), "reading a port's type");
  const Handle<OrtTypeInfo> contained(raw);
  ONNXType kind = ONNX_TYPE_UNKNOWN;
  Check(Api()->GetOnnxTypeFromTypeInfo(raw, &kind), "reading a port's type");
  if (kind != ONNX_TYPE_TENSOR) return false;
  SetTensorType(raw, facts, false, port);
  return true;
}

enum class Kind { kInput, kInitializer, kOutput };

void AddPorts(const Graph& graph, const PortList& list, const ModelFacts& facts, Kind kind,
              std::vector<Port>& out) {
  size_t count = 0;
  Check(list.count(graph.session.get(), &count), "counting ports");
  for (size_t i = 0; i < count; ++i) {
    Port port;
    char* name = nullptr;
    Check(list.name(graph.session.get(), i, DefaultAllocator(), &name), "reading a port's name");
    port.name = TakeText(name);
    OrtTypeInfo* raw = nullptr;
    Check(list.type(graph.session.get(), i, &raw), "reading a port's type");
    const Handle<OrtTypeInfo> info(raw);
    ONNXType type = ONNX_TYPE_UNKNOWN;
    Check(Api()->GetOnnxTypeFromTypeInfo(raw, &type), "reading a port's type");
    const bool is_optional = type == ONNX_TYPE_OPTIONAL;
    if (type == ONNX_TYPE_TENSOR) {
      SetTensorType(raw, facts, kind == Kind::kInitializer, port);
    } else if (!is_optional || !SetOptionalType(raw, facts, port)) {
      port.foreign_type = TypeText(raw);
    }
    port.required = kind == Kind::kInput && !is_optional;
    // An input that cannot be passed is left out; a run that needs it fails.
    if (kind == Kind::kInitializer || is_optional || !port.foreign_type.empty()) {
      port.flags = WASINN_PORT_OPTIONAL;
    }
    out.push_back(std::move(port));
  }
}

// Reads the model's own metadata from ONNX Runtime.
void AddSessionMetadata(Graph& graph) {
  OrtModelMetadata* raw = nullptr;
  Check(Api()->SessionGetModelMetadata(graph.session.get(), &raw), "reading metadata");
  const Handle<OrtModelMetadata> owner(raw);
  const auto add = [&](const char* key, auto function) {
    char* text = nullptr;
    Check(function(raw, DefaultAllocator(), &text), "reading metadata");
    std::string value = TakeText(text);
    if (!value.empty()) graph.metadata.emplace_back(key, std::move(value));
  };
  add("producer", Api()->ModelMetadataGetProducerName);
  add("graph", Api()->ModelMetadataGetGraphName);
  add("domain", Api()->ModelMetadataGetDomain);
  add("description", Api()->ModelMetadataGetDescription);
  add("graph_description", Api()->ModelMetadataGetGraphDescription);
  int64_t version = 0;
  Check(Api()->ModelMetadataGetVersion(raw, &version), "reading metadata");
  graph.metadata.emplace_back("version", std::to_string(version));

  char** keys = nullptr;
  int64_t count = 0;
  Check(Api()->ModelMetadataGetCustomMetadataMapKeys(raw, DefaultAllocator(), &keys, &count),
        "reading metadata");
  for (int64_t i = 0; i < count; ++i) {
    const std::string key = TakeText(keys[i]);
    char* value = nullptr;
    Check(Api()->ModelMetadataLookupCustomMetadataMap(raw, DefaultAllocator(), key.c_str(), &value),
          "reading metadata");
    graph.metadata.emplace_back("custom:" + key, TakeText(value));
  }
  if (keys != nullptr) DefaultAllocator()->Free(DefaultAllocator(), static_cast<void*>(keys));
}

void AddFileMetadata(const ModelFacts& facts, Graph& graph) {
  if (facts.ir_version != 0) {
    graph.metadata.emplace_back("ir_version", std::to_string(facts.ir_version));
  }
  if (!facts.producer_version.empty()) {
    graph.metadata.emplace_back("producer_version", facts.producer_version);
  }
  for (const auto& [domain, version] : facts.opsets) {
    const bool own = domain.empty() || domain == "ai.onnx";
    graph.metadata.emplace_back(own ? "opset" : "opset:" + domain, std::to_string(version));
  }
}

std::vector<wasinn_port_info> InfosOf(const std::vector<Port>& ports) {
  std::vector<wasinn_port_info> infos;
  for (const Port& port : ports) {
    infos.push_back({backend::Str(port.name), port.dtype, port.rank,
                     port.rank > 0 ? port.dims.data() : nullptr, port.flags});
  }
  return infos;
}

void Describe(const ModelFacts& facts, Graph& graph) {
  const OrtApi& api = *Api();
  AddPorts(graph, {api.SessionGetInputCount, api.SessionGetInputName, api.SessionGetInputTypeInfo},
           facts, Kind::kInput, graph.inputs);
  // An initializer with the name of an input is its default.
  AddPorts(graph,
           {api.SessionGetOverridableInitializerCount, api.SessionGetOverridableInitializerName,
            api.SessionGetOverridableInitializerTypeInfo},
           facts, Kind::kInitializer, graph.inputs);
  AddPorts(graph,
           {api.SessionGetOutputCount, api.SessionGetOutputName, api.SessionGetOutputTypeInfo},
           facts, Kind::kOutput, graph.outputs);
  AddSessionMetadata(graph);
  AddFileMetadata(facts, graph);
  for (const std::vector<Port>* ports : {&graph.inputs, &graph.outputs}) {
    for (const Port& port : *ports) {
      if (port.foreign_type.empty()) continue;
      graph.metadata.emplace_back("type:" + port.name, port.foreign_type);
    }
  }

  graph.input_infos = InfosOf(graph.inputs);
  graph.output_infos = InfosOf(graph.outputs);
  for (uint32_t i = 0; i < graph.outputs.size(); ++i) {
    if (!graph.outputs[i].foreign_type.empty()) continue;
    graph.output_ports.push_back(i);
    graph.output_names.push_back(graph.outputs[i].name.c_str());
  }
  for (const auto& [key, value] : graph.metadata) {
    graph.metadata_infos.push_back({backend::Str(key), backend::Str(value)});
  }
}

// A model that comes as bytes may be a guest's, and must not reach the host's files.
void CheckBytes(std::string_view model) {
  if (model.substr(0, 8).ends_with("ORTM")) return;
  switch (FindExternalData(model)) {
    case ExternalData::kNone:
      return;
    case ExternalData::kSome:
      throw Failure(WASINN_SECURITY,
                    "onnx: expected a model with its weights inside, given bytes that refer to "
                    "files (external data); load such a model by path");
    case ExternalData::kMalformed:
      throw Failure(WASINN_INVALID_ENCODING, "onnx: expected an ONNX model, given " +
                                                 std::to_string(model.size()) +
                                                 " bytes that are not one, or not all of one");
  }
}

ModelFacts LoadSession(const wasinn_backend_instance& instance, const wasinn_load_request& request,
                       const OrtSessionOptions* options, Graph& graph) {
  OrtSession* session = nullptr;
  if (request.path != nullptr) {
    // ONNX Runtime maps external data that lies beside the file.
    Check(Api()->CreateSession(instance.env.get(), request.path, options, &session),
          "loading " + std::string(request.path));
    graph.session.reset(session);
    std::ifstream file(request.path, std::ios::binary);
    return ReadModelFacts(file);
  }
  if (request.part_count != 1) {
    throw Failure(WASINN_INVALID_ARGUMENT, "onnx: expected one builder, the model, given " +
                                               std::to_string(request.part_count));
  }
  const wasinn_bytes& part = request.parts[0];
  const std::string_view model(static_cast<const char*>(part.data), part.size);
  CheckBytes(model);
  Check(Api()->CreateSessionFromArray(instance.env.get(), part.data, part.size, options, &session),
        "loading a model of " + std::to_string(part.size) + " bytes");
  graph.session.reset(session);
  std::ispanstream stream(std::span<const char>(model.data(), model.size()));
  return ReadModelFacts(stream);
}

// ONNX Runtime ignores an override of a dimension that the model does not name.
void CheckFreeDims(const backend::Options& given, const ModelFacts& facts) {
  // The dimensions of a model in ORT's own format are unknown.
  if (facts.ir_version == 0) return;
  given.ForPrefix("free_dim:", [&](std::string_view name, std::string_view) {
    if (facts.named_dims.contains(std::string(name))) return;
    std::string names;
    for (const std::string& known : facts.named_dims) names += (names.empty() ? "" : ", ") + known;
    throw Failure(WASINN_INVALID_ARGUMENT,
                  "onnx: option free_dim: expected the name of a dimension of this model (" +
                      (names.empty() ? "it names none" : names) + "), given '" + std::string(name) +
                      "'");
  });
}

}  // namespace

wasinn_code GraphLoad(wasinn_backend_instance* instance, const wasinn_load_request* request,
                      wasinn_backend_graph** out, wasinn_error* error) {
  return backend::Guard(error, [&] {
    const Handle<OrtSessionOptions> options = MakeSessionOptions(*instance, *request);
    auto graph = std::make_unique<Graph>();
    graph->host = instance->host;
    const backend::Options given(request->options, request->option_count);
    graph->profiles = !given.Text("profile", "").empty();
    OrtMemoryInfo* memory = nullptr;
    Check(Api()->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &memory), "memory info");
    graph->memory.reset(memory);
    const ModelFacts facts = LoadSession(*instance, *request, options.get(), *graph);
    CheckFreeDims(given, facts);
    Describe(facts, *graph);
    *out = graph.release();
  });
}

wasinn_code GraphDescribe(wasinn_backend_graph* graph, wasinn_graph_info* out, wasinn_error*) {
  out->inputs = graph->input_infos.data();
  out->input_count = graph->input_infos.size();
  out->outputs = graph->output_infos.data();
  out->output_count = graph->output_infos.size();
  out->metadata = graph->metadata_infos.data();
  out->metadata_count = graph->metadata_infos.size();
  return WASINN_OK;
}

void GraphFree(wasinn_backend_graph* graph) {
  if (graph == nullptr) return;
  if (graph->profiles) {
    // This writes the file; errors are only logged.
    backend::Guard(nullptr, [&] {
      char* name = nullptr;
      OrtStatus* status =
          Api()->SessionEndProfiling(graph->session.get(), DefaultAllocator(), &name);
      const std::string text = status != nullptr ? ToFailure(status, "profile").message()
                                                 : "onnx: profile written to " + TakeText(name);
      graph->host->log(graph->host->self, WASINN_LOG_INFO, backend::Str(text));
    });
  }
  delete graph;
}

}  // namespace wasinn::onnx
