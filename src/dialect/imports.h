// The import tables of all dialects: what every engine adapter registers.
#pragma once

#include <wasinn/adapter.h>

#include <span>
#include <vector>

#include "session/session.h"

namespace wasinn {

// Each dialect's own rows; static.
std::span<const wasinn_core_import> WitxImports();
std::span<const wasinn_core_import> LegacyImports();
std::span<const wasinn_component_import> WitImports();
std::span<const wasinn_component_resource> WitResources();

// All dialects together; static.
std::span<const wasinn_core_import> CoreImports();
std::span<const wasinn_component_import> ComponentImports();
std::span<const wasinn_component_resource> ComponentResources();
std::span<const wasinn_component_enum> ComponentEnums();

// The C API's opaque session is our Session.
inline Session& FromC(wasinn_session* session) { return *reinterpret_cast<Session*>(session); }
inline const Session& FromC(const wasinn_session* session) {
  return *reinterpret_cast<const Session*>(session);
}
// Ends a call of a session that was stopped; the adapter finds out why in its last error.
wasinn_call_state TrapStopped(Session& session);

inline wasinn_session* ToC(Session* session) { return reinterpret_cast<wasinn_session*>(session); }

}  // namespace wasinn
