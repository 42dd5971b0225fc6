#include "session/run.h"

#include <algorithm>
#include <utility>

namespace wasinn {

// Carries a run's events to whoever waits for them. Shared with the backend's threads.
class RunSignal {
 public:
  void Watch(std::shared_ptr<Pending> pending, WaitFor what) {
    MutexLock lock(mutex_);
    pending_ = std::move(pending);
    what_ = what;
  }
  void Arrived() noexcept {
    MutexLock lock(mutex_);
    if (pending_ != nullptr && what_ == WaitFor::kPiece) pending_->Complete();
    WakeLocked();
  }
  void Ended() noexcept {
    MutexLock lock(mutex_);
    ended_ = true;
    if (pending_ != nullptr) pending_->Complete();
    WakeLocked();
  }
  // Sets or replaces the waker for the next event; false once the run has ended.
  bool Arm(const RunPollable* pollable, const wasinn_waker* waker) {
    MutexLock lock(mutex_);
    if (waker == nullptr || ended_) {
      wakers_.erase(pollable);
    } else {
      wakers_[pollable] = *waker;
    }
    return !ended_;
  }

 private:
  // Called under the lock, so that whoever replaces a waker knows that the previous one is not
  // running.
  void WakeLocked() REQUIRES(mutex_) {
    for (const auto& [pollable, waker] : wakers_) Wake(waker);
    wakers_.clear();
  }

  Mutex mutex_;
  bool ended_ GUARDED_BY(mutex_) = false;
  std::map<const RunPollable*, wasinn_waker> wakers_ GUARDED_BY(mutex_);
  std::shared_ptr<Pending> pending_ GUARDED_BY(mutex_);
  WaitFor what_ GUARDED_BY(mutex_) = WaitFor::kEnd;
};

RunPollable::~RunPollable() { signal_->Arm(this, nullptr); }

bool RunPollable::Ready(const wasinn_waker* waker) {
  // This comes before the check, so that no event in between is missed.
  if (!signal_->Arm(this, waker)) return true;
  const auto execution = execution_.lock();
  if (execution != nullptr) {
    const Execution::Progress progress = execution->progress();
    if (!progress.ended && !progress.readable) return false;
  }
  signal_->Arm(this, nullptr);
  return true;
}

Run::Run(std::shared_ptr<Execution> execution, Kind kind)
    : execution_(std::move(execution)), kind_(kind), signal_(std::make_shared<RunSignal>()) {}

Result<std::unique_ptr<Run>> Run::Start(std::shared_ptr<Execution> execution,
                                        std::vector<Execution::Input> inputs,
                                        std::chrono::steady_clock::time_point deadline, Kind kind) {
  std::unique_ptr<Run> run(new Run(std::move(execution), kind));
  WASINN_CHECK(run->execution_->Start(
      std::move(inputs), deadline, [signal = run->signal_] { signal->Ended(); },
      // Steps report output 0 only.
      [signal = run->signal_, kind](uint32_t port) {
        if (kind == Kind::kBackground || port == 0) signal->Arrived();
      }));
  run->started_ = true;
  return run;
}

Run::~Run() {
  // If this Run was never started, a run under way of the execution is not its own.
  if (started_) Cancel(PlainError(Code::kCancelled, "the run was given up"));
}

void Run::Watch(std::shared_ptr<Pending> pending, WaitFor what) {
  signal_->Watch(std::move(pending), what);
}

std::unique_ptr<RunPollable> Run::Subscribe() const {
  return std::make_unique<RunPollable>(execution_, signal_);
}

Result<RunStatus> Run::Status() const {
  const Execution::Progress progress = execution_->progress();
  if (!progress.ended) return progress.readable ? RunStatus::kReadable : RunStatus::kRunning;
  WASINN_CHECK(execution_->TakeOutcome());
  return RunStatus::kDone;
}

Result<Piece> Run::Read(uint32_t port, size_t max) {
  // This comes before the chunks are read, so that none in between is missed.
  const bool ended = execution_->progress().ended;
  auto streamed = execution_->ReadChunks(port, max);
  if (streamed && !streamed->empty()) {
    piece_ = std::move(*streamed);
    return Piece{Piece::State::kBytes,
                 {reinterpret_cast<const uint8_t*>(piece_.data()), piece_.size()}};
  }
  if (!ended) return Piece{Piece::State::kNothingYet, {}};
  WASINN_CHECK(execution_->TakeOutcome());
  if (streamed) return Piece{Piece::State::kEnd, {}};
  WASINN_TRY(whole, WholeOutput(port));
  const auto bytes = whole->data.bytes();
  uint64_t& read = whole_read_[port];
  if (read == bytes.size()) return Piece{Piece::State::kEnd, {}};
  const auto piece = bytes.subspan(read, std::min<uint64_t>(max, bytes.size() - read));
  read += piece.size();
  return Piece{Piece::State::kBytes, piece};
}

Result<const Tensor*> Run::WholeOutput(uint32_t port) const {
  if (const auto& output = execution_->outputs()[port]) return &*output;
  // The run may end without it, and the backend tells why.
  if (const auto known = execution_->EarlyOutput(port); !known) return Fail(known.error());
  return Fail(Code::kUnknown, "output {}: expected from the run, given none", port);
}

std::optional<Result<>> Run::Step() {
  chunk_.reset();
  const bool ended = execution_->progress().ended;
  auto streamed = execution_->ReadChunks(0, std::nullopt);
  if (streamed && !streamed->empty()) {
    chunk_ = TextTensor(std::make_shared<std::string>(std::move(*streamed)));
    return Result<>();
  }
  if (!ended) return std::nullopt;
  const auto outcome = execution_->TakeOutcome();
  const Graph& graph = *execution_->graph();
  complete_ = true;
  if (outcome && !streamed && !whole_) {
    // A generator that produced no text did stream.
    const auto& outputs = execution_->outputs();
    const bool silent = graph.backend().generates() &&
                        (outputs.empty() || !outputs.front() || outputs.front()->data.size() == 0);
    if (!silent) {
      whole_ = true;
      return Result<>();
    }
  }
  over_ = true;
  if (!outcome) return outcome;
  return Fail(Code::kEndOfSequence, "the model has given all of its output");
}

void Run::Close() {
  Cancel({Code::kCancelled, "the stream was ended", 0});
  over_ = true;
  chunk_.reset();
}

Result<Tensor> Run::StepOutput(uint32_t port) const {
  if (!over_ && whole_) {
    WASINN_TRY(whole, WholeOutput(port));
    return *whole;
  }
  if (!over_ && chunk_) {
    if (port == 0) return *chunk_;
    if (auto output = execution_->OutputSoFar(port)) return *std::move(output);
  }
  return Fail(Code::kInvalidArgument,
              "output {} of compute_single: expected after one that gave it, given none", port);
}

}  // namespace wasinn
