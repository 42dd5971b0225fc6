#include "sched/execution.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace wasinn {
namespace {

// The maximum bytes of streamed output that are kept, for backends that stream without end.
constexpr uint64_t kMaxChunkBytes = 256 << 20;

// The execution whose backend is being called on this thread; that call keeps the execution alive.
thread_local const Execution* calling = nullptr;

uint64_t BytesOf(std::span<const Execution::Input> inputs) {
  uint64_t bytes = 0;
  for (const Execution::Input& input : inputs) bytes += input.tensor.data.size();
  return bytes;
}

Error NeverDone(const std::string& backend, const std::optional<Error>& thrown) noexcept {
  try {
    return {Code::kUnknown,
            fmt::format("backend {} returned from run without saying done{}{}", backend,
                        thrown ? ": " : "", thrown ? thrown->message : ""),
            0};
  } catch (...) {
    return PlainError(Code::kUnknown, {});
  }
}

}  // namespace

Result<std::shared_ptr<Execution>> Execution::Create(Scheduler& scheduler,
                                                     std::shared_ptr<Graph> graph,
                                                     const Options& options,
                                                     std::shared_ptr<Ledger> ledger,
                                                     std::shared_ptr<FairQueue::Flow> flow) {
  uint64_t option_bytes = 0;
  for (const auto& [name, value] : options) option_bytes += name.size() + value.size();
  WASINN_TRY(charge, Charge::Take(ledger, Ledger::Account::kBytes, option_bytes));
  std::shared_ptr<Execution> execution(
      new Execution(scheduler, std::move(graph), std::move(ledger), std::move(flow)));
  execution->options_charge_ = std::move(charge);
  const Graph& g = *execution->graph_;
  Options merged = g.options().context;
  for (const auto& [name, value] : options) merged[name] = value;
  WASINN_CHECK(CheckOptions("backend " + g.backend().name(), g.backend().options(),
                            WASINN_SCOPE_CONTEXT, merged));
  WASINN_TRY(slot, scheduler.runs().TakeSlot());
  execution->slot_ = slot;
  const std::vector<wasinn_option> c_options = ToC(merged);
  wasinn_error error{};
  const wasinn_code code = g.backend().table().context_create(
      g.handle(), c_options.data(), c_options.size(), &execution->context_, &error);
  if (code != WASINN_OK) {
    execution->context_ = nullptr;
    return Fail(FromC(code, error, "backend " + g.backend().name() + ": context_create"));
  }
  if (execution->context_ == nullptr) {
    return Fail(Code::kUnknown, "backend {}: context_create gave no context", g.backend().name());
  }
  return execution;
}

Execution::~Execution() {
  try {
    if (context_ != nullptr) graph_->backend().table().context_free(context_);
  } catch (...) {
    // The exception is dropped: the plug-in was called.
  }
  if (slot_) scheduler_.runs().GiveSlot(*slot_);
  graph_.reset();
  scheduler_.live_executions.fetch_sub(1);
}

bool Execution::RunsInline(std::span<const Input> inputs) const {
  if (!graph_->backend().blocking() || scheduler_.queue().waiting() != 0) return false;
  const uint64_t typical = graph_->typical_run_ns(BytesOf(inputs));
  return typical != 0 && typical < Scheduler::kInlineNs;
}

Error Execution::Busy() noexcept {
  return PlainError(Code::kBusy,
                    "expected an idle execution context, given one whose run has not ended");
}

Error Execution::TimedOut() noexcept {
  return PlainError(Code::kTimeout, "the compute took longer than the rule compute_timeout allows");
}

Result<uint64_t> Execution::BeginRun(std::vector<Input> inputs, std::shared_ptr<Execution> self,
                                     std::move_only_function<void()> reported,
                                     std::shared_ptr<ChunkListener> chunks) {
  last_outputs_.assign(graph_->info().outputs.size(), std::nullopt);
  MutexLock lock(mutex_);
  if (active_ || !reported_) return Fail(Busy());
  // Everything that may throw comes first: nothing may throw from here to the report.
  c_inputs_.reserve(inputs.size());
  outputs_.swap(last_outputs_);
  if (end_job_.empty() && !graph_->backend().blocking()) end_job_ = Pool::Prepare();
  active_ = true;
  reported_ = false;
  called_ = false;
  on_worker_ = self != nullptr && graph_->backend().blocking();
  self_ = std::move(self);
  inputs_ = std::move(inputs);
  chunks_.clear();
  chunk_bytes_ = 0;
  chunk_lost_ = false;
  refusal_.reset();
  // Under the same lock as the rest: from here on the run can be cancelled, and must then report.
  on_reported_ = std::move(reported);
  chunk_listener_ = std::move(chunks);
  usage_ = {};
  return ++begun_;
}

Result<> Execution::RunInline(std::vector<Input> inputs, const std::atomic<Code>& stop) {
  WASINN_CHECK(BeginRun(std::move(inputs), nullptr, nullptr, nullptr));
  last_outputs_.clear();
  scheduler_.inline_runs.fetch_add(1, std::memory_order_relaxed);
  if (const Code why = stop.load(std::memory_order_acquire); why != Code::kOk) {
    Cancel(PlainError(why, "the session was stopped"));
  }
  CallBackend();
  return TakeOutcome();
}

Result<uint64_t> Execution::Start(std::vector<Input> inputs,
                                  std::chrono::steady_clock::time_point deadline,
                                  std::move_only_function<void()> reported,
                                  std::shared_ptr<ChunkListener> chunks) {
  // The deadline of a run whose outcome nobody took must not end this one.
  DropDeadline();
  const bool blocking = graph_->backend().blocking();
  WASINN_TRY(number, BeginRun(std::move(inputs), shared_from_this(), std::move(reported),
                              std::move(chunks)));
  last_outputs_.clear();
  try {
    if (deadline != std::chrono::steady_clock::time_point::max()) {
      timer_ = scheduler_.timer().At(deadline, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) {
          self->Cancel(TimedOut());
        }
      });
    }
    if (blocking) {
      scheduler_.queue().Post(flow_, [self = shared_from_this()] { self->CallBackend(); });
      scheduler_.worker_runs.fetch_add(1, std::memory_order_relaxed);
      return number;
    }
  } catch (...) {
    Error error = ErrorOfException();
    DropDeadline();
    EndRunEarly();
    return Fail(std::move(error));
  }
  CallBackend();
  return number;
}

void Execution::EndRunEarly() noexcept {
  std::vector<Input> inputs;
  std::shared_ptr<Execution> self;
  Charge retired;
  std::move_only_function<void()> idle;
  std::move_only_function<void()> reported;
  std::shared_ptr<ChunkListener> chunks;
  {
    MutexLock lock(mutex_);
    active_ = false;
    reported_ = true;
    inputs.swap(inputs_);
    self = std::move(self_);
    retired = std::move(retired_);
    idle = std::exchange(on_idle_, nullptr);
    reported = std::exchange(on_reported_, nullptr);
    chunks = std::move(chunk_listener_);
  }
  // The memory is freed first, because the callback may rely on that.
  inputs.clear();
  retired = Charge();
  if (idle) idle();
}

void Execution::CallBackend() noexcept {
  const std::shared_ptr<Execution> keep = shared_from_this();
  RunTable& runs = scheduler_.runs();
  // This comes before our lock is taken: reports arrive under the slot's lock and then take ours.
  const wasinn_backend_sink sink = runs.BeginRun(*slot_, this);
  bool given_up = false;
  {
    MutexLock lock(mutex_);
    given_up = reported_;  // cancelled while it waited for a worker
    if (!given_up) {
      called_ = true;
      c_inputs_.clear();
      for (const Input& input : inputs_) c_inputs_.push_back({input.port, input.tensor.view()});
      run_ = sink.run;
      input_bytes_ = BytesOf(inputs_);
      started_ = std::chrono::steady_clock::now();
    }
  }
  if (given_up) {
    runs.EndRun(*slot_, sink.run);
    EndRunEarly();
    return;
  }
  const Backend& backend = graph_->backend();
  std::optional<Error> thrown;
  const Execution* const outer = std::exchange(calling, this);
  try {
    backend.table().run(context_, c_inputs_.data(), c_inputs_.size(), &sink);
  } catch (...) {
    thrown = ErrorOfException();
  }
  calling = outer;
  if (!backend.blocking() && !thrown) return;
  if (runs.EndRun(*slot_, sink.run)) {
    Finish(Fail(NeverDone(backend.name(), thrown)), {});
  } else if (backend.blocking()) {
    std::optional<Done> done;
    {
      MutexLock lock(mutex_);
      done = std::exchange(done_, std::nullopt);
    }
    Finish(std::move(done->result), done->usage);
  }
}

std::optional<std::move_only_function<void()>> Execution::ReportLocked(Result<> outcome,
                                                                       Outputs& dropped) noexcept {
  if (reported_) return std::nullopt;
  reported_ = true;
  // From here on the owner may read outputs_, so no other thread writes it.
  if (!outcome && outcome.error().code == Code::kContextFull) {
    try {
      CollectTextLocked();  // a part of a completion is worth reading
    } catch (...) {
      // The exception is dropped: the outputs so far are better than none.
    }
  } else if (!outcome) {
    outputs_.swap(dropped);
    if (chunk_listener_ == nullptr) chunks_.clear();
  }
  outcome_ = std::move(outcome);
  return std::exchange(on_reported_, nullptr);
}

void Execution::CancelRun(uint64_t number, Error why) noexcept {
  Outputs dropped;
  std::optional<std::move_only_function<void()>> report;
  bool tell_backend = false;
  uint64_t run = 0;
  {
    MutexLock lock(mutex_);
    if (!active_ || reported_ || (number != 0 && number != begun_)) return;
    report = ReportLocked(Fail(std::move(why)), dropped);
    tell_backend = called_;
    run = run_;
    if (called_ && on_worker_ && !stuck_) {
      stuck_ = true;
      scheduler_.computes().StuckBegan();
    }
  }
  try {
    if (tell_backend) graph_->backend().table().cancel(context_, run);
  } catch (...) {
    // The exception is dropped: the run is over for its owner in any case.
  }
  if (report && *report) (*report)();
}

void Execution::Retire(Charge context) noexcept {
  Outputs outputs;
  std::map<uint32_t, Chunks> chunks;
  MutexLock lock(mutex_);
  if (active_) retired_ = std::move(context);
  if (!reported_) return;
  // No one reads the outputs any more, although another thread may still hold a reference to this.
  outputs.swap(outputs_);
  chunks.swap(chunks_);
}

void Execution::DropDeadline() noexcept {
  if (timer_.load(std::memory_order_relaxed) == 0) return;
  scheduler_.timer().Cancel(timer_.exchange(0));
}

Result<> Execution::TakeOutcome() {
  DropDeadline();
  MutexLock lock(mutex_);
  return outcome_;
}

// An output is its own until it ends: not an input's memory, which is written again or given to
// others, and not the graph's, which may end first.
Result<> Execution::OwnBytesLocked(Tensor& output, Outputs& dropped) {
  const bool own = output.data.Owned() && std::ranges::none_of(inputs_, [&](const Input& input) {
                     return output.data.Overlaps(input.tensor.data);
                   });
  if (own || output.data.size() == 0) return {};
  WASINN_TRY(copy, Tensor::Copy(graph_->backend().buffers(), output.dtype, output.shape,
                                output.data.bytes()));
  dropped.emplace_back(std::exchange(output, std::move(copy)));
  return {};
}

Result<> Execution::TakeOutputLocked(uint32_t port, Tensor& tensor, Outputs& dropped) {
  if (reported_) return {};
  if (port >= outputs_.size()) {
    return Fail(Code::kUnknown, "backend {}: expected an output port below {}, given {}",
                graph_->backend().name(), outputs_.size(), port);
  }
  WASINN_CHECK(OwnBytesLocked(tensor, dropped));
  WASINN_CHECK(tensor.data.ChargeTo(ledger_.get()));
  // One that the backend gave before, too, ends after the lock.
  std::optional<Tensor>& output = outputs_[port];
  if (output) {
    std::swap(*output, tensor);
  } else {
    output = std::move(tensor);
  }
  return {};
}

bool Execution::OnOutput(uint32_t port, Result<Tensor>&& tensor) noexcept {
  Outputs dropped;
  MutexLock lock(mutex_);
  Result<> taken;
  try {
    taken = tensor ? TakeOutputLocked(port, *tensor, dropped) : Fail(std::move(tensor.error()));
  } catch (...) {
    taken = Fail(ErrorOfException());
  }
  // The first error is the most informative one.
  if (!taken && !refusal_) refusal_ = std::move(taken.error());
  return taken.has_value();
}

Result<> Execution::TakeChunkLocked(uint32_t port, std::string_view data) {
  if (data.size() > kMaxChunkBytes - std::min(chunk_bytes_, kMaxChunkBytes)) {
    return Fail(Code::kTooLarge, "streamed output: expected at most {} bytes, given more",
                kMaxChunkBytes);
  }
  Chunks& chunks = chunks_.try_emplace(port, ledger_).first->second;
  WASINN_TRY(cost, chunks.Append(data, /*borders=*/chunk_listener_ != nullptr));
  chunk_bytes_ += cost;
  return {};
}

bool Execution::OnChunk(uint32_t port, std::string_view data) noexcept {
  std::shared_ptr<ChunkListener> listener;
  {
    MutexLock lock(mutex_);
    if (reported_ || port >= outputs_.size() || chunk_lost_) return false;
    Result<> taken;
    try {
      taken = TakeChunkLocked(port, data);
    } catch (...) {
      taken = Fail(ErrorOfException());
    }
    if (!taken) {
      chunk_lost_ = true;
      if (!refusal_) refusal_ = std::move(taken.error());
      return false;
    }
    if (!data.empty()) listener = chunk_listener_;
  }
  if (listener != nullptr) listener->Arrived(port);
  return true;
}

bool Execution::OnGuestStdout(std::string_view data) noexcept {
  std::shared_ptr<GuestOutput> output;
  {
    MutexLock lock(mutex_);
    if (reported_ || chunk_lost_) return false;
    // Whoever reads a stream has its text.
    if (chunk_listener_ != nullptr || guest_output_ == nullptr) return true;
    output = guest_output_;
  }
  Result<> taken;
  try {
    taken = output->Append(data);
  } catch (...) {
    taken = Fail(ErrorOfException());
  }
  if (taken) return true;
  MutexLock lock(mutex_);
  chunk_lost_ = true;
  if (!refusal_) refusal_ = std::move(taken.error());
  return false;
}

Execution::Progress Execution::progress(std::optional<uint32_t> port) {
  MutexLock lock(mutex_);
  bool readable = false;
  for (const auto& [of, chunks] : chunks_) {
    readable = readable || (chunks.readable() && port.value_or(of) == of);
  }
  return {reported_, readable};
}

std::optional<std::string> Execution::ReadChunks(uint32_t port, std::optional<size_t> max) {
  MutexLock lock(mutex_);
  const auto it = chunks_.find(port);
  if (it == chunks_.end() || it->second.empty()) return std::nullopt;
  return max ? it->second.Read(*max) : it->second.ReadChunk();
}

std::optional<Tensor> Execution::OutputSoFar(uint32_t port) {
  MutexLock lock(mutex_);
  return port < outputs_.size() ? outputs_[port] : std::nullopt;
}

bool Execution::Idle() {
  MutexLock lock(mutex_);
  return !active_;
}

Result<> Execution::AnnounceInput(uint32_t port, DType dtype, const Shape& shape,
                                  std::span<const uint8_t> bytes) {
  const Backend& backend = graph_->backend();
  if (!backend.has_early_io()) return {};
  if (backend.blocking() && !Idle()) return Fail(Busy());
  const wasinn_tensor_view view{ToC(dtype), static_cast<uint32_t>(shape.rank()), shape.data(),
                                bytes.data(), bytes.size()};
  wasinn_error error{};
  const wasinn_code code = backend.table().input_set(context_, port, &view, &error);
  if (code == WASINN_OK) return {};
  return Fail(FromC(code, error, "backend " + backend.name() + ": input_set"));
}

Result<Tensor> Execution::EarlyOutput(uint32_t port) {
  const Backend& backend = graph_->backend();
  wasinn_backend_output output{};
  output.port = port;
  wasinn_error error{};
  const wasinn_code code = backend.table().output_get(context_, port, &output, &error);
  if (code != WASINN_OK) {
    return Fail(FromC(code, error, "backend " + backend.name() + ": output_get"));
  }
  output.port = port;
  WASINN_TRY(tensor, TakeOutput(output));
  // The memory that it points to may change with the next call on the context.
  WASINN_TRY(copy,
             Tensor::Copy(backend.buffers(), tensor.dtype, tensor.shape, tensor.data.bytes()));
  WASINN_CHECK(copy.data.ChargeTo(ledger_.get()));
  return copy;
}

void Execution::WhenIdle(std::move_only_function<void()> idle) {
  {
    MutexLock lock(mutex_);
    if (active_) {
      if (on_idle_) {
        idle = [first = std::move(on_idle_), second = std::move(idle)]() mutable {
          first();
          second();
        };
      }
      on_idle_ = std::move(idle);
      return;
    }
  }
  idle();
}

void Execution::CollectTextLocked() {
  for (const auto& [port, chunks] : chunks_) {
    // A backend that streams need not deliver the whole text again.
    if (!outputs_[port]) outputs_[port] = TextTensor(chunks.text());
  }
  if (chunk_listener_ == nullptr) chunks_.clear();
}

Result<> Execution::CollectOutputsLocked() {
  if (chunk_lost_) return Fail(*refusal_);
  CollectTextLocked();
  for (size_t i = 0; i < outputs_.size(); ++i) {
    if (!outputs_[i] && !graph_->info().outputs[i].optional) {
      return Fail(Code::kUnknown, "backend {} reported success without output {} ('{}')",
                  graph_->backend().name(), i, Printable(graph_->info().outputs[i].name));
    }
  }
  return {};
}

void Execution::OnDone(Result<> result, const wasinn_backend_usage& usage) noexcept {
  if (!graph_->backend().blocking()) {
    Finish(std::move(result), usage);
    return;
  }
  // The backend's run has not returned yet; until it has, the owner must not start the next one.
  MutexLock lock(mutex_);
  done_ = Done{std::move(result), usage};
}

void Execution::Finish(Result<> result, const wasinn_backend_usage& usage) noexcept {
  Outputs dropped;
  std::optional<std::move_only_function<void()>> report;
  std::shared_ptr<Execution> self;
  Pool::Prepared end_job;
  std::vector<Input> inputs;
  Charge retired;
  std::move_only_function<void()> idle;
  {
    MutexLock lock(mutex_);
    const auto ns = (std::chrono::steady_clock::now() - started_).count();
    if (result) {
      graph_->CountRun(static_cast<uint64_t>(ns), input_bytes_);
      try {
        if (!reported_) result = CollectOutputsLocked();
      } catch (...) {
        result = Fail(ErrorOfException());
      }
    }
    // The backend only knows that it was refused, not why.
    if (!result && refusal_) result = Fail(std::move(*refusal_));
    active_ = false;
    if (!reported_) usage_ = usage;
    inputs.swap(inputs_);
    report = ReportLocked(std::move(result), dropped);
    if (std::exchange(stuck_, false)) scheduler_.computes().StuckEnded();
    self = std::move(self_);
    // This may be the last reference, and a context must not be freed inside a callback of its
    // backend.
    if (self != nullptr && calling != this) end_job.swap(end_job_);
    retired = std::move(retired_);
    idle = std::exchange(on_idle_, nullptr);
  }
  // The memory is freed first, because the callback may rely on that.
  inputs.clear();
  retired = Charge();
  if (report && *report) (*report)();
  if (idle) idle();
  if (!end_job.empty()) {
    end_job.front() = [keep = std::move(self)] {};
    scheduler_.computes().Post(std::move(end_job));
  }
}

}  // namespace wasinn
