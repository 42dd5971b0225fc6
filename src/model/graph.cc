#include "model/graph.h"

#include <algorithm>
#include <chrono>
#include <span>

#include "base/text.h"

namespace wasinn {
namespace {

// Limits for a plug-in's counts and lengths, which are not trusted; real ones are far below.
constexpr size_t kMaxPorts = 4096;
constexpr size_t kMaxMetadata = 4096;
constexpr size_t kMaxName = 4096;
constexpr size_t kMaxValue = 16 << 20;

Result<std::string> CopyText(const char* what, wasinn_str text, size_t max) {
  if (text.size > max || (text.size > 0 && text.data == nullptr)) {
    return Fail(Code::kUnknown, "{}: expected text of at most {} bytes, the backend gave {}{}",
                what, max, text.size, text.data == nullptr ? " at NULL" : "");
  }
  return std::string(View(text));
}

template <typename T>
Result<std::span<const T>> CheckList(const char* what, const T* list, size_t count, size_t max) {
  if (count > max || (count > 0 && list == nullptr)) {
    return Fail(Code::kUnknown, "{}: expected at most {}, the backend gave {}{}", what, max, count,
                list == nullptr ? " at NULL" : "");
  }
  return std::span(list, count);
}

Result<std::vector<Port>> CopyPorts(const char* what, const wasinn_port_info* list, size_t count) {
  WASINN_TRY(rows, CheckList(what, list, count, kMaxPorts));
  std::vector<Port> ports;
  ports.reserve(rows.size());
  for (const wasinn_port_info& row : rows) {
    Port port;
    WASINN_TRY(name, CopyText("port name", row.name, kMaxName));
    port.name = std::move(name);
    if (row.dtype != WASINN_DTYPE_NONE) {
      const auto dtype = DTypeFromNumber(row.dtype);
      if (!dtype) {
        return Fail(Code::kUnknown,
                    "port '{}': the backend gave element type number {}, which is "
                    "none",
                    Printable(port.name), static_cast<uint32_t>(row.dtype));
      }
      port.dtype = *dtype;
    }
    port.any_rank = row.rank < 0;
    port.optional = (row.flags & WASINN_PORT_OPTIONAL) != 0;
    port.text = (row.flags & WASINN_PORT_TEXT) != 0;
    if (port.text && port.dtype != DType::kU8) {
      return Fail(Code::kUnknown, "port '{}': expected text to be u8, the backend gave {}",
                  Printable(port.name), port.TypeText());
    }
    if (row.rank > 0) {
      WASINN_TRY(dims,
                 CheckList("port dims", row.dims, static_cast<size_t>(row.rank), WASINN_MAX_RANK));
      WASINN_TRY(shape, Shape::OfPort(dims));
      port.shape = shape;
    }
    ports.push_back(std::move(port));
  }
  return ports;
}

Result<GraphInfo> Describe(const Backend& backend, wasinn_backend_graph* graph) {
  wasinn_graph_info raw{};
  raw.struct_size = sizeof(raw);
  wasinn_error error{};
  if (const wasinn_code code = backend.table().graph_describe(graph, &raw, &error);
      code != WASINN_OK) {
    return Fail(FromC(code, error, "backend " + backend.name() + ": graph_describe"));
  }
  GraphInfo info;
  WASINN_TRY(inputs, CopyPorts("inputs", raw.inputs, raw.input_count));
  WASINN_TRY(outputs, CopyPorts("outputs", raw.outputs, raw.output_count));
  WASINN_TRY(metadata, CheckList("metadata", raw.metadata, raw.metadata_count, kMaxMetadata));
  info.inputs = std::move(inputs);
  for (size_t i = 0; i < info.inputs.size(); ++i) {
    Port& port = info.inputs[i];
    port.title = port.name.empty() ? fmt::format("input {}", i)
                                   : fmt::format("input {} ('{}')", i, Printable(port.name));
  }
  info.outputs = std::move(outputs);
  for (const wasinn_metadata& row : metadata) {
    WASINN_TRY(key, CopyText("metadata key", row.key, kMaxName));
    WASINN_TRY(value, CopyText("metadata value", row.value, kMaxValue));
    info.metadata.emplace_back(std::move(key), std::move(value));
  }
  return info;
}

Result<uint32_t> FindPort(const char* what, const std::vector<Port>& ports, std::string_view name) {
  for (size_t i = 0; i < ports.size(); ++i) {
    if (ports[i].name == name) return static_cast<uint32_t>(i);
  }
  if (const auto index = ParseUint(name); index && *index < ports.size()) {
    return static_cast<uint32_t>(*index);
  }
  if (ports.size() == 1 && ports[0].name.empty()) return 0;
  std::vector<std::string_view> names;
  for (const Port& port : ports) names.push_back(port.name);
  return Fail(Code::kNotFound, "expected the name or the index (0 to {}) of an {}, given '{}'{}",
              ports.empty() ? 0 : ports.size() - 1, what, Printable(name), Suggest(name, names));
}

}  // namespace

std::string Port::TypeText() const {
  if (text) return "text (u8)";
  return fmt::format("{} {}", dtype == DType::kNone ? "any" : DTypeName(dtype),
                     any_rank ? "of any shape" : shape.ToString());
}

const OptionSpec* FindOption(const Backend& backend, std::string_view name) {
  for (const OptionSpec& spec : backend.options()) {
    if (spec.is_prefix ? name.starts_with(spec.name) : name == spec.name) return &spec;
  }
  return nullptr;
}

Result<> CheckGuestMayGive(const Backend& backend, std::string_view option) {
  const OptionSpec* row = FindOption(backend, option);
  if (row == nullptr || !row->host_only) return {};
  return Fail(Code::kSecurity,
              "option '{}' of backend {}: expected from the host, given by the guest",
              Printable(option), backend.name());
}

Options OptionsOfContexts(const Backend& backend, const Options& options) {
  Options found;
  for (const auto& [name, value] : options) {
    const OptionSpec* row = FindOption(backend, name);
    if (row != nullptr && row->scope == WASINN_SCOPE_CONTEXT) found.emplace(name, value);
  }
  return found;
}

Result<> CheckGuestContextOptions(const Backend& backend, const Options& options) {
  for (const auto& [name, value] : options) WASINN_CHECK(CheckGuestMayGive(backend, name));
  return CheckOptions("backend " + backend.name(), backend.options(), WASINN_SCOPE_CONTEXT,
                      options);
}

Result<GraphOptions> SortOptions(const Backend& backend, const Options& options) {
  GraphOptions sorted;
  const auto table = backend.options();
  const std::string owner = "backend " + backend.name();
  for (const auto& [name, value] : options) {
    const OptionSpec* row = FindOption(backend, name);
    if (row == nullptr) {
      // The intended option may have either scope.
      std::vector<std::string_view> names;
      for (const OptionSpec& known : table) names.push_back(known.name);
      return Fail(Code::kInvalidArgument, "{}: unknown option '{}'{}", owner, Printable(name),
                  Suggest(name, names));
    }
    (row->scope == WASINN_SCOPE_CONTEXT ? sorted.context : sorted.load).emplace(name, value);
  }
  WASINN_CHECK(CheckOptions(owner, table, WASINN_SCOPE_LOAD, sorted.load));
  WASINN_CHECK(CheckOptions(owner, table, WASINN_SCOPE_CONTEXT, sorted.context));
  return sorted;
}

Result<std::shared_ptr<Graph>> Graph::Load(Backend& backend, GraphSource source, Target target,
                                           GraphOptions options) {
  std::shared_ptr<Graph> graph(new Graph);
  graph->backend_ = &backend;
  graph->source_ = std::move(source);
  graph->options_ = std::move(options);
  graph->target_ = target;

  std::vector<wasinn_bytes> parts;
  for (const BufferRef& part : graph->source_.parts) parts.push_back({part.data(), part.size()});
  const std::vector<wasinn_option> load_options = ToC(graph->options_.load);
  wasinn_load_request request{};
  request.struct_size = sizeof(request);
  request.path = graph->source_.path.empty() ? nullptr : graph->source_.path.c_str();
  request.parts = parts.data();
  request.part_count = parts.size();
  request.target = static_cast<wasinn_target>(target);
  request.options = load_options.data();
  request.option_count = load_options.size();

  const auto start = std::chrono::steady_clock::now();
  WASINN_TRY(handle, backend.LoadGraph(request));
  graph->handle_ = handle;
  WASINN_TRY(info, Describe(backend, handle));
  graph->info_ = std::move(info);
  graph->load_ns_ = static_cast<uint64_t>((std::chrono::steady_clock::now() - start).count());
  return graph;
}

Graph::~Graph() {
  if (handle_ != nullptr) backend_->table().graph_free(handle_);
}

Result<uint32_t> Graph::FindInput(std::string_view name) const {
  return FindPort("input", info_.inputs, name);
}

Result<uint32_t> Graph::FindOutput(std::string_view name) const {
  return FindPort("output", info_.outputs, name);
}

void Graph::CountRun(uint64_t ns, uint64_t input_bytes) {
  runs_.fetch_add(1, std::memory_order_relaxed);
  // A moving average; a lost update between two threads does no harm.
  const auto add = [ns](std::atomic<uint64_t>& average) {
    const uint64_t old = average.load(std::memory_order_relaxed);
    average.store(old == 0 ? std::max<uint64_t>(ns, 1) : (3 * old + ns) / 4,
                  std::memory_order_relaxed);
  };
  add(typical_run_ns_);
  add(typical_by_size_[std::bit_width(input_bytes)]);
}

}  // namespace wasinn
