// A backend's execution context and its runs.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "backend/sink.h"
#include "base/guest_output.h"
#include "base/ledger.h"
#include "base/mutex.h"
#include "model/graph.h"
#include "sched/chunks.h"
#include "sched/scheduler.h"
#include "tensor/tensor.h"

namespace wasinn {

// Told of chunks of a run as they arrive; from any thread, with no lock held.
class ChunkListener {
 public:
  virtual ~ChunkListener() = default;
  virtual void Arrived(uint32_t port) noexcept = 0;
};

// What can be ended early. Any thread.
class Cancellable {
 public:
  virtual ~Cancellable() = default;
  // Ends it with `why` unless it has ended.
  virtual void Cancel(Error why) noexcept = 0;
};

// One run at a time. Start and RunInline are for the owner's thread; Cancel is for any. A run that
// was cancelled is over for the owner at once, though the backend may still be at work: until it
// says done, the context and the run's inputs stay alive and a new run gets BUSY. What a run holds
// counts in the session's ledger until it is free.
class Execution final : public RunListener,
                        public Cancellable,
                        public std::enable_shared_from_this<Execution> {
 public:
  struct Input {
    uint32_t port;
    Tensor tensor;
  };
  using Outputs = std::vector<std::optional<Tensor>>;

  // `options` override the graph's own and must have been checked. Without a ledger nothing is
  // charged.
  static Result<std::shared_ptr<Execution>> Create(Scheduler& scheduler,
                                                   std::shared_ptr<Graph> graph,
                                                   const Options& options,
                                                   std::shared_ptr<Ledger> ledger = nullptr,
                                                   std::shared_ptr<FairQueue::Flow> flow = nullptr);
  ~Execution() override;

  const std::shared_ptr<Graph>& graph() const { return graph_; }

  // The error of a run that is started while another is under way.
  static Error Busy() noexcept;
  // The error with which the rule compute_timeout ends a run.
  static Error TimedOut() noexcept;

  // Whether a run is usually short enough for the calling thread.
  bool RunsInline(std::span<const Input> inputs) const;
  // Runs on the calling thread and returns the outcome. `stop` is read once the run can be
  // cancelled, so that a stop just before the run is not lost; a value other than kOk is the
  // reason.
  Result<> RunInline(std::vector<Input> inputs, const std::atomic<Code>& stop);
  // Starts a run elsewhere. `reported` is called once, from any thread, maybe before this returns,
  // unless Start itself fails; the outcome is then in TakeOutcome. `deadline` of max() is none.
  // With `chunks` they may be read while the run goes on, and their borders are kept. Gives the
  // run's number, for CancelRun.
  Result<uint64_t> Start(std::vector<Input> inputs, std::chrono::steady_clock::time_point deadline,
                         std::move_only_function<void()> reported,
                         std::shared_ptr<ChunkListener> chunks = nullptr);
  // Ends the run under way with `why`; without one it does nothing. Any thread.
  void Cancel(Error why) noexcept override { CancelRun(0, std::move(why)); }
  // The same, unless it is another run than that with this number.
  void CancelRun(uint64_t number, Error why) noexcept;
  // The owner has gone: `context` counts until the backend, too, is through with it.
  void Retire(Charge context) noexcept;
  // The outcome of the last run that was started and has reported.
  Result<> TakeOutcome();
  // Whether the last run has reported, and whether a chunk of it is still unread.
  struct Progress {
    bool ended;
    bool readable;
  };
  // With a `port` only its chunks count.
  Progress progress(std::optional<uint32_t> port = std::nullopt);
  // Reads what was streamed on a port: at most `max` bytes across chunks, or (nullopt) the next
  // whole chunk; "" when all was read. nullopt when nothing was streamed there yet.
  std::optional<std::string> ReadChunks(uint32_t port, std::optional<size_t> max);
  // An output that was delivered already, even if the run is still under way.
  std::optional<Tensor> OutputSoFar(uint32_t port);
  // Whether the backend has said done to the last run, so that a new one is not BUSY.
  bool Idle();
  // Calls `idle` once that is so, maybe before this returns, from any thread; it must not start a
  // run itself.
  void WhenIdle(std::move_only_function<void()> idle);
  // Tells the backend of an input that is about to be set; its refusal is the error. BUSY while the
  // run of a backend that blocks has yet to return. Nothing when the backend does not listen.
  Result<> AnnounceInput(uint32_t port, DType dtype, const Shape& shape,
                         std::span<const uint8_t> bytes);
  // An output that the backend knows without a run; only between runs.
  Result<Tensor> EarlyOutput(uint32_t port);
  // The outputs by port, of the last successful run or of one that ended with CONTEXT_FULL, which
  // may lack some. Only between runs, on the owner's thread.
  const Outputs& outputs() const NO_THREAD_SAFETY_ANALYSIS { return outputs_; }
  const wasinn_backend_usage& usage() const NO_THREAD_SAFETY_ANALYSIS { return usage_; }

  // The folders from which its runs may read files. To be set before the first run.
  void set_guest_dirs(std::shared_ptr<const GuestDirs> dirs) { guest_dirs_ = std::move(dirs); }

  // Where a compute without `arrived` writes what its guest asks the backend to. Before the first
  // run.
  void set_guest_output(std::shared_ptr<GuestOutput> output) { guest_output_ = std::move(output); }

  // RunListener
  bool OnOutput(uint32_t port, Result<Tensor>&& tensor) noexcept override;
  bool OnChunk(uint32_t port, std::string_view data) noexcept override;
  bool OnGuestStdout(std::string_view data) noexcept override;
  void OnDone(Result<> result, const wasinn_backend_usage& usage) noexcept override;
  std::shared_ptr<const GuestDirs> guest_dirs() const noexcept override { return guest_dirs_; }

 private:
  struct Done {
    Result<> result;
    wasinn_backend_usage usage;
  };

  Execution(Scheduler& scheduler, std::shared_ptr<Graph> graph, std::shared_ptr<Ledger> ledger,
            std::shared_ptr<FairQueue::Flow> flow)
      : scheduler_(scheduler),
        graph_(std::move(graph)),
        ledger_(std::move(ledger)),
        flow_(flow != nullptr ? std::move(flow) : scheduler.queue().NewFlow()) {
    scheduler_.live_executions.fetch_add(1);
  }

  // `self` keeps this while the backend is at work; nullptr where the caller does.
  // The run's number.
  Result<uint64_t> BeginRun(std::vector<Input> inputs, std::shared_ptr<Execution> self,
                            std::move_only_function<void()> reported,
                            std::shared_ptr<ChunkListener> chunks);
  // Takes back what BeginRun did, before the backend was called.
  void EndRunEarly() noexcept;
  void CallBackend() noexcept;
  void Finish(Result<> result, const wasinn_backend_usage& usage) noexcept;
  void DropDeadline() noexcept;
  // `dropped` gets what is not kept: it may end in a backend's code, so only after the lock.
  std::optional<std::move_only_function<void()>> ReportLocked(Result<> outcome,
                                                              Outputs& dropped) noexcept
      REQUIRES(mutex_);
  Result<> TakeOutputLocked(uint32_t port, Tensor& tensor, Outputs& dropped) REQUIRES(mutex_);
  Result<> OwnBytesLocked(Tensor& output, Outputs& dropped) REQUIRES(mutex_);
  Result<> TakeChunkLocked(uint32_t port, std::string_view data) REQUIRES(mutex_);
  void CollectTextLocked() REQUIRES(mutex_);
  Result<> CollectOutputsLocked() REQUIRES(mutex_);

  Scheduler& scheduler_;
  std::shared_ptr<Graph> graph_;  // set for life
  const std::shared_ptr<Ledger> ledger_;
  const std::shared_ptr<FairQueue::Flow> flow_;
  Charge options_charge_;
  wasinn_backend_context* context_ = nullptr;
  std::optional<uint32_t> slot_;
  std::shared_ptr<const GuestDirs> guest_dirs_;
  std::shared_ptr<GuestOutput> guest_output_;
  // Of the run under way, for the backend; kept so that a run need not allocate.
  std::vector<wasinn_backend_input> c_inputs_;
  Outputs last_outputs_;  // of the run before; of the owner's thread

  Mutex mutex_;
  bool active_ GUARDED_BY(mutex_) = false;   // the backend has not said done
  bool reported_ GUARDED_BY(mutex_) = true;  // the owner has its outcome
  bool called_ GUARDED_BY(mutex_) = false;   // the backend's run was called
  bool on_worker_ GUARDED_BY(mutex_) = false;
  bool stuck_ GUARDED_BY(mutex_) = false;
  uint64_t run_ GUARDED_BY(mutex_) = 0;    // of the sink
  uint64_t begun_ GUARDED_BY(mutex_) = 0;  // runs so far
  std::chrono::steady_clock::time_point started_ GUARDED_BY(mutex_);
  uint64_t input_bytes_ GUARDED_BY(mutex_) = 0;
  std::optional<Done> done_ GUARDED_BY(mutex_);  // reported inside a blocking backend's run
  std::vector<Input> inputs_ GUARDED_BY(mutex_);
  Result<> outcome_ GUARDED_BY(mutex_);
  Outputs outputs_ GUARDED_BY(mutex_);
  std::map<uint32_t, Chunks> chunks_ GUARDED_BY(mutex_);  // by port
  uint64_t chunk_bytes_ GUARDED_BY(mutex_) = 0;           // their total size
  bool chunk_lost_ GUARDED_BY(mutex_) = false;
  std::optional<Error> refusal_ GUARDED_BY(mutex_);  // why the first output or chunk was refused
  wasinn_backend_usage usage_ GUARDED_BY(mutex_) = {};
  std::move_only_function<void()> on_reported_ GUARDED_BY(mutex_);
  std::shared_ptr<ChunkListener> chunk_listener_ GUARDED_BY(mutex_);
  std::move_only_function<void()> on_idle_ GUARDED_BY(mutex_);
  std::atomic<Timer::Id> timer_{0};                     // of the deadline
  std::shared_ptr<Execution> self_ GUARDED_BY(mutex_);  // while the backend is at work
  Pool::Prepared end_job_ GUARDED_BY(mutex_);           // ends self_ outside of the backend
  Charge retired_ GUARDED_BY(mutex_);                   // see Retire
};

}  // namespace wasinn
