#include "session/run.h"

#include <algorithm>
#include <utility>

namespace wasinn {

// Where the news of a run reach those who wait for it. Shared with the backend's threads.
class RunSignal final : public ChunkListener {
 public:
  void Arrived(uint32_t) noexcept override { Tell(WaitFor::kPiece); }
  void Ended() noexcept {
    {
      MutexLock lock(mutex_);
      ended_ = true;
    }
    Tell(WaitFor::kEnd);
  }
  bool ended() const {
    MutexLock lock(mutex_);
    return ended_;
  }
  // Tells the listener of all news of that kind, and of the end, until Unwatch.
  uint64_t Watch(std::shared_ptr<NewsListener> listener, WaitFor what) {
    MutexLock lock(mutex_);
    listeners_.emplace(next_, Watcher{std::move(listener), what});
    return next_++;
  }
  void Unwatch(uint64_t watch) noexcept {
    decltype(listeners_)::node_type dropped;  // freed after the lock
    MutexLock lock(mutex_);
    dropped = listeners_.extract(watch);
  }

 private:
  struct Watcher {
    std::shared_ptr<NewsListener> listener;
    WaitFor what;
  };

  void Tell(WaitFor news) noexcept {
    // One by one, with no lock held: foreign code is told.
    for (uint64_t next = 0;;) {
      std::shared_ptr<NewsListener> listener;
      {
        MutexLock lock(mutex_);
        auto it = listeners_.lower_bound(next);
        while (it != listeners_.end() && news == WaitFor::kPiece &&
               it->second.what == WaitFor::kEnd) {
          ++it;
        }
        if (it == listeners_.end()) return;
        next = it->first + 1;
        listener = it->second.listener;
      }
      listener->News();
    }
  }

  mutable Mutex mutex_;
  bool ended_ GUARDED_BY(mutex_) = false;
  uint64_t next_ GUARDED_BY(mutex_) = 0;
  std::map<uint64_t, Watcher> listeners_ GUARDED_BY(mutex_);
};

// ------------------------------------------------------------------ RunPollable

class RunPollable::Waker final : public NewsListener {
 public:
  void News() noexcept override { slot_.Fire(); }
  void Set(const wasinn_waker* waker) { slot_.Set(waker); }

 private:
  WakerSlot slot_;
};

RunPollable::RunPollable(std::weak_ptr<Execution> execution, std::shared_ptr<RunSignal> signal)
    : execution_(std::move(execution)),
      signal_(std::move(signal)),
      waker_(std::make_shared<Waker>()),
      watch_(signal_->Watch(waker_, WaitFor::kPiece)) {}

RunPollable::~RunPollable() {
  signal_->Unwatch(watch_);
  waker_->Set(nullptr);
}

bool RunPollable::Ready(const wasinn_waker* waker) {
  // Before looking, so that nothing can come in between and be missed.
  waker_->Set(waker);
  if (!signal_->ended()) {
    const auto execution = execution_.lock();
    if (execution != nullptr) {
      const Execution::Progress progress = execution->progress();
      if (!progress.ended && !progress.readable) return false;
    }
  }
  waker_->Set(nullptr);
  return true;
}

// ------------------------------------------------------------------ Run

namespace {

// A wait for news of a run. News of a chunk may come when that has been read already, so it looks
// whether there is one.
class WaitCall final : public PendingCall, public NewsListener {
 public:
  WaitCall(std::shared_ptr<Execution> execution, std::shared_ptr<RunSignal> signal, WaitFor what,
           std::optional<uint32_t> port)
      : execution_(std::move(execution)), signal_(std::move(signal)), what_(what), port_(port) {}

  void News() noexcept override {
    const Execution::Progress progress = execution_->progress(port_);
    if (progress.ended || (progress.readable && what_ == WaitFor::kPiece)) Complete();
  }
  // The signal keeps the call, which is told until the caller's reference has ended.
  static std::shared_ptr<PendingCall> Watch(const std::shared_ptr<WaitCall>& call) {
    const uint64_t watch = call->signal_->Watch(call, call->what_);
    return {call.get(), [call, watch](PendingCall*) { call->signal_->Unwatch(watch); }};
  }

 private:
  const std::shared_ptr<Execution> execution_;
  const std::shared_ptr<RunSignal> signal_;
  const WaitFor what_;
  const std::optional<uint32_t> port_;
};

}  // namespace

Run::Run(std::shared_ptr<Execution> execution, Kind kind)
    : execution_(std::move(execution)), kind_(kind), signal_(std::make_shared<RunSignal>()) {}

Result<std::unique_ptr<Run>> Run::Start(std::shared_ptr<Execution> execution,
                                        std::vector<Execution::Input> inputs,
                                        std::chrono::steady_clock::time_point deadline, Kind kind) {
  std::unique_ptr<Run> run(new Run(std::move(execution), kind));
  WASINN_CHECK(run->execution_->Start(
      std::move(inputs), deadline, [signal = run->signal_] { signal->Ended(); }, run->signal_));
  run->started_ = true;
  return run;
}

Run::~Run() {
  // If this Run was never started, a run under way of the execution is not its own.
  if (started_) Cancel(PlainError(Code::kCancelled, "the run was given up"));
}

std::shared_ptr<PendingCall> Run::Watch(WaitFor what) {
  // A step is of output 0 alone.
  const auto port = kind_ == Kind::kSingle ? std::optional<uint32_t>(0) : std::nullopt;
  return WaitCall::Watch(std::make_shared<WaitCall>(execution_, signal_, what, port));
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
