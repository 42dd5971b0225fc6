#include "input_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "files.h"
#include "npy.h"
#include "text_argument.h"

namespace wasinn::cli {
namespace {

wasinn_dtype DtypeOf(std::string_view name) {
  return wasinn_dtype_from_name({name.data(), name.size()});
}

std::string PortNames(const std::vector<Port>& ports) {
  std::vector<std::string> names;
  for (const auto& port : ports) names.push_back(port.name);
  return Join(names, "none");
}

// The port, or why there is none of that name.
Parsed<const Port*> FindPort(const std::string& name, const std::vector<Port>& ports) {
  if (name.empty()) {
    if (ports.size() == 1) return &ports.front();
    return std::unexpected(
        fmt::format("expected NAME=VALUE for one of the inputs ({}), given a "
                    "value alone",
                    PortNames(ports)));
  }
  const auto port = std::ranges::find(ports, name, &Port::name);
  if (port != ports.end()) return &*port;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    if (name == std::to_string(i)) return &ports[i];
  }
  // The core accepts names that the listing does not have: a single input without a name accepts
  // any.
  if (ports.size() == 1 && ports.front().name.empty()) return &ports.front();
  return std::unexpected(fmt::format("expected the name or number of an input ({}), given \"{}\"",
                                     PortNames(ports), Printable(name)));
}

wasinn_dtype Or(wasinn_dtype dtype, wasinn_dtype other) {
  return dtype == WASINN_DTYPE_NONE ? other : dtype;
}

// The content of a file: an array, lists or text, depending on its extension.
Parsed<Tensor> ParseFile(const std::string& path, const std::vector<std::byte>& data,
                         wasinn_dtype dtype, bool text_port) {
  const std::string_view text(reinterpret_cast<const char*>(data.data()), data.size());
  const auto parse = [&]() -> Parsed<Tensor> {
    if (path.ends_with(".npy")) return ReadNpy(data);
    // On a text port, JSON is ordinary text.
    if (!path.ends_with(".json") || text_port) {
      return TensorFromText(text, Or(dtype, WASINN_DTYPE_U8));
    }
    const auto root = nlohmann::json::parse(text, nullptr, false);
    if (root.is_discarded()) return std::unexpected("expected JSON");
    return TensorFromJson(root, Or(dtype, WASINN_DTYPE_F32));
  };
  auto tensor = parse();
  if (!tensor) return std::unexpected(fmt::format("{}: {}", path, tensor.error()));
  return tensor;
}

Parsed<Tensor> ReadValue(const std::string& value, wasinn_dtype dtype, bool text_port) {
  if (const auto file = FileOfArgument(value)) {
    const auto data = ReadArgumentFile(*file);
    if (!data) return std::unexpected(data.error());
    return ParseFile(*file, *data, dtype, text_port);
  }
  // Numbers never look like this.
  const bool is_text = text_port || dtype == WASINN_DTYPE_STRING;
  if (!is_text && (value.ends_with(".npy") || value.ends_with(".json"))) {
    const auto data = ReadFile(value);
    if (!data) return std::unexpected(data.error().message);
    return ParseFile(value, *data, dtype, text_port);
  }
  return TensorFromText(TextOfArgument(value), Or(dtype, WASINN_DTYPE_U8));
}

}  // namespace

InputSpec ParseInputSpec(std::string_view text) {
  InputSpec spec;
  const auto equals = text.find('=');
  if (equals == std::string_view::npos || text.starts_with('@')) {
    spec.value = text;
    return spec;
  }
  std::string_view name = text.substr(0, equals);
  spec.value = text.substr(equals + 1);
  const auto colon = name.rfind(':');
  if (colon != std::string_view::npos) {
    spec.dtype = DtypeOf(name.substr(colon + 1));
    if (spec.dtype != WASINN_DTYPE_NONE) name = name.substr(0, colon);
  }
  spec.name = name;
  return spec;
}

Parsed<NamedTensor> ReadInput(const InputSpec& spec, const std::vector<Port>& ports) {
  const auto fail = [&](const std::string& why) {
    return std::unexpected(
        fmt::format("--input{}{}: {}", spec.name.empty() ? "" : " ", Printable(spec.name), why));
  };
  const auto port = FindPort(spec.name, ports);
  if (!port) return fail(port.error());
  const auto dtype = spec.dtype != WASINN_DTYPE_NONE ? spec.dtype : (*port)->dtype;
  const bool text_port = (*port)->text && dtype == WASINN_DTYPE_U8;
  auto tensor = ReadValue(spec.value, dtype, text_port);
  if (!tensor) return fail(tensor.error());
  if ((*port)->dims) tensor->dims = FitDims(std::move(tensor->dims), *(*port)->dims);
  // By index, because two ports may share a name.
  return NamedTensor{std::to_string(*port - ports.data()), std::move(*tensor)};
}

}  // namespace wasinn::cli
