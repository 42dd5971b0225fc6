// The session's computes, its runs in the background, and the waits for them.
#include <algorithm>
#include <utility>

#include "session/session.h"

namespace wasinn {

using Clock = std::chrono::steady_clock;

Clock::time_point Session::DeadlineIn(uint64_t milliseconds) {
  return Clock::now() + std::chrono::milliseconds(std::min<uint64_t>(milliseconds, 1ull << 40));
}

Clock::time_point Session::ComputeDeadline() const {
  if (policy_.compute_timeout == 0) return Clock::time_point::max();
  return DeadlineIn(policy_.compute_timeout);
}

TimerEntry Session::EndAt(std::optional<Clock::time_point> end,
                          const std::shared_ptr<PendingCall>& call) {
  if (!end || *end == Clock::time_point::max()) return {};
  Timer& timer = host_.scheduler->timer();
  return {timer, timer.At(*end, [call] { call->Complete(); })};
}

// ------------------------------------------------------------------ computes

Result<> Session::CheckNotComputing(const Context& context) {
  if (context.compute == nullptr || !context.compute->open()) return {};
  return Fail(Execution::Busy());
}

Call<void> Session::Compute(uint32_t context) {
  const auto found = FindLiveContext(context);
  if (!found) return Fail(found.error());
  if (auto free = CheckNotComputing(**found); !free) return free;
  auto inputs = GatherInputs(**found);
  if (!inputs) return Fail(inputs.error());
  ForgetEarlyOutputs(**found);
  const std::shared_ptr<Execution>& execution = (*found)->execution;
  if (const auto& run = (*found)->run; run != nullptr) {
    const bool stream = run->kind() == Run::Kind::kSingle;
    if (!stream && !run->ended()) return Fail(Execution::Busy());
    DropRun(**found);
    if (stream && !execution->Idle()) return ComputeWhenIdle(**found, std::move(*inputs));
  }
  if (policy_.compute_timeout == 0 && execution->RunsInline(*inputs)) {
    stopper_.SetInline(execution);
    Result<> result = execution->RunInline(std::move(*inputs), stopper_.atomic_code());
    stopper_.SetInline(nullptr);
    return result;
  }
  auto call = std::make_shared<ComputeCall>(execution, std::move(*inputs), ComputeDeadline());
  if (auto started = call->Start(); !started) return Fail(std::move(started.error()));
  // Most short computes of backends that do not block: there is nothing to wait for or to stop.
  if (call->ended()) return execution->TakeOutcome();
  // Where this throws the call's end cancels the compute.
  Call<void> pending(call, {}, [execution] { return execution->TakeOutcome(); });
  pending.set_entry(stopper_.Add(call));
  (*found)->compute = std::move(call);
  return pending;
}

// A compute after a stream that the backend has not ended yet.
Call<void> Session::ComputeWhenIdle(Context& context, std::vector<Execution::Input> inputs) {
  const std::shared_ptr<Execution>& execution = context.execution;
  Scheduler& scheduler = *host_.scheduler;
  const auto deadline = ComputeDeadline();
  auto call = std::make_shared<ComputeCall>(execution, std::move(inputs), deadline);
  TimerEntry timer;
  if (deadline != Clock::time_point::max()) {
    timer =
        TimerEntry(scheduler.timer(),
                   scheduler.timer().At(deadline, [call] { call->Cancel(Execution::TimedOut()); }));
  }
  // On a worker: this may be called inside the backend's done, where no run may start.
  execution->WhenIdle([&scheduler, call] {
    try {
      scheduler.computes().Post([call] { call->StartLater(); });
    } catch (...) {
      call->Cancel(ErrorOfException());
    }
  });
  Stopper::Entry entry = stopper_.Add(call);
  context.compute = call;
  return {std::move(call), std::move(entry), [execution] { return execution->TakeOutcome(); },
          std::move(timer)};
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

Result<> Session::BeginRun(Context& context, Run::Kind kind) {
  WASINN_CHECK(CheckNotComputing(context));
  WASINN_TRY(inputs, GatherInputs(context));
  ForgetEarlyOutputs(context);
  if (context.run != nullptr) {
    if (!context.execution->Idle()) return Fail(Execution::Busy());
    DropRun(context);
  }
  WASINN_TRY(run, Run::Start(context.execution, std::move(inputs), ComputeDeadline(), kind));
  // Where this throws the run ends with its owner.
  context.run_entry = stopper_.Add(context.execution);
  context.run = std::move(run);
  return {};
}

void Session::DropRun(Context& context) {
  context.run_entry = {};
  context.run = nullptr;
}

Result<> Session::StartRun(uint32_t context) {
  WASINN_TRY(found, FindLiveContext(context));
  return BeginRun(*found, Run::Kind::kBackground);
}

Result<RunStatus> Session::PollRun(uint32_t context) {
  WASINN_TRY(run, FindRun(context));
  return run->Status();
}

Call<RunStatus> Session::Wait(uint32_t context, WaitFor what,
                              std::optional<std::chrono::milliseconds> timeout) {
  const auto run = FindRun(context);
  if (!run) return Fail(run.error());
  // Before looking, so that nothing can come in between and be missed.
  const std::shared_ptr<PendingCall> call = (*run)->Watch(what);
  auto status = (*run)->Status();
  const bool over = !status || *status == RunStatus::kDone ||
                    (*status == RunStatus::kReadable && what == WaitFor::kPiece);
  if (over || (timeout && timeout->count() <= 0)) return status;
  std::optional<Clock::time_point> until;
  if (timeout) {
    // So long that nobody waits for it, and far from where clocks overflow.
    constexpr std::chrono::hours kLongest(24 * 365 * 30);
    until = Clock::now() + std::min<std::chrono::milliseconds>(*timeout, kLongest);
  }
  TimerEntry timer = EndAt(until, call);
  Stopper::Entry entry = stopper_.Add(call);
  return {call, std::move(entry), [this, context] { return PollRun(context); }, std::move(timer)};
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

Call<void> Session::EndRun(uint32_t context) {
  const auto found = FindContext(context);
  if (!found) return Fail(found.error());
  Run* run = (*found)->run.get();
  if (run == nullptr) return Result<>();
  run->Cancel({Code::kCancelled, "the run was cancelled", 0});
  const auto call = std::make_shared<PendingCall>();
  run->execution()->WhenIdle([call] { call->Complete(); });
  TimerEntry timer = EndAt(ComputeDeadline(), call);
  Stopper::Entry entry = stopper_.Add(call);
  return {call, std::move(entry),
          [execution = run->execution()]() -> Result<> {
            if (execution->Idle()) return {};
            return Fail(Execution::TimedOut());
          },
          std::move(timer)};
}

// ------------------------------------------------------------------ compute_single

Call<void> Session::Single(uint32_t context) {
  const auto found = FindLiveContext(context);
  if (!found) return Fail(found.error());
  const Run* before = (*found)->run.get();
  if (before == nullptr || before->kind() != Run::Kind::kSingle || before->over()) {
    if (auto begun = BeginRun(**found, Run::Kind::kSingle); !begun) return begun;
  }
  Run& run = *(*found)->run;
  if (auto step = run.Step()) return *std::move(step);
  auto call = run.Watch(WaitFor::kPiece);
  // A chunk may have come before Watch.
  if (auto step = run.Step()) return *std::move(step);
  Stopper::Entry entry = stopper_.Add(call);
  return {std::move(call), std::move(entry), [this, context]() -> Result<> {
            WASINN_TRY(watched, FindRun(context));
            if (auto step = watched->Step()) return *std::move(step);
            return Fail(Code::kUnknown, "no step has ended in this session");
          }};
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

Call<void> Session::FiniSingle(uint32_t context) {
  const auto found = FindContext(context);
  if (!found) return Fail(found.error());
  Run* run = (*found)->run.get();
  if (run == nullptr || run->kind() != Run::Kind::kSingle) return Result<>();
  run->Close();
  return EndRun(context);
}

}  // namespace wasinn
