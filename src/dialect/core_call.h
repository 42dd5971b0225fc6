// The code that the dialects of core modules share: the parts of a call, functions that are the
// same in all of them, and the entry.
#pragma once

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "dialect/imports.h"
#include "dialect/memory.h"
#include "model/encoding.h"

namespace wasinn::core_call {

// `record` of a builder: {u32 ptr; u32 len}.
inline constexpr uint32_t kBuilderRecord = 8;
inline constexpr uint32_t kMaxBuilders = 1024;

struct Call {
  Session& session;
  GuestMemory memory;
  const uint64_t* args;
  const wasinn_waker* waker;

  uint32_t arg(size_t i) const { return static_cast<uint32_t>(args[i]); }
};

// The errno of an outcome; an error becomes the session's last error.
uint32_t Errno(Session& session, const Result<>& result);

// A u32 that the call will write.
inline Result<> CheckOut(const Call& call, const char* what, uint32_t offset) {
  WASINN_CHECK(call.memory.Bytes(what, offset, 4));
  return {};
}

// ---- parts of functions

// The builders of `load`.
Result<std::vector<std::span<const uint8_t>>> ReadBuilders(const Call& call, uint32_t list,
                                                           uint32_t count);
// Loads, and writes the handle to `out`; false: PENDING.
Result<bool> StartLoad(Call& call, std::span<const std::span<const uint8_t>> parts,
                       Encoding encoding, uint32_t target, uint32_t out);
Result<bool> StartLoadByName(Call& call, std::string_view name, const Options& options,
                             uint32_t out);

// A list of u32.
Result<Shape> ReadDims(const Call& call, uint32_t dims, uint32_t rank);
// The expected type of a graph's input.
Result<const Port*> InputPort(const Graph& graph, uint32_t index);
// Fails for an output whose size exceeds 32 bits.
Result<uint32_t> OutputSize(const Tensor& tensor);

// Makes the session finish the call with `Finish`; the result is the errno.
template <Result<> (Session::*Finish)()>
bool FinishLater(Call& call) {
  call.session.finish_core = [&session = call.session](wasinn_memory, uint64_t* result) {
    const auto outcome = (session.*Finish)();
    if (session.stopped()) return TrapStopped(session);
    *result = Errno(session, outcome);
    return WASINN_CALL_DONE;
  };
  return false;
}

// ---- functions

// load_by_name(name_ptr, name_len, graph_out)
Result<bool> LoadByName(Call& call);
// init_execution_context(graph, ctx_out)
Result<bool> InitExecutionContext(Call& call);
// compute(ctx)
Result<bool> Compute(Call& call);

// Runs one function: a value or an error becomes the errno, and no exception leaves it. False from
// `Function` means PENDING.
template <Result<bool> (*Function)(Call&)>
wasinn_call_state Enter(wasinn_session* c_session, wasinn_memory memory, const uint64_t* args,
                        uint64_t* result, const wasinn_waker* waker) {
  Session& session = FromC(c_session);
  const auto end = [&](const Result<>& outcome) {
    // A stopped guest gets no errno: it ends.
    if (session.stopped()) return TrapStopped(session);
    *result = Errno(session, outcome);
    return WASINN_CALL_DONE;
  };
  try {
    if (session.stopped()) return TrapStopped(session);
    Call call{session, GuestMemory(memory), args, waker};
    const Result<bool> done = Function(call);
    if (!done) return end(Fail(done.error()));
    return *done ? end({}) : WASINN_CALL_PENDING;
  } catch (...) {
    session.GiveUpCall();
    return end(Fail(ErrorOfException()));
  }
}

}  // namespace wasinn::core_call
