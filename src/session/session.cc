#include "session/session.h"

#include <cstring>
#include <unordered_set>
#include <utility>

#include "base/checked.h"
#include "base/text.h"

namespace wasinn {
Session::Session(const SessionHost& host, Policy policy)
    : host_(host),
      policy_(std::move(policy)),
      ledger_(Ledger::Create({{{"max_session_bytes", policy_.max_session_bytes},
                               {"max_error_bytes", policy_.max_error_bytes},
                               {"max_contexts", policy_.max_contexts}}})),
      flow_(host_.scheduler->queue().NewFlow(policy_.priority, policy_.max_running)),
      held_(policy_, ledger_),
      guest_output_(std::make_shared<GuestOutput>(ledger_)) {}

Session::~Session() {
  Abandon();
  guest_output_->Listen(nullptr, nullptr);
  Stop(PlainError(Code::kCancelled, "the session has ended"));
  for (auto& [handle, context] : contexts_) context.execution->Retire(std::move(context.slot));
  log_limit_.Tell(*host_.log);
}

// ------------------------------------------------------------------ graphs

// The bytes of the graphs that exist only for this guest, each counted once, including `added`. A
// context keeps its graph when the handle is dropped.
uint64_t Session::OwnGraphBytes(const Graph& added) const {
  std::unordered_set<const Graph*> counted;
  uint64_t bytes = 0;
  const auto count = [&](const Graph& graph) {
    if (graph.used_by_host() || !counted.insert(&graph).second) return;
    bytes = CheckedAdd(bytes, graph.size()).value_or(UINT64_MAX);
  };
  count(added);
  for (const auto& [handle, graph] : graphs_) count(*graph);
  for (const auto& [handle, context] : contexts_) count(*context.execution->graph());
  return bytes;
}

Result<uint32_t> Session::AddGraph(std::shared_ptr<Graph> graph, const Options& extra) {
  WASINN_CHECK(CheckLimit("max_graphs", policy_.max_graphs, graphs_.size() + 1));
  if (!graph->used_by_host()) {
    WASINN_CHECK(CheckLimit("max_graph_bytes", policy_.max_graph_bytes, OwnGraphBytes(*graph)));
  }
  if (next_graph_ == UINT32_MAX) return Fail(Code::kTooLarge, "graph handles are used up");
  if (Options options = OptionsOfContexts(graph->backend(), extra); !options.empty()) {
    context_options_.emplace(next_graph_, std::move(options));
  }
  graphs_.emplace(next_graph_, std::move(graph));
  return next_graph_++;
}

Call<uint32_t> Session::StartLoad(LoadCall::Work work, const Options& extra) {
  auto load = LoadCall::Start(host_.scheduler->loads(), std::move(work));
  TimerEntry timer;
  if (policy_.load_timeout != 0) {
    Timer& deadlines = host_.scheduler->timer();
    timer = TimerEntry(deadlines, deadlines.At(DeadlineIn(policy_.load_timeout), [load] {
      load->Cancel(
          PlainError(Code::kTimeout, "the load took longer than the rule load_timeout allows"));
    }));
  }
  Stopper::Entry entry = stopper_.Add(load);
  return {load, std::move(entry),
          [this, load, extra]() -> Result<uint32_t> {
            WASINN_TRY(graph, load->Take());
            return AddGraph(std::move(graph), extra);
          },
          std::move(timer)};
}

Call<uint32_t> Session::LoadByName(std::string_view name, const Options& extra) {
  if (!policy_.GrantsModel(name)) {
    // The text must not reveal whether the model exists.
    return Fail(Code::kSecurity,
                "policy rule models: '{}' is not among the models granted to this "
                "guest",
                Printable(name));
  }
  if (auto graph = host_.models->GetLoaded(name, extra)) {
    return AddGraph(std::move(graph), extra);
  }
  return StartLoad(
      [models = host_.models, name = std::string(name), extra](ModelStore::Loaded loaded) {
        models->GetThen(name, extra, std::move(loaded));
      },
      extra);
}

Call<uint32_t> Session::Load(std::span<const std::span<const uint8_t>> parts, Encoding encoding,
                             Target target) {
  if (policy_.load_bytes == 0) {
    return Fail(Code::kSecurity, "policy rule load_bytes: this guest may not bring its own model");
  }
  uint64_t total = 0;
  for (const auto part : parts) total = CheckedAdd(total, part.size()).value_or(UINT64_MAX);
  if (auto limit = CheckLimit("max_model_bytes", policy_.max_model_bytes, total); !limit) {
    return Fail(limit.error());
  }
  std::vector<BufferRef> copies;
  for (const auto part : parts) {
    auto copy = host_.buffers->Allocate(part.size());
    if (!copy) return Fail(copy.error());
    if (!part.empty()) std::memcpy(copy->data(), part.data(), part.size());
    copies.push_back(std::move(*copy));
  }
  return StartLoad(
      [models = host_.models, copies = std::move(copies), encoding,
       target](ModelStore::Loaded loaded) mutable {
        models->GetFromBytesThen(std::move(copies), encoding, target, std::move(loaded));
      },
      {});
}

Result<std::shared_ptr<Graph>> Session::FindGraph(uint32_t graph) const {
  if (const auto it = graphs_.find(graph); it != graphs_.end()) return it->second;
  return Fail(Code::kInvalidArgument, "expected a graph of this session, given handle {}", graph);
}

Result<> Session::DropGraph(uint32_t graph) {
  WASINN_CHECK(FindGraph(graph));
  graphs_.erase(graph);
  context_options_.erase(graph);
  return {};
}

Result<> Session::UnloadGraph(uint32_t graph) {
  WASINN_CHECK(DropGraph(graph));
  for (auto& [handle, context] : contexts_) {
    if (context.graph != graph) continue;
    context.unloaded = true;
    // No further step is possible; the last chunk stays readable.
    if (context.run != nullptr && context.run->kind() == Run::Kind::kSingle) {
      context.run->Cancel({Code::kCancelled, "the graph was unloaded", 0});
    }
  }
  return {};
}

Result<Options*> Session::ContextOptions(uint32_t graph) {
  WASINN_CHECK(FindGraph(graph));
  return &context_options_[graph];
}

// ------------------------------------------------------------------ contexts

Result<> Session::GrantDir(const std::string& host, std::string_view guest) {
  // Contexts keep the options with which they were made.
  auto dirs = guest_dirs_ == nullptr ? std::make_shared<GuestDirs>()
                                     : std::make_shared<GuestDirs>(*guest_dirs_);
  WASINN_CHECK(dirs->Add(host, guest));
  guest_dirs_ = std::move(dirs);
  return {};
}

Result<uint32_t> Session::InitContext(uint32_t graph_handle, const Options& options) {
  WASINN_TRY(graph, FindGraph(graph_handle));
  Context context;
  WASINN_TRY(slot, Charge::Take(ledger_, Ledger::Account::kContexts, 1));
  if (next_context_ == UINT32_MAX) return Fail(Code::kTooLarge, "context handles are used up");
  context.slot = std::move(slot);
  context.graph = graph_handle;
  context.inputs.resize(graph->info().inputs.size());
  Options merged = options;
  if (const auto it = context_options_.find(graph_handle); it != context_options_.end()) {
    merged.insert(it->second.begin(), it->second.end());
  }
  WASINN_TRY(execution,
             Execution::Create(*host_.scheduler, std::move(graph), merged, ledger_, flow_));
  execution->set_guest_dirs(guest_dirs_);
  execution->set_guest_output(guest_output_);
  context.execution = std::move(execution);
  contexts_.emplace(next_context_, std::move(context));
  return next_context_++;
}

Result<const Session::Context*> Session::FindContext(uint32_t context) const {
  if (const auto it = contexts_.find(context); it != contexts_.end()) return &it->second;
  return Fail(Code::kInvalidArgument,
              "expected an execution context of this session, given "
              "handle {}",
              context);
}

Result<Session::Context*> Session::FindContext(uint32_t context) {
  WASINN_TRY(found, std::as_const(*this).FindContext(context));
  return const_cast<Context*>(found);
}

Result<Session::Context*> Session::FindLiveContext(uint32_t context) {
  WASINN_TRY(found, FindContext(context));
  if (found->unloaded) {
    return Fail(
        Code::kInvalidArgument,
        "execution context {}: expected one whose graph is loaded, given one whose graph {} "
        "was unloaded",
        context, found->graph);
  }
  return found;
}

Result<const Graph*> Session::GraphOf(uint32_t context) const {
  WASINN_TRY(found, FindContext(context));
  return found->execution->graph().get();
}

Result<> Session::DropContext(uint32_t context) {
  WASINN_TRY(found, FindContext(context));
  DropRun(*found);
  found->inputs.clear();
  found->execution->Cancel(PlainError(Code::kCancelled, "the execution context was dropped"));
  found->execution->Retire(std::move(found->slot));
  contexts_.erase(context);
  return {};
}

Result<> Session::ClearInputs(uint32_t context) {
  WASINN_TRY(found, FindContext(context));
  for (auto& input : found->inputs) input.reset();
  return {};
}

Result<BufferRef> Session::AllocateTensor(uint64_t size) {
  WASINN_CHECK(CheckLimit("max_tensor_bytes", policy_.max_tensor_bytes, size));
  WASINN_TRY(buffer, host_.buffers->Allocate(size));
  WASINN_CHECK(buffer.ChargeTo(ledger_.get()));
  return buffer;
}

Result<> Session::SetInput(uint32_t context, std::optional<DTypeNumbers> numbers, uint32_t port,
                           DType dtype, const Shape& shape, std::span<const uint8_t> bytes) {
  WASINN_TRY(found, FindLiveContext(context));
  WASINN_TRY(expected, InputPort(*found, port));
  WASINN_TRY(fitted, FitBytes(numbers, expected->title, *expected, dtype, shape, bytes));
  WASINN_CHECK(found->execution->AnnounceInput(port, fitted.dtype, fitted.shape, bytes));
  InputsChanged(*found);
  auto& input = found->inputs[port];
  // Most guests set the same input repeatedly. Its buffer is reused unless a run still holds it, so
  // that the backend, too, sees the same address.
  if (!input || input->data.size() != bytes.size() || !input->data.Exclusive()) {
    WASINN_TRY(buffer, AllocateTensor(bytes.size()));
    input = Tensor{fitted.dtype, fitted.shape, std::move(buffer)};
  } else {
    input->dtype = fitted.dtype;
    input->shape = fitted.shape;
  }
  if (!bytes.empty()) std::memcpy(input->data.data(), bytes.data(), bytes.size());
  return {};
}

Result<> Session::SetInputTensor(uint32_t context, std::optional<DTypeNumbers> numbers,
                                 uint32_t port, Tensor tensor) {
  WASINN_TRY(found, FindLiveContext(context));
  WASINN_TRY(expected, InputPort(*found, port));
  WASINN_TRY(fitted, FitToPort(numbers, expected->title, *expected, std::move(tensor)));
  WASINN_CHECK(
      found->execution->AnnounceInput(port, fitted.dtype, fitted.shape, fitted.data.bytes()));
  InputsChanged(*found);
  found->inputs[port] = std::move(fitted);
  return {};
}

Result<const Port*> Session::InputPort(const Context& context, uint32_t port) {
  if (port >= context.inputs.size()) {
    return Fail(Code::kInvalidArgument, "input index: expected below {}, given {}",
                context.inputs.size(), port);
  }
  return &context.execution->graph()->info().inputs[port];
}

void Session::InputsChanged(Context& context) {
  context.new_inputs = true;
  context.early_outputs.clear();
}

void Session::ForgetEarlyOutputs(Context& context) {
  context.new_inputs = false;
  context.early_outputs.clear();
  context.lent_outputs.clear();
}

Result<std::vector<Execution::Input>> Session::GatherInputs(const Context& context) const {
  const Graph& graph = *context.execution->graph();
  std::vector<Execution::Input> inputs;
  inputs.reserve(context.inputs.size());
  for (uint32_t port = 0; port < context.inputs.size(); ++port) {
    const auto& input = context.inputs[port];
    if (input) {
      inputs.push_back({port, *input});
    } else if (const Port& expected = graph.info().inputs[port]; !expected.optional) {
      return Fail(Code::kInvalidArgument, "{}: expected {}, given none", expected.title,
                  expected.TypeText());
    }
  }
  return inputs;
}

Result<Tensor> Session::Output(uint32_t context, uint32_t port) const {
  EarlyOutput* early = nullptr;
  WASINN_TRY(output, FindOutput(context, port, &early));
  return *output;
}

Result<const Tensor*> Session::LentOutput(uint32_t context, uint32_t port) const {
  EarlyOutput* early = nullptr;
  WASINN_TRY(output, FindOutput(context, port, &early));
  if (early != nullptr && !early->lent) {
    // The lent output stays valid when other inputs are set.
    const Context& owner = contexts_.at(context);
    owner.lent_outputs.push_back(owner.early_outputs.at(port));
    early->lent = true;
  }
  return output;
}

Result<const Tensor*> Session::FindOutput(uint32_t context, uint32_t port,
                                          EarlyOutput** early) const {
  WASINN_TRY(found, FindContext(context));
  const size_t count = found->execution->graph()->info().outputs.size();
  if (port >= count) {
    return Fail(Code::kInvalidArgument, "output index: expected below {}, given {}", count, port);
  }
  if (const auto& run = found->run;
      run != nullptr && !(run->kind() == Run::Kind::kSingle ? run->complete() : run->ended())) {
    return Fail(Code::kInvalidArgument,
                "output {}: expected after the end of the run, given one that has not come to its "
                "end",
                port);
  }
  if (!CheckNotComputing(*found)) {
    return Fail(Code::kInvalidArgument,
                "output {}: expected after the end of the compute, given one that is pending",
                port);
  }
  const auto& outputs = found->execution->outputs();
  const bool computed = port < outputs.size() && outputs[port].has_value();
  if (!computed || found->new_inputs) {
    WASINN_TRY(known, FindEarlyOutput(*found, port));
    if (known != nullptr) {
      *early = known;
      return &*known->output;
    }
  }
  if (!computed) {
    return Fail(Code::kInvalidArgument,
                "output {}: expected after a successful compute, given "
                "none yet",
                port);
  }
  return &*outputs[port];
}

Result<Session::EarlyOutput*> Session::FindEarlyOutput(const Context& context, uint32_t port) {
  Execution& execution = *context.execution;
  if (!execution.graph()->backend().has_early_io() || !execution.Idle()) return nullptr;
  auto it = context.early_outputs.find(port);
  if (it == context.early_outputs.end()) {
    // The backend is asked only once for these inputs, because its answer, even an error, may take
    // long.
    auto known = std::make_shared<EarlyOutput>(execution.EarlyOutput(port));
    // The guest may free memory and ask again.
    if (!known->output && known->output.error().code == Code::kSecurity) {
      return Fail(known->output.error());
    }
    it = context.early_outputs.emplace(port, std::move(known)).first;
  }
  EarlyOutput& early = *it->second;
  if (early.output) return &early;
  // Only a run can give this output.
  if (early.output.error().code == Code::kInvalidArgument) return nullptr;
  return Fail(early.output.error());
}

size_t Session::OutputCount(uint32_t context) const {
  const auto found = FindContext(context);
  return found ? (*found)->execution->graph()->info().outputs.size() : 0;
}

// ------------------------------------------------------------------ tensors and errors

Result<uint32_t> Session::AddTensor(DType dtype, const Shape& shape,
                                    std::span<const uint8_t> bytes) {
  WASINN_TRY(buffer, AllocateTensor(bytes.size()));
  if (!bytes.empty()) std::memcpy(buffer.data(), bytes.data(), bytes.size());
  return held_.AddTensor(Tensor{dtype, shape, std::move(buffer)});
}

void Session::Remember(const Error& error) noexcept {
  last_failure_ = PlainError(error.code, CutErrorText(error.message));
  last_failure_.engine_code = error.engine_code;
  // The end of a stream is not a failure, although guests get it as an error.
  const bool end = error.code == Code::kEndOfSequence;
  log_limit_.Log(*host_.log, end ? WASINN_LOG_DEBUG : WASINN_LOG_WARN, "guest call {}: {}: {}",
                 end ? "ended" : "failed", CodeName(error.code), CutErrorText(error.HostText()));
}

void Session::Abandon() noexcept {
  stopper_.CancelAll(PlainError(Code::kCancelled, "the guest has gone"));
  for (auto& [handle, context] : contexts_) DropRun(context);
}

}  // namespace wasinn
