// What is behind a wasinn_call: a session's call of any kind, and how its outcome is given back.
#pragma once

#include <type_traits>
#include <utility>

#include "dialect/imports.h"

namespace wasinn {

// Ready and Cancel as wasinn_call_ready and wasinn_call_cancel; the others as functions of the
// session, and only the one that fits the function that made the call.
class OpenCall {
 public:
  OpenCall(Session& session, std::shared_ptr<PendingCall> pending)
      : session_(session), pending_(std::move(pending)) {}
  virtual ~OpenCall() = default;
  OpenCall(const OpenCall&) = delete;
  OpenCall& operator=(const OpenCall&) = delete;

  Session& session() { return session_; }
  bool Ready(const wasinn_waker* waker) { return pending_ == nullptr || pending_->Ready(waker); }
  void Cancel() noexcept {
    if (pending_ == nullptr) return;
    pending_->Cancel(PlainError(Code::kCancelled, "the call was cancelled"));
  }

  virtual wasinn_call_state FinishCore(wasinn_memory memory, uint64_t* result);
  virtual wasinn_call_state FinishComponent(wasinn_val* result);
  // A load's handle, a wait's status, else 0.
  virtual Result<uint32_t> Take();

 private:
  Session& session_;
  const std::shared_ptr<PendingCall> pending_;  // stays when the outcome is taken
};

inline wasinn_call* ToC(OpenCall* call) { return reinterpret_cast<wasinn_call*>(call); }
inline OpenCall& FromC(wasinn_call* call) { return *reinterpret_cast<OpenCall*>(call); }

// A call of a guest. `finish` gives its outcome back: for a core module it takes (Result<T>,
// wasinn_memory, uint64_t* result), for a component (Result<T>, wasinn_val* result).
template <typename T, typename Finish>
wasinn_call* NewGuestCall(Session& session, Call<T> call, Finish finish) {
  class Guest final : public OpenCall {
   public:
    Guest(Session& session, Call<T> call, Finish finish)
        : OpenCall(session, call.pending()), call_(std::move(call)), finish_(std::move(finish)) {}
    wasinn_call_state FinishCore(wasinn_memory memory, uint64_t* result) override {
      if constexpr (std::is_invocable_v<Finish&, Result<T>, wasinn_memory, uint64_t*>) {
        return finish_(call_.Take(), memory, result);
      } else {
        return OpenCall::FinishCore(memory, result);
      }
    }
    wasinn_call_state FinishComponent(wasinn_val* result) override {
      if constexpr (std::is_invocable_v<Finish&, Result<T>, wasinn_val*>) {
        return finish_(call_.Take(), result);
      } else {
        return OpenCall::FinishComponent(result);
      }
    }

   private:
    Call<T> call_;
    Finish finish_;
  };
  return ToC(new Guest(session, std::move(call), std::move(finish)));
}

// A call of a function of wasinn.h.
template <typename T>
wasinn_call* NewNativeCall(Session& session, Call<T> call) {
  class Native final : public OpenCall {
   public:
    Native(Session& session, Call<T> call)
        : OpenCall(session, call.pending()), call_(std::move(call)) {}
    Result<uint32_t> Take() override {
      auto taken = call_.Take();
      if (!taken) return Fail(std::move(taken.error()));
      if constexpr (std::is_void_v<T>) {
        return 0;
      } else {
        return static_cast<uint32_t>(*taken);
      }
    }

   private:
    Call<T> call_;
  };
  return ToC(new Native(session, std::move(call)));
}

}  // namespace wasinn
