// A call of a session that may take long: a load, a compute, a wait, the end of a run.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/mutex.h"
#include "base/waker.h"
#include "sched/execution.h"
#include "sched/timer.h"
#include "session/stopper.h"

namespace wasinn {

// What a call that has not ended yet shares with the threads that end it. It ends once: when its
// work is done, or when it is cancelled. Any thread.
class PendingCall : public Cancellable {
 public:
  // Its work is done; only the first end counts.
  void Complete() noexcept;
  // Ends it with `why`; kinds of calls whose work can be cancelled do that, too.
  void Cancel(Error why) noexcept override;

  bool ended() const;
  void Wait();
  // See wasinn_call_ready.
  bool Ready(const wasinn_waker* waker);
  // What it was cancelled with, once it has ended.
  Result<> failure() const;
  // Whether its owner still has to take the outcome. On the session's thread.
  bool open() const { return open_; }
  void Close() { open_ = false; }

 private:
  bool End(std::optional<Error> why) noexcept;

  mutable Mutex mutex_;
  CondVar changed_;
  bool ended_ GUARDED_BY(mutex_) = false;
  std::optional<Error> failure_ GUARDED_BY(mutex_);
  WakerSlot waker_;
  bool open_ = true;
};

// A deadline that ends with this.
class TimerEntry {
 public:
  TimerEntry() = default;
  TimerEntry(Timer& timer, Timer::Id id) : timer_(&timer), id_(id) {}
  TimerEntry(TimerEntry&& other) noexcept { *this = std::move(other); }
  TimerEntry& operator=(TimerEntry&& other) noexcept {
    std::swap(timer_, other.timer_);
    std::swap(id_, other.id_);
    return *this;
  }
  ~TimerEntry() {
    if (timer_ != nullptr) timer_->Cancel(id_);
  }

 private:
  Timer* timer_ = nullptr;
  Timer::Id id_ = 0;
};

// The caller's end of a call: its value, if it ended at once, or what the caller waits for. It
// belongs to the session's thread; any thread may use what `pending` gives. A call that is
// destroyed before its outcome was taken is cancelled. It must be destroyed before its session.
template <typename T>
class [[nodiscard]] Call {
 public:
  // How the outcome is found, on the session's thread, once the call has ended.
  using Finish = std::move_only_function<Result<T>()>;

  // NOLINTBEGIN(google-explicit-constructor): a function returns its value or a call.
  Call(Result<T> value) : value_(std::move(value)) {}
  Call(std::unexpected<Error> error) : value_(std::move(error)) {}
  // NOLINTEND(google-explicit-constructor)
  Call(std::shared_ptr<PendingCall> pending, Stopper::Entry entry, Finish finish,
       TimerEntry timer = {})
      : pending_(std::move(pending)),
        entry_(std::move(entry)),
        timer_(std::move(timer)),
        finish_(std::move(finish)) {}
  Call(Call&&) = default;
  Call& operator=(Call&&) = delete;
  ~Call() {
    if (pending_ == nullptr) return;
    pending_->Close();
    (void)pending_->Ready(nullptr);
    pending_->Cancel(PlainError(Code::kCancelled, "the call was given up"));
  }

  void set_entry(Stopper::Entry entry) { entry_ = std::move(entry); }

  bool ended() const { return pending_ == nullptr || pending_->ended(); }
  // nullptr for one that ended at once, or was taken.
  const std::shared_ptr<PendingCall>& pending() const { return pending_; }
  // See wasinn_call_ready.
  bool Ready(const wasinn_waker* waker) { return pending_ == nullptr || pending_->Ready(waker); }

  // The outcome; waits for it. Once.
  Result<T> Take() {
    if (pending_ == nullptr) {
      if (value_) return *std::exchange(value_, std::nullopt);
      return Fail(Code::kInvalidArgument, "expected a call whose outcome was not taken");
    }
    pending_->Wait();
    (void)pending_->Ready(nullptr);
    const std::shared_ptr<PendingCall> pending = std::move(pending_);
    pending->Close();
    entry_ = {};
    timer_ = {};
    if (auto failure = pending->failure(); !failure) return Fail(std::move(failure.error()));
    return finish_();
  }

 private:
  std::optional<Result<T>> value_;
  std::shared_ptr<PendingCall> pending_;
  Stopper::Entry entry_;
  TimerEntry timer_;
  Finish finish_;
};

// A compute; it may have to wait until the run before has ended.
class ComputeCall final : public PendingCall, public std::enable_shared_from_this<ComputeCall> {
 public:
  ComputeCall(std::shared_ptr<Execution> execution, std::vector<Execution::Input> inputs,
              std::chrono::steady_clock::time_point deadline)
      : execution_(std::move(execution)), inputs_(std::move(inputs)), deadline_(deadline) {}

  // Starts the compute, once, from any thread. An error means that it was not started.
  Result<> Start();
  // As Start, for a thread that has no caller: an error ends the call.
  void StartLater() noexcept;
  void Cancel(Error why) noexcept override;

 private:
  enum class State { kWaiting, kStarting, kStarted };

  const std::shared_ptr<Execution> execution_;
  std::vector<Execution::Input> inputs_;  // of the thread that starts
  const std::chrono::steady_clock::time_point deadline_;
  Mutex mutex_;
  State state_ GUARDED_BY(mutex_) = State::kWaiting;
  uint64_t run_ GUARDED_BY(mutex_) = 0;  // once started
  std::optional<Error> cancelled_ GUARDED_BY(mutex_);
};

}  // namespace wasinn
