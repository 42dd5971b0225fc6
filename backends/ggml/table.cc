#include "ggml/table.h"

#include <cstring>
#include <string_view>

#include "ggml/options.h"

namespace wasinn::ggml {
namespace {

const char* Devices(wasinn_backend_instance*) { return "cpu"; }

int32_t Probe(wasinn_backend_instance*, wasinn_bytes head, uint64_t, const char* path) {
  if (head.size >= 4 && std::memcmp(head.data, "GGUF", 4) == 0) return 100;
  // This backend gives the best error for a broken file that begins like GGUF.
  return path != nullptr && std::string_view(path).ends_with(".gguf") ? 30 : 0;
}

}  // namespace

wasinn_backend BareTable(const char* version) {
  wasinn_backend table{};
  table.struct_size = sizeof table;
  table.abi_version = WASINN_BACKEND_ABI_VERSION;
  table.capabilities = WASINN_BACKEND_GENERATES;
  table.name = "ggml";
  table.version = version;
  table.description = "llama.cpp";
  table.encodings = "ggml";
  table.options = OptionTable().data();
  table.option_count = OptionTable().size();
  table.devices = Devices;
  table.probe = Probe;
  return table;
}

}  // namespace wasinn::ggml
