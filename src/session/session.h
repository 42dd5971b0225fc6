// One guest's graphs, contexts, tensors and errors, under its policy.
#pragma once

#include <wasinn/adapter.h>

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/guest_output.h"
#include "base/ledger.h"
#include "base/log_limit.h"
#include "base/mutex.h"
#include "model/store.h"
#include "sched/execution.h"
#include "sched/scheduler.h"
#include "session/call.h"
#include "session/carry.h"
#include "session/held.h"
#include "session/load.h"
#include "session/policy.h"
#include "session/run.h"
#include "session/stopper.h"
#include "tensor/tensor.h"

namespace wasinn {

// The parts that the sessions of one engine share. It outlives them.
struct SessionHost {
  BufferPool* buffers = nullptr;
  ModelStore* models = nullptr;
  Scheduler* scheduler = nullptr;
  const Logger* log = nullptr;
};

// One function at a time, from any thread; Stop, stopped and OnStop from any thread, any time.
// Handles of graphs and contexts count up from 0 and are never used twice (WasmEdge's guests rely
// on it); those of tensors and errors, which only component engines see, are.
//
// What may take long gives a Call (session/call.h): its outcome, or what is waited for to get it.
// Any number of them may be pending at a time, one compute for each context; Stop ends them all.
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
  Call<uint32_t> LoadByName(std::string_view name, const Options& extra);
  // The sizes are checked against policy before the parts are copied.
  Call<uint32_t> Load(std::span<const std::span<const uint8_t>> parts, Encoding encoding,
                      Target target);
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
  // session_calls.cc
  Call<void> Compute(uint32_t context);
  // Output of the last compute or run, or one that the backend knows without a run: of the inputs
  // that were set since. INVALID_ARGUMENT for an index that the graph does not have,
  // before a successful compute, and while a run is under way. Of a stream of compute_single, only
  // once its end was read.
  Result<Tensor> Output(uint32_t context, uint32_t port) const;
  // As Output, but without sharing its bytes; valid until the context's next compute or its end,
  // whatever inputs are set meanwhile.
  Result<const Tensor*> LentOutput(uint32_t context, uint32_t port) const;
  // 0 for an unknown handle.
  size_t OutputCount(uint32_t context) const;

  // ---- runs in the background; session_calls.cc
  // One per context, as many at a time as there are contexts; each ends with the next compute or
  // run of its context, with the context, with Stop or Abandon, and with the session.
  // compute_timeout counts from the start of the run. Functions that need a run fail with
  // INVALID_ARGUMENT if none was started.

  // Starts a compute with the current inputs and returns. BUSY while one is under way,
  // or while the backend has not ended one that was cancelled.
  Result<> StartRun(uint32_t context);
  // The state of the run, or its error once it has failed. Never blocks.
  Result<RunStatus> PollRun(uint32_t context);
  // Waits until it is kDone or failed, or, waiting for a piece, kReadable; nullopt of `timeout`
  // waits for ever. When the time is over first it says how far the run is (kRunning), which is no
  // error.
  Call<RunStatus> Wait(uint32_t context, WaitFor what,
                       std::optional<std::chrono::milliseconds> timeout);
  // Of the run that the context has now, whatever comes after it.
  Result<std::unique_ptr<RunPollable>> SubscribeRun(uint32_t context);
  // Reads the next piece, see Run::Read; each output is read from its beginning. INVALID_ARGUMENT
  // for `max` 0.
  Result<Piece> ReadPiece(uint32_t context, uint32_t port, size_t max);
  // Ends the run with CANCELLED without waiting for the backend. Does nothing if it has ended.
  Result<> CancelRun(uint32_t context);
  // The same, and waits until the backend has ended, so that the next compute is not BUSY; at most
  // as long as compute_timeout allows, then TIMEOUT. Nothing without a run.
  Call<void> EndRun(uint32_t context);

  // ---- compute_single: a run that the guest steps through
  // Waits for the next chunk of the stream, starting one when there is none or when the last step
  // failed; END_OF_SEQUENCE after the last chunk, else the run's error.
  Call<void> Single(uint32_t context);
  // See Run::StepOutput.
  Result<Tensor> SingleOutput(uint32_t context, uint32_t port) const;
  // Ends the stream as EndRun does. Compute does so by itself.
  Call<void> FiniSingle(uint32_t context);

  // ---- tensors and errors that component guests hold
  HeldValues& held() { return held_; }
  const HeldValues& held() const { return held_; }
  // Copies; the check of dims against length waits for the port (see carry.h).
  Result<uint32_t> AddTensor(DType dtype, const Shape& shape, std::span<const uint8_t> bytes);

  // ---- the last error
  // Keeps the beginning of the error's text, and logs it unless the log limit was reached.
  void Remember(const Error& error) noexcept;
  // kOk without one.
  const Error& last_failure() const { return last_failure_; }
  const std::string& last_error() const { return last_failure_.message; }
  void Forget() { last_failure_ = {Code::kOk, "", 0}; }

  // What models write to the guest's standard output.
  GuestOutput& guest_output() { return *guest_output_; }

  // ---- stopping
  // Ends the session for good with CANCELLED or TIMEOUT; the first reason stays.
  void Stop(Error why) noexcept { stopper_.Stop(std::move(why)); }
  bool stopped() const { return stopper_.stopped(); }
  Code stop_code() const { return stopper_.code(); }
  // Why it was stopped.
  Error StopError() const noexcept { return stopper_.error(); }
  void OnStop(void (*stop)(void* self), void* self) { stopper_.OnStop(stop, self); }
  // Cancels all calls and runs; see wasinn_session_abandon.
  void Abandon() noexcept;

  // ---- for dialects
  // Memory behind the last component result's items; valid until the next call.
  std::vector<wasinn_val> result_items;
  std::vector<std::string> result_texts;
  std::vector<uint32_t> result_words;
  // Memory behind wasinn_session_take_stdout.
  std::string stdout_text;

 private:
  struct EarlyOutput;
  struct Context {
    uint32_t graph = 0;
    bool unloaded = false;  // its graph was, by UnloadGraph
    std::shared_ptr<Execution> execution;
    std::vector<std::optional<Tensor>> inputs;
    std::shared_ptr<PendingCall> compute;  // the last one that was pending
    std::unique_ptr<Run> run;              // in the background; nullptr after a plain compute
    Stopper::Entry run_entry;              // of `run`
    bool new_inputs = false;               // set since the last compute or run
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

  Call<uint32_t> StartLoad(LoadCall::Work work, const Options& extra);
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
  static std::chrono::steady_clock::time_point DeadlineIn(uint64_t milliseconds);
  std::chrono::steady_clock::time_point ComputeDeadline() const;

  // BUSY while a compute is pending, or was not taken.
  static Result<> CheckNotComputing(const Context& context);
  Result<> BeginRun(Context& context, Run::Kind kind);
  static void DropRun(Context& context);
  Result<Run*> FindRun(uint32_t context);
  // Until `end`, if there is one: then the call ends, which is no failure.
  TimerEntry EndAt(std::optional<std::chrono::steady_clock::time_point> end,
                   const std::shared_ptr<PendingCall>& call);
  Call<void> ComputeWhenIdle(Context& context, std::vector<Execution::Input> inputs);

  const SessionHost host_;
  const Policy policy_;
  Stopper stopper_;  // outlives the entries of contexts
  std::shared_ptr<const GuestDirs> guest_dirs_;
  std::unordered_map<uint32_t, std::shared_ptr<Graph>> graphs_;
  std::unordered_map<uint32_t, Options> context_options_;  // by graph handle
  std::unordered_map<uint32_t, Context> contexts_;
  uint32_t next_graph_ = 0;
  uint32_t next_context_ = 0;
  const std::shared_ptr<Ledger> ledger_;
  const std::shared_ptr<FairQueue::Flow> flow_;  // of its computes
  HeldValues held_;
  const std::shared_ptr<GuestOutput> guest_output_;
  Error last_failure_ = {Code::kOk, "", 0};
  LogLimit log_limit_{"failed guest calls"};
};

}  // namespace wasinn
