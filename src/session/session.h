// One guest's graphs, contexts, tensors and errors, under its policy.
#pragma once

#include <wasinn/adapter.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "model/store.h"
#include "sched/execution.h"
#include "sched/scheduler.h"
#include "session/carry.h"
#include "session/pending.h"
#include "session/policy.h"
#include "session/slots.h"
#include "tensor/tensor.h"

namespace wasinn {

// What sessions of one engine share. Outlives them.
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
// value. With a NULL waker they block and always give a value.
class Session {
 public:
  Session(const SessionHost& host, Policy policy) : host_(host), policy_(std::move(policy)) {}
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const Policy& policy() const { return policy_; }
  const Logger& log() const { return *host_.log; }

  // ---- graphs
  // `extra` options go over the registered ones; those that the backend does not know are ignored
  // with a warning, as WasmEdge does.
  std::optional<Result<uint32_t>> StartLoadByName(std::string_view name, const Options& extra,
                                                  const wasinn_waker* waker);
  // The sizes are checked against policy before the parts are copied.
  std::optional<Result<uint32_t>> StartLoad(std::span<const std::span<const uint8_t>> parts,
                                            Encoding encoding, Target target,
                                            const wasinn_waker* waker);
  Result<uint32_t> FinishLoad();
  Result<> DropGraph(uint32_t graph);
  Result<std::shared_ptr<Graph>> FindGraph(uint32_t graph) const;

  // ---- contexts
  Result<uint32_t> InitContext(uint32_t graph, const Options& options);
  Result<> DropContext(uint32_t context);
  Result<const Graph*> GraphOf(uint32_t context) const;
  // Copies `bytes`; `numbers` as in FitToPort.
  Result<> SetInput(uint32_t context, std::optional<DTypeNumbers> numbers, uint32_t port,
                    DType dtype, const Shape& shape, std::span<const uint8_t> bytes);
  // Takes a tensor that the session holds already.
  Result<> SetInputTensor(uint32_t context, std::optional<DTypeNumbers> numbers, uint32_t port,
                          Tensor tensor);
  // Forgets all inputs, for dialects that give them with each compute.
  Result<> ClearInputs(uint32_t context);
  std::optional<Result<>> StartCompute(uint32_t context, const wasinn_waker* waker);
  Result<> FinishCompute();
  // Output of the last compute; INVALID_ARGUMENT for an index that the graph does not have and
  // before a successful compute.
  Result<Tensor> Output(uint32_t context, uint32_t port) const;
  // The same without sharing its bytes; valid until the context's next compute or its end.
  Result<const Tensor*> LentOutput(uint32_t context, uint32_t port) const;
  // 0 for a handle that is none.
  size_t OutputCount(uint32_t context) const;

  // ---- tensors and errors that component guests hold
  // Copies; the check of dims against length waits for the port (see carry.h).
  Result<uint32_t> AddTensor(DType dtype, const Shape& shape, std::span<const uint8_t> bytes);
  // For a constructor that cannot fail: the tensor exists and each use of it gives `error`.
  Result<uint32_t> AddBrokenTensor(Error error);
  Result<uint32_t> AddTensor(Tensor tensor);
  Result<Tensor> FindTensor(uint32_t tensor) const;
  // Takes it out of the session.
  Result<Tensor> TakeTensor(uint32_t tensor);
  void DropTensor(uint32_t tensor);
  Result<uint32_t> AddError(Error error);
  const Error* FindError(uint32_t error) const { return errors_.Find(error); }
  void DropError(uint32_t error) { errors_.Remove(error); }

  // ---- the last error
  void Remember(const Error& error);
  const std::string& last_error() const { return last_error_; }
  void Forget() { last_error_.clear(); }

  // ---- stopping
  // Ends the session for good with CANCELLED or TIMEOUT; the first reason stays.
  void Stop(Error why);
  bool stopped() const { return stopped_.load(std::memory_order_acquire) != Code::kOK; }
  Code stop_code() const { return stopped_.load(std::memory_order_acquire); }
  // Why it was stopped.
  Error StopError() const;
  void OnStop(void (*stop)(void* self), void* self);
  // Gives up the call under way; see wasinn_session_abandon.
  void Abandon();

  // ---- for dialects: what ends a PENDING call
  std::move_only_function<wasinn_call_state(wasinn_memory, uint64_t*)> finish_core;
  std::move_only_function<wasinn_call_state(wasinn_val*)> finish_component;
  // Memory behind the last component result's items; valid until the next call.
  std::vector<wasinn_val> result_items;
  std::vector<std::string> result_texts;
  std::vector<uint32_t> result_words;

 private:
  struct Context {
    std::shared_ptr<Execution> execution;
    std::vector<std::optional<Tensor>> inputs;
  };
  struct HeldTensor {
    Tensor tensor;
    std::optional<Error> error;
  };
  // A load under way, shared with the thread that loads.
  struct LoadJob {
    Pending pending;
    Result<std::shared_ptr<Graph>> graph = Fail(Code::kCANCELLED, "the load was given up");
    std::atomic<bool> finished{false};
  };

  std::optional<Result<uint32_t>> StartLoadJob(
      std::move_only_function<Result<std::shared_ptr<Graph>>()> load, const wasinn_waker* waker);
  uint64_t OwnGraphBytes(const Graph& added) const;
  Result<uint32_t> AddGraph(std::shared_ptr<Graph> graph);
  Result<Context*> FindContext(uint32_t context);
  Result<const Context*> FindContext(uint32_t context) const;
  static Result<const Port*> InputPort(const Context& context, uint32_t port);
  // Replaces an input and counts the bytes held.
  void Put(std::optional<Tensor>& input, Tensor tensor);
  Result<std::vector<Execution::Input>> GatherInputs(const Context& context) const;
  Result<BufferRef> AllocateTensor(uint64_t size);
  void SetCurrent(std::shared_ptr<Execution> execution, Pending* pending);

  const SessionHost host_;
  const Policy policy_;
  std::unordered_map<uint32_t, std::shared_ptr<Graph>> graphs_;
  std::unordered_map<uint32_t, Context> contexts_;
  uint32_t next_graph_ = 0;
  uint32_t next_context_ = 0;
  Slots<HeldTensor> tensors_;
  Slots<Error> errors_;
  uint64_t held_bytes_ = 0;
  std::string last_error_;

  std::shared_ptr<LoadJob> load_;       // PENDING load
  std::shared_ptr<Execution> compute_;  // PENDING compute
  std::shared_ptr<Pending> computing_;

  std::atomic<Code> stopped_{Code::kOK};
  mutable Mutex stop_mutex_;
  Error stop_error_ GUARDED_BY(stop_mutex_);
  std::shared_ptr<Execution> current_ GUARDED_BY(stop_mutex_);  // what Stop has to cancel
  Pending* current_pending_ GUARDED_BY(stop_mutex_) = nullptr;
  void (*on_stop_)(void* self) GUARDED_BY(stop_mutex_) = nullptr;
  void* on_stop_self_ GUARDED_BY(stop_mutex_) = nullptr;
};

}  // namespace wasinn
