#include "ports.h"

#include "tensor.h"

namespace wasinn::cli {

std::vector<Port> PortsOf(const Json& model, const char* key) {
  std::vector<Port> ports;
  for (const auto& json : List(model, key)) {
    Port port;
    port.name = Text(json, "name");
    const std::string dtype = Text(json, "dtype");
    port.dtype = wasinn_dtype_from_name({dtype.data(), dtype.size()});
    if (const auto dims = json.find("dims"); dims != json.end() && dims->is_array()) {
      port.dims.emplace();
      for (const auto& dim : *dims) {
        port.dims->push_back(dim.is_number_integer() ? dim.get<std::int64_t>() : -1);
      }
    }
    port.optional = json.value("optional", false);
    port.text = json.value("text", false);
    ports.push_back(std::move(port));
  }
  return ports;
}

Table PortTable(const std::vector<Port>& ports) {
  Table table({"NAME", "TYPE", "DIMS", ""});
  for (const auto& port : ports) {
    table.AddRow({port.name, DtypeText(port.dtype), port.dims ? DimsText(*port.dims) : "any",
                  port.optional ? "optional" : ""});
  }
  return table;
}

}  // namespace wasinn::cli
