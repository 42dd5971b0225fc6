// The session's runs in the background, and the waits for them.
#include <algorithm>
#include <utility>

#include "session/session.h"

namespace wasinn {

// ------------------------------------------------------------------ one wait

bool Session::Suspend(std::optional<std::chrono::steady_clock::time_point> until,
                      const wasinn_waker* waker) {
  const std::shared_ptr<Pending> pending = wait_->pending;
  SetCurrent(nullptr, pending.get());
  if (until && *until != std::chrono::steady_clock::time_point::max()) {
    wait_->timer = host_.scheduler->timer().At(*until, [pending] { pending->Complete(); });
  }
  // Stop may have come between the caller's check and SetCurrent.
  if (stopped()) pending->Complete();
  if (waker != nullptr && pending->Arm(*waker)) return true;
  pending->Wait();
  return false;
}

Result<Session::RunWait> Session::EndWait() {
  if (!wait_) return Fail(Code::kUnknown, "no wait has ended in this session");
  RunWait wait = *std::exchange(wait_, std::nullopt);
  SetCurrent(nullptr, nullptr);
  host_.scheduler->timer().Cancel(wait.timer);
  if (const auto it = contexts_.find(wait.context);
      it != contexts_.end() && it->second.run != nullptr) {
    it->second.run->Watch(nullptr, WaitFor::kEnd);
  }
  if (stopped()) return Fail(StopError());
  return wait;
}

// ------------------------------------------------------------------ runs

Result<Run*> Session::FindRun(uint32_t context) {
  WASINN_TRY(found, FindContext(context));
  if (found->run == nullptr) {
    return Fail(Code::kInvalidArgument,
                "expected an execution context with a run, given context {} without one", context);
  }
  return found->run.get();
}

Result<> Session::BeginRun(uint32_t handle, Context& context, Run::Kind kind) {
  WASINN_TRY(inputs, GatherInputs(context));
  ForgetEarlyOutputs(context);
  if (context.run != nullptr) {
    if (!context.execution->Idle()) return Fail(Execution::Busy());
    DropRun(handle, context);
  }
  {
    MutexLock lock(stop_mutex_);
    running_[handle] = context.execution;
  }
  auto run = [&]() -> Result<std::unique_ptr<Run>> {
    try {
      return Run::Start(context.execution, std::move(inputs), ComputeDeadline(), kind);
    } catch (...) {
      return Fail(ErrorOfException());
    }
  }();
  if (!run) {
    MutexLock lock(stop_mutex_);
    running_.erase(handle);
    return Fail(run.error());
  }
  context.run = std::move(*run);
  // Stop may have come between the caller's check and the start.
  if (stopped()) context.run->Cancel(StopError());
  return {};
}

void Session::DropRun(uint32_t handle, Context& context) {
  if (context.run == nullptr) return;
  context.run = nullptr;
  MutexLock lock(stop_mutex_);
  running_.erase(handle);
}

Result<> Session::StartRun(uint32_t context) {
  WASINN_TRY(found, FindLiveContext(context));
  return BeginRun(context, *found, Run::Kind::kBackground);
}

Result<RunStatus> Session::PollRun(uint32_t context) {
  WASINN_TRY(run, FindRun(context));
  return run->Status();
}

std::optional<Result<RunStatus>> Session::StartWait(
    uint32_t context, WaitFor what, std::optional<std::chrono::milliseconds> timeout,
    const wasinn_waker* waker) {
  const auto run = FindRun(context);
  if (!run) return Fail(run.error());
  wait_ = RunWait{context, what, std::make_shared<Pending>(), 0};
  // This comes before the check, so that no event in between is missed.
  (*run)->Watch(wait_->pending, what);
  const auto status = (*run)->Status();
  const bool over = !status || *status == RunStatus::kDone ||
                    (*status == RunStatus::kReadable && what == WaitFor::kPiece);
  if (over || (timeout && timeout->count() <= 0)) return FinishWait();
  std::optional<std::chrono::steady_clock::time_point> until;
  if (timeout) {
    // A time longer than anyone waits, and far from the point where clocks overflow.
    constexpr std::chrono::hours kLongest(24 * 365 * 30);
    until =
        std::chrono::steady_clock::now() + std::min<std::chrono::milliseconds>(*timeout, kLongest);
  }
  if (Suspend(until, waker)) return std::nullopt;
  return FinishWait();
}

Result<RunStatus> Session::FinishWait() {
  WASINN_TRY(wait, EndWait());
  return PollRun(wait.context);
}

Result<std::unique_ptr<RunPollable>> Session::SubscribeRun(uint32_t context) {
  WASINN_TRY(run, FindRun(context));
  return run->Subscribe();
}

Result<Piece> Session::ReadPiece(uint32_t context, uint32_t port, size_t max) {
  WASINN_TRY(run, FindRun(context));
  const size_t count = run->execution()->graph()->info().outputs.size();
  if (port >= count) {
    return Fail(Code::kInvalidArgument, "output index: expected below {}, given {}", count, port);
  }
  if (max == 0) {
    return Fail(Code::kInvalidArgument, "piece of output {}: expected at least 1 byte, given 0",
                port);
  }
  return run->Read(port, max);
}

Result<> Session::CancelRun(uint32_t context) {
  WASINN_TRY(run, FindRun(context));
  run->Cancel({Code::kCancelled, "the run was cancelled", 0});
  return {};
}

std::optional<Result<>> Session::StartEndRun(uint32_t context, const wasinn_waker* waker) {
  const auto found = FindContext(context);
  if (!found) return Fail(found.error());
  Run* run = (*found)->run.get();
  if (run == nullptr) return Result<>();
  run->Cancel({Code::kCancelled, "the run was cancelled", 0});
  wait_ = RunWait{context, WaitFor::kEnd, std::make_shared<Pending>(), 0};
  run->execution()->WhenIdle([pending = wait_->pending] { pending->Complete(); });
  if (Suspend(ComputeDeadline(), waker)) return std::nullopt;
  return FinishEndRun();
}

Result<> Session::FinishEndRun() {
  WASINN_TRY(wait, EndWait());
  WASINN_TRY(run, FindRun(wait.context));
  if (run->execution()->Idle()) return {};
  return Fail(Execution::TimedOut());
}

// ------------------------------------------------------------------ compute_single

std::optional<Result<>> Session::StartSingle(uint32_t context, const wasinn_waker* waker) {
  const auto found = FindLiveContext(context);
  if (!found) return Fail(found.error());
  const Run* before = (*found)->run.get();
  if (before == nullptr || before->kind() != Run::Kind::kSingle || before->over()) {
    if (auto begun = BeginRun(context, **found, Run::Kind::kSingle); !begun) return begun;
  }
  Run& run = *(*found)->run;
  if (auto step = run.Step()) return step;
  wait_ = RunWait{context, WaitFor::kPiece, std::make_shared<Pending>(), 0};
  run.Watch(wait_->pending, WaitFor::kPiece);
  // A chunk may have come before Watch.
  if (auto step = run.Step()) {
    (void)EndWait();
    return step;
  }
  if (Suspend(std::nullopt, waker)) return std::nullopt;
  return FinishSingle();
}

Result<> Session::FinishSingle() {
  WASINN_TRY(wait, EndWait());
  WASINN_TRY(run, FindRun(wait.context));
  if (auto step = run->Step()) return *step;
  return Fail(Code::kUnknown, "no step has ended in this session");
}

Result<Tensor> Session::SingleOutput(uint32_t context, uint32_t port) const {
  WASINN_TRY(found, FindContext(context));
  const size_t count = found->execution->graph()->info().outputs.size();
  if (port >= count) {
    return Fail(Code::kInvalidArgument, "output index: expected below {}, given {}", count, port);
  }
  if (found->run == nullptr || found->run->kind() != Run::Kind::kSingle) {
    return Fail(Code::kInvalidArgument,
                "output {} of compute_single: expected after one that gave it, given none", port);
  }
  return found->run->StepOutput(port);
}

std::optional<Result<>> Session::StartFiniSingle(uint32_t context, const wasinn_waker* waker) {
  const auto found = FindContext(context);
  if (!found) return Fail(found.error());
  Run* run = (*found)->run.get();
  if (run == nullptr || run->kind() != Run::Kind::kSingle) return Result<>();
  run->Close();
  return StartEndRun(context, waker);
}

// ------------------------------------------------------------------ a compute after a stream

// Shared with the thread that starts the compute.
class Session::LateStart {
 public:
  LateStart(std::shared_ptr<Execution> execution, std::vector<Execution::Input> inputs,
            std::chrono::steady_clock::time_point deadline)
      : execution_(std::move(execution)), inputs_(std::move(inputs)), deadline_(deadline) {}

  // Starts the compute unless it was given up; `self` keeps this object alive until the compute has
  // reported.
  static void Start(const std::shared_ptr<LateStart>& self) noexcept {
    {
      MutexLock lock(self->mutex_);
      if (self->state_ != State::kWaiting) return;
      self->state_ = State::kStarted;
    }
    Result<> started;
    try {
      started = self->execution_->Start(std::move(self->inputs_), self->deadline_,
                                        [self] { self->pending.Complete(); });
    } catch (...) {
      started = Fail(ErrorOfException());
    }
    const bool failed = !started;
    bool given_up = false;
    {
      MutexLock lock(self->mutex_);
      given_up = self->state_ == State::kGivenUp;
      if (failed) self->failed_ = std::move(started);
    }
    if (failed) self->pending.Complete();
    if (given_up) self->execution_->Cancel(GivenUp());
  }

  // Ends the wait unless the compute has started; in that case the compute reports.
  void Expire(Error why) noexcept {
    {
      MutexLock lock(mutex_);
      if (state_ != State::kWaiting) return;
      state_ = State::kGivenUp;
      failed_ = Fail(std::move(why));
    }
    pending.Complete();
  }

  void GiveUp() noexcept {
    {
      MutexLock lock(mutex_);
      state_ = State::kGivenUp;
    }
    execution_->Cancel(GivenUp());
  }

  // For a compute that has ended.
  Result<> Outcome() {
    {
      MutexLock lock(mutex_);
      if (!failed_) return failed_;
    }
    return execution_->TakeOutcome();
  }

  Pending pending;
  Timer::Id timer = 0;

 private:
  enum class State { kWaiting, kStarted, kGivenUp };
  static Error GivenUp() noexcept {
    return PlainError(Code::kCancelled, "the compute was given up");
  }

  const std::shared_ptr<Execution> execution_;
  std::vector<Execution::Input> inputs_;  // used by the thread that starts it
  const std::chrono::steady_clock::time_point deadline_;
  Mutex mutex_;
  State state_ GUARDED_BY(mutex_) = State::kWaiting;
  Result<> failed_ GUARDED_BY(mutex_);
};

std::optional<Result<>> Session::ComputeWhenIdle(std::shared_ptr<Execution> execution,
                                                 std::vector<Execution::Input> inputs,
                                                 const wasinn_waker* waker) {
  Scheduler& scheduler = *host_.scheduler;
  const auto deadline = ComputeDeadline();
  late_ = std::make_shared<LateStart>(execution, std::move(inputs), deadline);
  compute_ = std::move(execution);
  computing_ = std::shared_ptr<Pending>(late_, &late_->pending);
  SetCurrent(compute_, computing_.get());
  if (deadline != std::chrono::steady_clock::time_point::max()) {
    late_->timer =
        scheduler.timer().At(deadline, [late = late_] { late->Expire(Execution::TimedOut()); });
  }
  // This goes to a worker, since it may be called inside the backend's done, where no run may
  // start.
  compute_->WhenIdle([&scheduler, late = late_] {
    try {
      scheduler.computes().Post([late] { LateStart::Start(late); });
    } catch (...) {
      late->Expire(ErrorOfException());
    }
  });
  // Stop may have come between the caller's check and SetCurrent.
  if (stopped()) computing_->Complete();
  if (waker != nullptr && computing_->Arm(*waker)) return std::nullopt;
  computing_->Wait();
  return FinishCompute();
}

Result<> Session::EndLateStart(LateStart& late) {
  host_.scheduler->timer().Cancel(late.timer);
  if (stopped()) {
    late.GiveUp();
    return Fail(StopError());
  }
  return late.Outcome();
}

void Session::GiveUpLateStart() {
  host_.scheduler->timer().Cancel(late_->timer);
  late_->GiveUp();
  late_ = nullptr;
}

}  // namespace wasinn
