// The code that the dialects of core modules share: the parts of a call, functions that are the
// same in all of them, and the entry.
#pragma once

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "dialect/memory.h"
#include "dialect/open_call.h"
#include "model/encoding.h"

namespace wasinn::core_call {

// `record` of a builder: {u32 ptr; u32 len}.
inline constexpr uint32_t kBuilderRecord = 8;
inline constexpr uint32_t kMaxBuilders = 1024;

struct CoreCall {
  Session& session;
  GuestMemory memory;
  const uint64_t* args;
  wasinn_call** pending;  // nullptr: the call blocks

  uint32_t arg(size_t i) const { return static_cast<uint32_t>(args[i]); }
};

// The errno of an outcome; an error becomes the session's last error.
uint32_t Errno(Session& session, const Result<>& result);

// A u32 that the call will write.
inline Result<> CheckOut(const CoreCall& call, const char* what, uint32_t offset) {
  WASINN_CHECK(call.memory.Bytes(what, offset, 4));
  return {};
}

// ---- parts of functions

// The builders of `load`.
Result<std::vector<std::span<const uint8_t>>> ReadBuilders(const CoreCall& call, uint32_t list,
                                                           uint32_t count);
// Loads, and writes the handle to `out`; false: PENDING.
Result<bool> StartLoad(CoreCall& call, std::span<const std::span<const uint8_t>> parts,
                       Encoding encoding, uint32_t target, uint32_t out);
Result<bool> StartLoadByName(CoreCall& call, std::string_view name, const Options& options,
                             uint32_t out);

// A list of u32.
Result<Shape> ReadDims(const CoreCall& call, uint32_t dims, uint32_t rank);
// What is expected of an input of the graph, to which it belongs.
Result<const Port*> InputPort(const Graph& graph, uint32_t index);
// Fails for an output whose size exceeds 32 bits.
Result<uint32_t> OutputSize(const Tensor& tensor);

// Ends a call with `then`, or leaves it pending; `then`: Result<>(GuestMemory, Result<T>), whose
// outcome becomes the errno.
template <typename T, typename Then>
Result<bool> EndOrLeave(CoreCall& call, Call<T> started, Then then) {
  if (call.pending == nullptr || started.ended()) {
    WASINN_CHECK(then(call.memory, started.Take()));
    return true;
  }
  Session& session = call.session;
  *call.pending =
      NewGuestCall(session, std::move(started),
                   [&session, then](Result<T> outcome, wasinn_memory memory, uint64_t* result) {
                     if (session.stopped()) return TrapStopped(session);
                     *result = Errno(session, then(GuestMemory(memory), std::move(outcome)));
                     return WASINN_CALL_DONE;
                   });
  return false;
}
// The same for a call whose outcome is all.
inline Result<bool> EndOrLeave(CoreCall& call, Call<void> started) {
  return EndOrLeave(call, std::move(started),
                    [](GuestMemory, Result<> outcome) { return outcome; });
}

// ---- functions

// load_by_name(name_ptr, name_len, graph_out)
Result<bool> LoadByName(CoreCall& call);
// init_execution_context(graph, ctx_out)
Result<bool> InitExecutionContext(CoreCall& call);
// compute(ctx)
Result<bool> Compute(CoreCall& call);

// Runs one function: a value or an error becomes the errno, and nothing is thrown past it. False
// from `Function` means PENDING.
template <Result<bool> (*Function)(CoreCall&)>
wasinn_call_state Enter(wasinn_session* c_session, wasinn_memory memory, const uint64_t* args,
                        uint64_t* result, wasinn_call** pending) {
  Session& session = FromC(c_session);
  const auto end = [&](const Result<>& outcome) {
    // A stopped guest gets no errno: it ends.
    if (session.stopped()) return TrapStopped(session);
    *result = Errno(session, outcome);
    return WASINN_CALL_DONE;
  };
  try {
    if (session.stopped()) return TrapStopped(session);
    CoreCall call{session, GuestMemory(memory), args, pending};
    const Result<bool> done = Function(call);
    if (!done) return end(Fail(done.error()));
    return *done ? end({}) : WASINN_CALL_PENDING;
  } catch (...) {
    return end(Fail(ErrorOfException()));
  }
}

}  // namespace wasinn::core_call
