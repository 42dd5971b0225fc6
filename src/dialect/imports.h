// The import tables of all dialects, which every adapter registers.
#pragma once

#include <wasinn/adapter.h>

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "session/session.h"

namespace wasinn {

// Each dialect's own rows; static.
std::span<const wasinn_core_import> WitxImports();
std::span<const wasinn_core_import> LegacyImports();
std::span<const wasinn_component_import> WitImports();
std::span<const wasinn_component_resource> WitResources();
std::span<const wasinn_component_import> DraftImports();
std::span<const wasinn_component_resource> DraftResources();
std::span<const wasinn_core_import> WasinnCoreImports();
std::span<const wasinn_component_import> WasinnComponentImports();

// The published versions of wasi:nn, oldest first.
inline constexpr std::array kWitSnapshots = {"0.2.0-rc-2024-06-25", "0.2.0-rc-2024-08-19",
                                             "0.2.0-rc-2024-10-28"};
// "wasi:nn/graph@0.2.0-rc-2024-10-28"
std::string WitInterface(std::string_view interface, std::string_view snapshot);

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
// Ends a call of a session that was stopped; the session's last error has the reason.
wasinn_call_state TrapStopped(Session& session);

inline wasinn_session* ToC(Session* session) { return reinterpret_cast<wasinn_session*>(session); }

}  // namespace wasinn
