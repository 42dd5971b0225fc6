// One guest's graphs, contexts, tensors and errors, under its policy.
#pragma once

#include <wasinn/adapter.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ledger.h"
#include "base/log_limit.h"
#include "base/mutex.h"
#include "model/store.h"
#include "sched/execution.h"
#include "sched/scheduler.h"
#include "session/carry.h"
#include "session/pending.h"
#include "session/policy.h"
#include "session/run.h"
#include "session/slots.h"
#include "tensor/tensor.h"

namespace wasinn {

// The parts that the sessions of one engine share. It outlives them.
struct SessionHost {
  BufferPool* buffers = nullptr;
  ModelStore* models = nullptr;
  Scheduler* scheduler = nullptr;
  const Logger* log = nullptr;
};

// One call at a time, from any one thread; Stop, stopped and OnStop from any thread, any time.
// Handles of graphs and contexts count up from 0 and are never used twice (WasmEdge's guests rely
// on it); those of tensors and errors, which only component engines see, are.
//
// Load and compute may take long. Their Start functions end at once with a value, or give nullopt:
// then the call goes on elsewhere, the waker is called once, and the Finish function gives the
// value. With a NULL waker they block and always give a value. The same holds for the waits of runs
// in the background; at most one of all these calls is pending at a time.
class Session {
 public:
  Session(const SessionHost& host, Policy policy);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const SessionHost& host() const { return host_; }
  const Policy& policy() const { return policy_; }
  const Logger& log() const { return *host_.log; }
  // Charges for what the guest holds, and for what backends still hold for it.
  const Ledger& ledger() const { return *ledger_; }

  // Lets computes read files of the folder `host` by the names that they have for the guest, which
  // sees the folder as `guest`. This holds for contexts that are made from now on.
  Result<> GrantDir(const std::string& host, std::string_view guest);

  // ---- graphs
  // `extra` options override the registered ones; those that the backend does not know are ignored
  // with a warning, as WasmEdge does.
  std::optional<Result<uint32_t>> StartLoadByName(std::string_view name, const Options& extra,
                                                  const wasinn_waker* waker);
  // The sizes are checked against policy before the parts are copied.
  std::optional<Result<uint32_t>> StartLoad(std::span<const std::span<const uint8_t>> parts,
                                            Encoding encoding, Target target,
                                            const wasinn_waker* waker);
  Result<uint32_t> FinishLoad();
  Result<> DropGraph(uint32_t graph);
  // As WasmEdge's `unload`: the graph's contexts lose it, too. They still give outputs, but accept
  // no inputs and cannot compute any more; a stream of compute_single ends, a run in the background
  // goes on.
  Result<> UnloadGraph(uint32_t graph);
  Result<std::shared_ptr<Graph>> FindGraph(uint32_t graph) const;
  // Options of every context that is made from this handle afterwards, to be changed with
  // SetProperty. Valid until the handle is dropped.
  Result<Options*> ContextOptions(uint32_t graph);

  // ---- contexts
  // `options` override those of the handle.
  Result<uint32_t> InitContext(uint32_t graph, const Options& options);
  Result<> DropContext(uint32_t context);
  Result<const Graph*> GraphOf(uint32_t context) const;
  // Copies `bytes`; `numbers` as in FitToPort.
  Result<> SetInput(uint32_t context, std::optional<DTypeNumbers> numbers, uint32_t port,
                    DType dtype, const Shape& shape, std::span<const uint8_t> bytes);
  // Sets a tensor that the session already holds.
  Result<> SetInputTensor(uint32_t context, std::optional<DTypeNumbers> numbers, uint32_t port,
                          Tensor tensor);
  // Forgets all inputs, for dialects that give them with each compute.
  Result<> ClearInputs(uint32_t context);
  std::optional<Result<>> StartCompute(uint32_t context, const wasinn_waker* waker);
  Result<> FinishCompute();
  // An output of the last compute or run, or one that the backend knows without a run, for the
  // inputs that were set since then. INVALID_ARGUMENT for an index that the graph does not have,
  // before a successful compute, and while a run is under way. With compute_single, outputs are
  // available only once the end of the stream was read.
  Result<Tensor> Output(uint32_t context, uint32_t port) const;
  // As Output, but without sharing its bytes; valid until the context's next compute or its end,
  // whatever inputs are set meanwhile.
  Result<const Tensor*> LentOutput(uint32_t context, uint32_t port) const;
  // 0 for an unknown handle.
  size_t OutputCount(uint32_t context) const;

  // ---- runs in the background; session_run.cc
  // Each context has at most one; each ends with the next compute or
  // run of its context, with the context, with Stop or Abandon, and with the session.
  // compute_timeout counts from the start of the run. Functions that need a run fail with
  // INVALID_ARGUMENT if none was started.

  // Starts a compute with the current inputs and returns. BUSY while one is under way,
  // or while the backend has not ended one that was cancelled.
  Result<> StartRun(uint32_t context);
  // The state of the run, or its error once it has failed. Never blocks.
  Result<RunStatus> PollRun(uint32_t context);
  // Waits until it is kDone or failed, or, waiting for a piece, kReadable; nullopt of `timeout`
  // waits for ever. If the timeout comes first, the result is the state of the run (kRunning), not
  // an error.
  std::optional<Result<RunStatus>> StartWait(uint32_t context, WaitFor what,
                                             std::optional<std::chrono::milliseconds> timeout,
                                             const wasinn_waker* waker);
  Result<RunStatus> FinishWait();
  // Belongs to the context's current run, whatever the context does later.
  Result<std::unique_ptr<RunPollable>> SubscribeRun(uint32_t context);
  // Reads the next piece, see Run::Read; each output is read from its beginning. INVALID_ARGUMENT
  // for `max` 0.
  Result<Piece> ReadPiece(uint32_t context, uint32_t port, size_t max);
  // Ends the run with CANCELLED without waiting for the backend. Does nothing if it has ended.
  Result<> CancelRun(uint32_t context);
  // As EndRun, but waits until the backend has ended, so that the next compute is not BUSY; TIMEOUT
  // after compute_timeout. Does nothing without a run.
  std::optional<Result<>> StartEndRun(uint32_t context, const wasinn_waker* waker);
  Result<> FinishEndRun();

  // ---- compute_single: a run that the guest steps through
  // Waits for the next chunk of the stream, starting one when there is none or when the last step
  // failed; END_OF_SEQUENCE after the last chunk, else the run's error.
  std::optional<Result<>> StartSingle(uint32_t context, const wasinn_waker* waker);
  Result<> FinishSingle();
  // See Run::StepOutput.
  Result<Tensor> SingleOutput(uint32_t context, uint32_t port) const;
  // Ends the stream as StartEndRun does, and finishes with FinishEndRun. StartCompute does so by
  // itself.
  std::optional<Result<>> StartFiniSingle(uint32_t context, const wasinn_waker* waker);

  // ---- tensors and errors that component guests hold
  // Copies; the check of dims against length waits for the port (see carry.h).
  Result<uint32_t> AddTensor(DType dtype, const Shape& shape, std::span<const uint8_t> bytes);
  // For a constructor that cannot fail: the tensor exists, and each use of it fails with `error`.
  Result<uint32_t> AddBrokenTensor(Error error);
  Result<uint32_t> AddTensor(Tensor tensor);
  Result<Tensor> FindTensor(uint32_t tensor) const;
  // Removes it from the session and returns it.
  Result<Tensor> TakeTensor(uint32_t tensor);
  void DropTensor(uint32_t tensor);
  Result<uint32_t> AddError(Error error);
  const Error* FindError(uint32_t error) const {
    const HeldError* held = errors_.Find(error);
    return held == nullptr ? nullptr : &held->error;
  }
  void DropError(uint32_t error) noexcept { errors_.Remove(error); }

  // ---- the last error
  // Keeps the beginning of the error's text, and logs it unless the log limit was reached.
  void Remember(const Error& error) noexcept;
  // kOk without one.
  const Error& last_failure() const { return last_failure_; }
  const std::string& last_error() const { return last_failure_.message; }
  void Forget() { last_failure_ = {Code::kOk, "", 0}; }

  // ---- stopping
  // Ends the session permanently with CANCELLED or TIMEOUT; the first reason is kept.
  void Stop(Error why) noexcept;
  bool stopped() const { return stopped_.load(std::memory_order_acquire) != Code::kOk; }
  Code stop_code() const { return stopped_.load(std::memory_order_acquire); }
  // Why it was stopped.
  Error StopError() const noexcept;
  void OnStop(void (*stop)(void* self), void* self);
  // Gives up the call under way; the guest has already got an error for it.
  void GiveUpCall() noexcept;
  // As GiveUpCall, and ends all runs; see wasinn_session_abandon.
  void Abandon() noexcept;

  // ---- for dialects: what ends a PENDING call
  std::move_only_function<wasinn_call_state(wasinn_memory, uint64_t*)> finish_core;
  std::move_only_function<wasinn_call_state(wasinn_val*)> finish_component;
  // Memory behind the last component result's items; valid until the next call.
  std::vector<wasinn_val> result_items;
  std::vector<std::string> result_texts;
  std::vector<uint32_t> result_words;

 private:
  struct EarlyOutput;
  struct Context {
    uint32_t graph = 0;
    bool unloaded = false;  // its graph was, by UnloadGraph
    std::shared_ptr<Execution> execution;
    std::vector<std::optional<Tensor>> inputs;
    std::unique_ptr<Run> run;  // in the background; nullptr after a plain compute
    bool new_inputs = false;   // set since the last compute or run
    Charge slot;
    // Outputs that the backend knows without a run, for the current inputs, by port.
    mutable std::map<uint32_t, std::shared_ptr<EarlyOutput>> early_outputs;
    // The ones that were lent since the last compute.
    mutable std::vector<std::shared_ptr<const EarlyOutput>> lent_outputs;
  };
  // An output that the backend knows without a run, or why it does not know it.
  struct EarlyOutput {
    Result<Tensor> output;
    bool lent = false;
  };
  struct HeldTensor {
    Tensor tensor;
    std::optional<Error> error;
    Charge text;
  };
  struct HeldError {
    Error error;
    Charge text;
    Charge bytes;
  };
  // A load under way, shared with the thread that loads.
  struct LoadJob {
    Pending pending;
    Options extra;
    Result<std::shared_ptr<Graph>> graph = Fail(Code::kCancelled, "the load was given up");
    std::atomic<bool> finished{false};
  };

  // A wait of a run under way.
  struct RunWait {
    uint32_t context;
    WaitFor what;
    std::shared_ptr<Pending> pending;
    Timer::Id timer;  // 0: none
  };
  // A compute that starts when the stream before it has ended.
  class LateStart;

  std::optional<Result<uint32_t>> StartLoadJob(
      std::move_only_function<Result<std::shared_ptr<Graph>>()> load, const Options& extra,
      const wasinn_waker* waker);
  uint64_t OwnGraphBytes(const Graph& added) const;
  // `extra`: the options that a guest added to the registered ones; options of contexts are kept
  // with the handle.
  Result<uint32_t> AddGraph(std::shared_ptr<Graph> graph, const Options& extra);
  Result<Context*> FindContext(uint32_t context);
  Result<const Context*> FindContext(uint32_t context) const;
  // As FindContext, for a context that may still be changed and run.
  Result<Context*> FindLiveContext(uint32_t context);
  static Result<const Port*> InputPort(const Context& context, uint32_t port);
  // The output that the backend knows without a run; nullptr if only a run can give it.
  static Result<EarlyOutput*> FindEarlyOutput(const Context& context, uint32_t port);
  // `early`: what it is part of, unless it is of the last compute.
  Result<const Tensor*> FindOutput(uint32_t context, uint32_t port, EarlyOutput** early) const;
  static void InputsChanged(Context& context);
  Result<std::vector<Execution::Input>> GatherInputs(const Context& context) const;
  // Called when a compute or run begins.
  static void ForgetEarlyOutputs(Context& context);
  Result<BufferRef> AllocateTensor(uint64_t size);
  void SetCurrent(std::shared_ptr<Execution> execution, Pending* pending);
  std::chrono::steady_clock::time_point ComputeDeadline() const;

  Result<> BeginRun(uint32_t handle, Context& context, Run::Kind kind);
  void DropRun(uint32_t handle, Context& context);
  Result<Run*> FindRun(uint32_t context);
  // Waits for wait_, or returns true if the waker will be called for it.
  bool Suspend(std::optional<std::chrono::steady_clock::time_point> until,
               const wasinn_waker* waker);
  // Ends the wait. The session's error when it was stopped, UNKNOWN when there was no wait. Throws
  // nothing where there was one.
  Result<RunWait> EndWait();
  std::optional<Result<>> ComputeWhenIdle(std::shared_ptr<Execution> execution,
                                          std::vector<Execution::Input> inputs,
                                          const wasinn_waker* waker);
  Result<> EndLateStart(LateStart& late);
  void GiveUpLateStart();

  const SessionHost host_;
  const Policy policy_;
  std::shared_ptr<const GuestDirs> guest_dirs_;
  std::unordered_map<uint32_t, std::shared_ptr<Graph>> graphs_;
  std::unordered_map<uint32_t, Options> context_options_;  // by graph handle
  std::unordered_map<uint32_t, Context> contexts_;
  uint32_t next_graph_ = 0;
  uint32_t next_context_ = 0;
  Slots<HeldTensor> tensors_;
  Slots<HeldError> errors_;
  const std::shared_ptr<Ledger> ledger_;
  Error last_failure_ = {Code::kOk, "", 0};
  LogLimit log_limit_{"failed guest calls"};

  std::shared_ptr<LoadJob> load_;       // PENDING load
  std::shared_ptr<Execution> compute_;  // PENDING compute
  std::shared_ptr<Pending> computing_;
  std::shared_ptr<LateStart> late_;  // what `computing_` belongs to, after a stream
  std::optional<RunWait> wait_;      // PENDING wait of a run

  std::atomic<Code> stopped_{Code::kOk};
  mutable Mutex stop_mutex_;
  Error stop_error_ GUARDED_BY(stop_mutex_);
  std::shared_ptr<Execution> current_
      GUARDED_BY(stop_mutex_);  // the execution that Stop must cancel
  Pending* current_pending_ GUARDED_BY(stop_mutex_) = nullptr;
  // By context: the executions of runs in the background, which Stop must cancel, too.
  std::map<uint32_t, std::shared_ptr<Execution>> running_ GUARDED_BY(stop_mutex_);
  void (*on_stop_)(void* self) GUARDED_BY(stop_mutex_) = nullptr;
  void* on_stop_self_ GUARDED_BY(stop_mutex_) = nullptr;
};

}  // namespace wasinn
