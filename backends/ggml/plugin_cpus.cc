// The symbol of the plug-in ggml.so in its release form: it opens the build for this processor,
// ggml/NAME.so beside it, and gives that one's table.
#include <dlfcn.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <wasinn/backend.hpp>

#include "ggml/cpus.h"

namespace {

// Why there is no build for this processor.
std::string& Problem() {
  static std::string problem;
  return problem;
}

// ---- a table that takes models, so that loading one says so; nothing after that is reached

wasinn_code Open(const wasinn_backend_host*, wasinn_backend_instance** out, wasinn_error*) {
  static char nothing;
  *out = reinterpret_cast<wasinn_backend_instance*>(&nothing);
  return WASINN_OK;
}
const char* NoDevices(wasinn_backend_instance*) { return ""; }
int32_t Probe(wasinn_backend_instance*, wasinn_bytes head, uint64_t, const char*) {
  return head.size >= 4 && std::memcmp(head.data, "GGUF", 4) == 0 ? 100 : 0;
}
wasinn_code Load(wasinn_backend_instance*, const wasinn_load_request*, wasinn_backend_graph**,
                 wasinn_error* error) {
  return wasinn::backend::Guard(
      error, [] { throw wasinn::backend::Failure(WASINN_RUNTIME_ERROR, Problem()); });
}
wasinn_code Describe(wasinn_backend_graph*, wasinn_graph_info*, wasinn_error*) {
  return WASINN_RUNTIME_ERROR;
}
void FreeGraph(wasinn_backend_graph*) {}
wasinn_code CreateContext(wasinn_backend_graph*, const wasinn_option*, size_t,
                          wasinn_backend_context**, wasinn_error*) {
  return WASINN_RUNTIME_ERROR;
}
void FreeContext(wasinn_backend_context*) {}
void Run(wasinn_backend_context*, const wasinn_backend_input*, size_t, const wasinn_backend_sink*) {
}

const wasinn_backend* NoBuild(std::string problem) {
  Problem() = "ggml: " + std::move(problem);
  static const wasinn_backend table = [] {
    wasinn_backend none{};
    none.struct_size = sizeof none;
    none.abi_version = WASINN_BACKEND_ABI_VERSION;
    none.capabilities = WASINN_BACKEND_GENERATES;
    none.name = "ggml";
    none.version = "";
    none.description = Problem().c_str();
    none.encodings = "ggml";
    none.open = Open;
    none.devices = NoDevices;
    none.probe = Probe;
    none.graph_load = Load;
    none.graph_describe = Describe;
    none.graph_free = FreeGraph;
    none.context_create = CreateContext;
    none.context_free = FreeContext;
    none.run = Run;
    return none;
  }();
  return &table;
}

// The folder of this plug-in, with the slash behind it.
std::string OwnFolder() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&OwnFolder), &info) == 0 || info.dli_fname == nullptr) {
    return {};
  }
  const std::string path = info.dli_fname;
  return path.substr(0, path.rfind('/') + 1);
}

const wasinn_backend* OpenBuild() {
  const char* forced = std::getenv("WASINN_GGML_CPU");
  const auto cpu = wasinn::ggml::ChooseCpu(WASINN_GGML_CPUS, forced == nullptr ? "" : forced,
                                           wasinn::ggml::ProcessorHas);
  if (!cpu) return NoBuild(cpu.error());
  const std::string path = OwnFolder() + "ggml/" + *cpu + ".so";
  // Never closed: the table is used until the process ends.
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  const char* why = library == nullptr ? dlerror() : nullptr;
  if (library == nullptr) {
    return NoBuild("expected the build for processor " + *cpu + " in " + path + ", given none" +
                   (why != nullptr ? std::string(" (") + why + ")" : ""));
  }
  const auto entry =
      reinterpret_cast<wasinn_backend_entry_fn>(dlsym(library, "wasinn_backend_entry_v1"));
  if (entry == nullptr) {
    return NoBuild(path + ": expected a backend that exports wasinn_backend_entry_v1, given none");
  }
  return entry();
}

}  // namespace

const wasinn_backend* wasinn_backend_entry_v1() {
  static const wasinn_backend* table = OpenBuild();
  return table;
}
