// What is behind a wasinn_call: a session's call of any kind, and how its outcome is given back.
#pragma once

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

// A call of a core module. Finish: wasinn_call_state(Result<T> outcome, wasinn_memory, uint64_t*
// result)
template <typename T, typename Finish>
wasinn_call* NewCoreCall(Session& session, Call<T> call, Finish finish) {
  class Core final : public OpenCall {
   public:
    Core(Session& session, Call<T> call, Finish finish)
        : OpenCall(session, call.pending()), call_(std::move(call)), finish_(std::move(finish)) {}
    wasinn_call_state FinishCore(wasinn_memory memory, uint64_t* result) override {
      return finish_(call_.Take(), memory, result);
    }

   private:
    Call<T> call_;
    Finish finish_;
  };
  return ToC(new Core(session, std::move(call), std::move(finish)));
}

// A call of a component. Finish: wasinn_call_state(Result<T> outcome, wasinn_val* result)
template <typename T, typename Finish>
wasinn_call* NewComponentCall(Session& session, Call<T> call, Finish finish) {
  class Component final : public OpenCall {
   public:
    Component(Session& session, Call<T> call, Finish finish)
        : OpenCall(session, call.pending()), call_(std::move(call)), finish_(std::move(finish)) {}
    wasinn_call_state FinishComponent(wasinn_val* result) override {
      return finish_(call_.Take(), result);
    }

   private:
    Call<T> call_;
    Finish finish_;
  };
  return ToC(new Component(session, std::move(call), std::move(finish)));
}

// Of the functions of wasinn.h.
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
