#include "session/call.h"

namespace wasinn {

bool PendingCall::End(std::optional<Error> why) noexcept {
  {
    MutexLock lock(mutex_);
    if (ended_) return false;
    ended_ = true;
    failure_ = std::move(why);
    changed_.NotifyAll();
  }
  waker_.Fire();
  return true;
}

void PendingCall::Complete() noexcept { End(std::nullopt); }

void PendingCall::Cancel(Error why) noexcept { End(std::move(why)); }

bool PendingCall::ended() const {
  MutexLock lock(mutex_);
  return ended_;
}

void PendingCall::Wait() {
  MutexLock lock(mutex_);
  while (!ended_) changed_.Wait(mutex_);
}

bool PendingCall::Ready(const wasinn_waker* waker) {
  // Before looking, so that an end in between is not missed.
  waker_.Set(waker);
  if (!ended()) return false;
  if (waker != nullptr) waker_.Set(nullptr);
  return true;
}

Result<> PendingCall::failure() const {
  MutexLock lock(mutex_);
  return failure_ ? Fail(*failure_) : Result<>();
}

Result<> ComputeCall::Start() {
  {
    MutexLock lock(mutex_);
    if (cancelled_) return Fail(*cancelled_);
    state_ = State::kStarting;
  }
  WASINN_TRY(run, execution_->Start(std::move(inputs_), deadline_,
                                    [self = shared_from_this()] { self->Complete(); }));
  std::optional<Error> cancelled;
  {
    MutexLock lock(mutex_);
    state_ = State::kStarted;
    run_ = run;
    cancelled.swap(cancelled_);
  }
  if (cancelled) execution_->CancelRun(run, std::move(*cancelled));
  return {};
}

void ComputeCall::StartLater() noexcept {
  Result<> started;
  try {
    started = Start();
  } catch (...) {
    started = Fail(ErrorOfException());
  }
  if (!started) PendingCall::Cancel(std::move(started.error()));
}

void ComputeCall::Cancel(Error why) noexcept {
  State state = State::kStarted;
  uint64_t run = 0;
  {
    MutexLock lock(mutex_);
    state = state_;
    run = run_;
    if (state != State::kStarted && !cancelled_) cancelled_ = CopyOf(why);
  }
  // What was started reports how it ended.
  if (state == State::kStarted) {
    execution_->CancelRun(run, std::move(why));
  } else if (state == State::kWaiting) {
    PendingCall::Cancel(std::move(why));
  }
}

}  // namespace wasinn
