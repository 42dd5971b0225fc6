// The symbol of the plug-in ggml.so. When the first model is loaded, it opens the best build that
// works on this processor, ggml/NAME.so in the same folder, which then does all the work.
#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>
#include <wasinn/backend.hpp>

#include "ggml/build_check.h"
#include "ggml/cpus.h"
#include "ggml/table.h"

namespace wasinn::ggml {
namespace {

struct Chosen {
  const wasinn_backend* table = nullptr;
  std::string problem;                // why no build was chosen
  std::vector<std::string> warnings;  // other problems
};

// The folder of this plug-in, with a slash at the end.
std::string OwnFolder() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&OwnFolder), &info) == 0 || info.dli_fname == nullptr) {
    return {};
  }
  const std::string path = info.dli_fname;
  return path.substr(0, path.rfind('/') + 1);
}

void OpenFile(const std::string& path, const std::string& cpu, Chosen& chosen) {
  // Never closed: the table is used until the process ends.
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* why = dlerror();
    chosen.problem = "expected the build for processor " + cpu + " in " + path + ", given none" +
                     (why != nullptr ? std::string(" (") + why + ")" : "");
    return;
  }
  const auto entry =
      reinterpret_cast<wasinn_backend_entry_fn>(dlsym(library, "wasinn_backend_entry_v1"));
  if (entry == nullptr) {
    chosen.problem = path + ": expected a backend that exports wasinn_backend_entry_v1, given none";
    return;
  }
  chosen.table = entry();
}

Chosen Choose() {
  Chosen chosen;
  const char* forced = std::getenv("WASINN_GGML_CPU");
  const auto cpus = ChooseCpus(WASINN_GGML_CPUS, forced == nullptr ? "" : forced, ProcessorHas);
  if (!cpus) {
    chosen.problem = cpus.error();
    return chosen;
  }
  const std::string folder = OwnFolder() + "ggml/";
  std::string left_out;
  for (const std::string& cpu : *cpus) {
    const std::string path = folder + cpu + ".so";
    BuildCheck check{BuildState::kWorks, ""};
    // A missing build is reported as missing.
    if (access(path.c_str(), F_OK) == 0) {
      check = CheckBuild(folder + "wasinn-ggml-check", path, CheckFolder());
    }
    if (check.state == BuildState::kFails) {
      const std::string what = path + " does not work on this processor (" + check.why + ")";
      chosen.warnings.push_back("left out: " + what);
      left_out += "; " + what;
      continue;
    }
    if (check.state == BuildState::kUnknown) {
      chosen.warnings.push_back("used without a check: " + path + " (" + check.why + ")");
    }
    OpenFile(path, cpu, chosen);
    return chosen;
  }
  chosen.problem =
      "expected a build of llama.cpp that works on this processor, given none" + left_out;
  return chosen;
}

// The build for the whole process, chosen when it is first needed.
const Chosen& TheChosen() {
  static const Chosen chosen = Choose();
  return chosen;
}

const wasinn_backend& Build() { return *TheChosen().table; }

}  // namespace
}  // namespace wasinn::ggml

// One open plug-in and, once a model was loaded, its open build. Loads are serial.
struct wasinn_backend_instance {
  const wasinn_backend_host* host = nullptr;
  wasinn_backend_instance* build = nullptr;
};

namespace wasinn::ggml {
namespace {

wasinn_code Open(const wasinn_backend_host* host, wasinn_backend_instance** out,
                 wasinn_error* error) {
  return backend::Guard(
      error, [&] { *out = std::make_unique<wasinn_backend_instance>(host, nullptr).release(); });
}

void Close(wasinn_backend_instance* instance) {
  if (instance->build != nullptr) Build().close(instance->build);
  delete instance;
}

wasinn_code GraphLoad(wasinn_backend_instance* instance, const wasinn_load_request* request,
                      wasinn_backend_graph** out, wasinn_error* error) {
  wasinn_code code = backend::Guard(error, [] {
    if (TheChosen().table == nullptr) {
      throw backend::Failure(WASINN_RUNTIME_ERROR, "ggml: " + TheChosen().problem);
    }
  });
  if (code == WASINN_OK && instance->build == nullptr) {
    for (const std::string& warning : TheChosen().warnings) {
      instance->host->log(instance->host->self, WASINN_LOG_WARN, backend::Str(warning));
    }
    code = Build().open(instance->host, &instance->build, error);
  }
  return code == WASINN_OK ? Build().graph_load(instance->build, request, out, error) : code;
}

wasinn_code GraphDescribe(wasinn_backend_graph* graph, wasinn_graph_info* out,
                          wasinn_error* error) {
  return Build().graph_describe(graph, out, error);
}
void GraphFree(wasinn_backend_graph* graph) { Build().graph_free(graph); }

wasinn_code ContextCreate(wasinn_backend_graph* graph, const wasinn_option* options, size_t count,
                          wasinn_backend_context** out, wasinn_error* error) {
  return Build().context_create(graph, options, count, out, error);
}
void ContextFree(wasinn_backend_context* context) { Build().context_free(context); }

void Run(wasinn_backend_context* context, const wasinn_backend_input* inputs, size_t count,
         const wasinn_backend_sink* sink) {
  Build().run(context, inputs, count, sink);
}
void Cancel(wasinn_backend_context* context, uint64_t run) { Build().cancel(context, run); }

wasinn_code InputSet(wasinn_backend_context* context, uint32_t port,
                     const wasinn_tensor_view* tensor, wasinn_error* error) {
  return Build().input_set(context, port, tensor, error);
}
wasinn_code OutputGet(wasinn_backend_context* context, uint32_t port, wasinn_backend_output* out,
                      wasinn_error* error) {
  return Build().output_get(context, port, out, error);
}

wasinn_backend Table() {
  wasinn_backend table = BareTable(WASINN_LLAMA_VERSION);
  table.open = Open;
  table.close = Close;
  table.graph_load = GraphLoad;
  table.graph_describe = GraphDescribe;
  table.graph_free = GraphFree;
  table.context_create = ContextCreate;
  table.context_free = ContextFree;
  table.run = Run;
  table.cancel = Cancel;
  table.input_set = InputSet;
  table.output_get = OutputGet;
  return table;
}

}  // namespace
}  // namespace wasinn::ggml

const wasinn_backend* wasinn_backend_entry_v1() {
  static const wasinn_backend table = wasinn::ggml::Table();
  return &table;
}
