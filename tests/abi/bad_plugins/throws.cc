// Lets an exception out of a slot: of graph_load, or of run when THROWS_IN_RUN is defined.
#include <stdexcept>

#include "base.h"

namespace {

#ifdef THROWS_IN_RUN
constexpr const char* kName = "throws-in-run";

void Run(wasinn_backend_context*, const wasinn_backend_input*, size_t, const wasinn_backend_sink*) {
  throw std::runtime_error("thrown by run");
}

void Spoil(wasinn_backend& table) { table.run = Run; }
#else
constexpr const char* kName = "throws-in-load";

wasinn_code Load(wasinn_backend_instance*, const wasinn_load_request*, wasinn_backend_graph**,
                 wasinn_error*) {
  throw std::runtime_error("thrown by graph_load");
}

void Spoil(wasinn_backend& table) { table.graph_load = Load; }
#endif

}  // namespace

BASE_EXPORT(kName, Spoil(table))
