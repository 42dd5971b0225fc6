// Core modules: import module `wasinn_nn`, wasinn's own extension (guests/include/wasinn_nn.h).
#include "dialect/core_call.h"
#include "dialect/extension.h"

namespace wasinn {
namespace {

using core_call::CheckOut;
using core_call::CoreCall;

// The errno with which a call ends; nullopt: PENDING. An Error becomes the last error and its
// errno.
using End = Result<std::optional<uint32_t>>;

// Writes the errno with which a call ended, unless the guest must stop.
wasinn_call_state EndCall(Session& session, const End& end, uint64_t* result) {
  // A stopped guest gets no errno: it ends.
  if (session.stopped()) return TrapStopped(session);
  if (!end) session.Remember(end.error());
  *result = end ? **end : WitxErrno(end.error().code);
  return WASINN_CALL_DONE;
}

// As core_call::Enter, for functions that also have outcomes which are no failed call.
template <End (*Function)(CoreCall&)>
wasinn_call_state Enter(wasinn_session* c_session, wasinn_memory memory, const uint64_t* args,
                        uint64_t* result, wasinn_call** pending) {
  Session& session = FromC(c_session);
  try {
    if (session.stopped()) return TrapStopped(session);
    CoreCall call{session, GuestMemory(memory), args, pending};
    const End end = Function(call);
    return end && !*end ? WASINN_CALL_PENDING : EndCall(session, end, result);
  } catch (...) {
    return EndCall(session, Fail(ErrorOfException()), result);
  }
}

// A text that the guest's buffer cannot hold is no failed call: the last error stays what it was.
End WriteText(const CoreCall& call, size_t buffer, std::string_view text) {
  const uint32_t max = call.arg(buffer + 1);
  WASINN_TRY(out, call.memory.Bytes("text buffer", call.arg(buffer), max));
  WASINN_CHECK(CheckOut(call, "size pointer", call.arg(buffer + 2)));
  call.memory.WriteU32(call.arg(buffer + 2), static_cast<uint32_t>(text.size()));
  if (text.size() > max) return WitxErrno(Code::kTooLarge);
  std::memcpy(out.data(), text.data(), text.size());
  return 0;
}

// last_error(code_out, text, max, written_out)
End LastError(CoreCall& call) {
  WASINN_CHECK(CheckOut(call, "code pointer", call.arg(0)));
  const Error& error = call.session.last_failure();
  WASINN_TRY(end, WriteText(call, 1, error.message));
  // The code is written even if the text does not fit: some guests only need the code.
  call.memory.WriteU32(call.arg(0), static_cast<uint32_t>(error.code));
  return end;
}

// code_name(code, text, max, written_out)
End NameOfCode(CoreCall& call) {
  return WriteText(call, 1, CodeName(static_cast<Code>(call.arg(0))));
}

// describe_graph(graph, text, max, written_out)
End DescribeGraphTo(CoreCall& call) {
  WASINN_TRY(text, DescribeGraphText(call.session, call.arg(0)));
  return WriteText(call, 1, text);
}

// describe_host(text, max, written_out)
End DescribeHostTo(CoreCall& call) { return WriteText(call, 0, DescribeHostText(call.session)); }

// init_execution_context_with_options(graph, options, len, context_out)
End InitWithOptions(CoreCall& call) {
  WASINN_TRY(options, call.memory.Text("options", call.arg(1), call.arg(2)));
  WASINN_CHECK(CheckOut(call, "context pointer", call.arg(3)));
  WASINN_TRY(context, InitContextWithOptions(call.session, call.arg(0), options));
  call.memory.WriteU32(call.arg(3), context);
  return 0;
}

// start(ctx)
End Start(CoreCall& call) {
  WASINN_CHECK(call.session.StartRun(call.arg(0)));
  return 0;
}

End StoreStatus(GuestMemory memory, uint32_t out, const Result<RunStatus>& status) {
  if (!status) return Fail(status.error());
  WASINN_CHECK(memory.Bytes("status pointer", out, 4));
  memory.WriteU32(out, RunStatusNumber(*status));
  return 0;
}

// poll(ctx, status_out)
End Poll(CoreCall& call) {
  WASINN_CHECK(CheckOut(call, "status pointer", call.arg(1)));
  return StoreStatus(call.memory, call.arg(1), call.session.PollRun(call.arg(0)));
}

// wait(ctx, timeout, status_out)
End Wait(CoreCall& call) {
  const uint32_t out = call.arg(2);
  WASINN_CHECK(CheckOut(call, "status pointer", out));
  Session& session = call.session;
  Call<RunStatus> wait = WaitForRun(session, call.arg(0), call.arg(1));
  if (call.pending == nullptr || wait.ended()) return StoreStatus(call.memory, out, wait.Take());
  *call.pending = NewGuestCall(
      session, std::move(wait),
      [&session, out](Result<RunStatus> status, wasinn_memory memory, uint64_t* result) {
        return EndCall(session, StoreStatus(GuestMemory(memory), out, status), result);
      });
  return std::nullopt;
}

// cancel(ctx)
End Cancel(CoreCall& call) {
  WASINN_CHECK(call.session.CancelRun(call.arg(0)));
  return 0;
}

// read(ctx, index, out_buf, out_buf_max_size, bytes_written_out)
End Read(CoreCall& call) {
  WASINN_TRY(out, call.memory.Bytes("output buffer", call.arg(2), call.arg(3)));
  WASINN_CHECK(CheckOut(call, "size pointer", call.arg(4)));
  WASINN_TRY(piece, call.session.ReadPiece(call.arg(0), call.arg(1), out.size()));
  if (!piece.bytes.empty()) std::memcpy(out.data(), piece.bytes.data(), piece.bytes.size());
  call.memory.WriteU32(call.arg(4), static_cast<uint32_t>(piece.bytes.size()));
  return piece.state == Piece::State::kEnd ? WitxErrno(Code::kEndOfSequence) : 0;
}

constexpr const char* kModule = "wasinn_nn";

constexpr auto kImports = std::to_array<wasinn_core_import>({
    {"wasinn", kModule, "last_error", "iiii", "i", 0, Enter<LastError>},
    {"wasinn", kModule, "code_name", "iiii", "i", 0, Enter<NameOfCode>},
    {"wasinn", kModule, "describe_graph", "iiii", "i", 0, Enter<DescribeGraphTo>},
    {"wasinn", kModule, "describe_host", "iii", "i", 0, Enter<DescribeHostTo>},
    {"wasinn", kModule, "init_execution_context_with_options", "iiii", "i", 0,
     Enter<InitWithOptions>},
    {"wasinn", kModule, "start", "i", "i", 0, Enter<Start>},
    {"wasinn", kModule, "poll", "ii", "i", 0, Enter<Poll>},
    {"wasinn", kModule, "wait", "iii", "i", 1, Enter<Wait>},
    {"wasinn", kModule, "cancel", "i", "i", 0, Enter<Cancel>},
    {"wasinn", kModule, "read", "iiiii", "i", 0, Enter<Read>},
});

}  // namespace

std::span<const wasinn_core_import> WasinnCoreImports() { return kImports; }

}  // namespace wasinn
