// The code that the dialects for components share: a call's values, its results and errors, and its
// end.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dialect/open_call.h"

namespace wasinn {

struct WitCall {
  Session& session;
  std::span<const wasinn_val> args;
  wasinn_val* result;
  wasinn_call** pending;  // nullptr: the call blocks
};

inline std::string_view ValText(const wasinn_val& val) {
  return {static_cast<const char*>(val.bytes.data), val.bytes.size};
}

// The bytes of a list; the data pointer of an empty list may be NULL.
inline std::span<const uint8_t> ValBytes(const wasinn_val& val) {
  return {static_cast<const uint8_t*>(val.bytes.data),
          val.bytes.data == nullptr ? 0 : val.bytes.size};
}

// Sets the string of a result or option, but not its tag.
void SetText(Session& session, wasinn_val* result, std::string text);
// The error side of a result<_, error>: a new error resource.
Result<> SetError(Session& session, wasinn_val* result, const Error& error);
// result<own<resource>, error>
Result<> SetHandle(Session& session, wasinn_val* result, const Result<uint32_t>& handle);
// result<_, error>
Result<> SetUnit(Session& session, wasinn_val* result, const Result<>& outcome);

// Sets one input of a context, by its name in the model or by its index.
Result<> SetNamedInput(Session& session, uint32_t context, std::string_view name,
                       Result<Tensor> tensor);
// Sets all inputs and forgets the previous ones. The tensors are consumed in any case.
Result<> GiveNamedInputs(Session& session, uint32_t context, std::span<const wasinn_val> inputs);
// The outputs as list<tuple<string, own<tensor>>>, in the model's order.
Result<> SetNamedOutputs(Session& session, uint32_t context, wasinn_val* result);

// Ends a call whose result was set; an error means that the guest must stop.
wasinn_call_state EndWit(Session& session, const Result<>& set);

// Ends a call with `then`, or leaves it pending; `then`: Result<>(Session&, wasinn_val*,
// Result<T>).
template <typename T, typename Then>
Result<bool> EndOrLeave(WitCall& call, Call<T> started, Then then) {
  Session& session = call.session;
  if (call.pending == nullptr || started.ended()) {
    WASINN_CHECK(then(session, call.result, started.Take()));
    return true;
  }
  *call.pending = NewGuestCall(session, std::move(started),
                               [&session, then](Result<T> outcome, wasinn_val* result) {
                                 if (session.stopped()) return TrapStopped(session);
                                 return EndWit(session, then(session, result, std::move(outcome)));
                               });
  return false;
}

// Drops a resource: an engine has no way to tell its guest what came of that.
template <Result<> (Session::*Drop)(uint32_t)>
void DropResource(wasinn_session* session, uint32_t rep) noexcept {
  try {
    (void)(FromC(session).*Drop)(rep);
  } catch (...) {  // dropped: no one can be told
  }
}

// Runs one function of a table. False means PENDING; an error means that the guest must stop, since
// the function has no error result.
template <Result<bool> (*Function)(WitCall&)>
wasinn_call_state EnterWit(wasinn_session* c_session, const wasinn_val* args, size_t arg_count,
                           wasinn_val* result, wasinn_call** pending) {
  Session& session = FromC(c_session);
  const auto trap = [&](const Error& error) {
    session.Remember(error);
    return WASINN_CALL_TRAP;
  };
  try {
    if (session.stopped()) return TrapStopped(session);
    *result = {};
    WitCall call{session, {args, arg_count}, result, pending};
    const Result<bool> done = Function(call);
    if (done && !*done) return WASINN_CALL_PENDING;
    if (session.stopped()) return TrapStopped(session);
    return done ? WASINN_CALL_DONE : trap(done.error());
  } catch (...) {
    return trap(ErrorOfException());
  }
}

}  // namespace wasinn
