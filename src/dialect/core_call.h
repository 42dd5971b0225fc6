// What the dialects for core modules share: a call's arguments and its end.
#pragma once

#include <cstdint>
#include <optional>

#include "dialect/imports.h"
#include "dialect/memory.h"

namespace wasinn {

struct CoreCall {
  Session& session;
  GuestMemory memory;
  const uint64_t* args;
  const wasinn_waker* waker;

  uint32_t arg(size_t i) const { return static_cast<uint32_t>(args[i]); }
};

// The errno that a call ends with; nullopt: PENDING. An Error is remembered and becomes its errno.
using CoreEnd = Result<std::optional<uint32_t>>;

// Whether a u32 can be written at `offset`.
inline Result<> CheckOut(const CoreCall& call, const char* what, uint32_t offset) {
  WASINN_CHECK(call.memory.Bytes(what, offset, 4));
  return {};
}

// Writes what a call ended with, unless the guest must end with it.
inline wasinn_call_state EndCore(Session& session, const CoreEnd& end, uint64_t* result) {
  // A stopped guest does not get to see an errno: it ends.
  if (session.stopped()) return TrapStopped(session);
  if (!end) session.Remember(end.error());
  *result = end ? **end : WitxErrno(end.error().code);
  return WASINN_CALL_DONE;
}

// Runs one function of a table; nothing is thrown past it.
template <CoreEnd (*Function)(CoreCall&)>
wasinn_call_state EnterCore(wasinn_session* c_session, wasinn_memory memory, const uint64_t* args,
                            uint64_t* result, const wasinn_waker* waker) {
  Session& session = FromC(c_session);
  try {
    if (session.stopped()) return TrapStopped(session);
    CoreCall call{session, GuestMemory(memory), args, waker};
    const CoreEnd end = Function(call);
    return end && !*end ? WASINN_CALL_PENDING : EndCore(session, end, result);
  } catch (...) {
    return EndCore(session, Fail(ErrorOfException()), result);
  }
}

}  // namespace wasinn
