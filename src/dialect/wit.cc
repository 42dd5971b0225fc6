// Components: package `wasi:nn`, the three published snapshots. Tensors given to compute and
// set-input are owned: they are consumed in any case.
#include <array>
#include <deque>

#include "base/text.h"
#include "dialect/wit_call.h"

namespace wasinn {
namespace {

constexpr uint32_t kMaxBuilders = 1024;

// ------------------------------------------------------------------ tensor

// The guest's tensor, checked as far as possible without a port.
Result<uint32_t> MakeTensor(Session& session, std::span<const uint8_t> dims_bytes, uint32_t ty,
                            std::span<const uint8_t> data) {
  const auto dtype = FromDialect(DTypeNumbers::kWit, ty);
  if (!dtype) return Fail(Code::kInvalidArgument, "tensor type: expected 0 to 6, given {}", ty);
  const size_t rank = dims_bytes.size() / 4;
  if (rank > WASINN_MAX_RANK) {
    return Fail(Code::kInvalidArgument, "tensor dimensions: expected at most {}, given {}",
                WASINN_MAX_RANK, rank);
  }
  std::array<int64_t, WASINN_MAX_RANK> dims;
  for (size_t i = 0; i < rank; ++i) {
    uint32_t dim = 0;
    std::memcpy(&dim, dims_bytes.data() + i * 4, 4);
    dims[i] = dim;
  }
  WASINN_TRY(shape, Shape::OfTensor({dims.data(), rank}));
  return session.AddTensor(*dtype, shape, data);
}

// constructor(dimensions, ty, data): it cannot fail, so an error is reported at the tensor's first
// use.
Result<bool> TensorNew(WitCall& call) {
  auto handle =
      MakeTensor(call.session, ValBytes(call.args[0]), call.args[1].word, ValBytes(call.args[2]));
  if (!handle) {
    call.session.Remember(handle.error());
    handle = call.session.held().AddBrokenTensor(handle.error());
    if (!handle) return Fail(handle.error());
  }
  call.result->word = *handle;
  return true;
}

// The tensor as the guest sees it; a tensor that could not be made appears empty.
Tensor Shown(const WitCall& call) {
  auto tensor = call.session.held().FindTensor(call.args[0].word);
  if (!tensor) {
    Tensor empty;
    empty.dtype = DType::kU8;
    return empty;
  }
  return FitToDialect(DTypeNumbers::kWit, std::move(*tensor));
}

Result<bool> TensorDimensions(WitCall& call) {
  const Tensor tensor = Shown(call);
  auto& words = call.session.result_words;
  words.clear();
  for (const int64_t dim : tensor.shape.dims()) {
    if (dim > UINT32_MAX) {
      return Fail(Code::kTooLarge, "tensor dimensions: expected at most {} each, given {}",
                  UINT32_MAX, dim);
    }
    words.push_back(static_cast<uint32_t>(dim));
  }
  call.result->bytes = {words.data(), words.size() * sizeof(uint32_t)};
  return true;
}

Result<bool> TensorTy(WitCall& call) {
  call.result->word = *ToDialect(DTypeNumbers::kWit, Shown(call).dtype);
  return true;
}

// Lends the buffer itself; the adapter lowers it straight into guest memory.
Result<bool> TensorData(WitCall& call) {
  Tensor tensor = Shown(call);
  call.result->bytes = {tensor.data.data(), tensor.data.size()};
  if (tensor.data) {
    call.result->owner = tensor.data.Leak();
    call.result->release = [](void* owner) { static_cast<Buffer*>(owner)->Unref(); };
  }
  return true;
}

// ------------------------------------------------------------------ graph

Result<bool> GraphLoad(WitCall& call) {
  const wasinn_val& list = call.args[0];
  const auto refuse = [&](const Error& error) -> Result<bool> {
    WASINN_CHECK(SetError(call.session, call.result, error));
    return true;
  };
  if (list.item_count == 0 || list.item_count > kMaxBuilders) {
    return refuse(
        {Code::kInvalidArgument,
         fmt::format("graph builders: expected 1 to {}, given {}", kMaxBuilders, list.item_count),
         0});
  }
  const auto encoding = EncodingFromWit(call.args[1].word);
  const auto target = TargetFromGuest(call.args[2].word);
  if (!encoding || !target) {
    return refuse({Code::kInvalidArgument,
                   fmt::format("expected a graph encoding and a target, given {} and {}",
                               call.args[1].word, call.args[2].word),
                   0});
  }
  std::vector<std::span<const uint8_t>> parts;
  for (const wasinn_val& item : std::span(list.items, list.item_count)) {
    parts.push_back(ValBytes(item));
  }
  return EndOrLeave(call, call.session.Load(parts, *encoding, *target), SetHandle);
}

Result<bool> GraphLoadByName(WitCall& call) {
  return EndOrLeave(call, call.session.LoadByName(ValText(call.args[0]), {}), SetHandle);
}

Result<bool> GraphInitExecutionContext(WitCall& call) {
  WASINN_CHECK(
      SetHandle(call.session, call.result, call.session.InitContext(call.args[0].word, {})));
  return true;
}

// ------------------------------------------------------------------ inference

// Ends a compute whose inputs came with it.
Result<> EndCompute(Session& session, uint32_t context, Result<> outcome, wasinn_val* result) {
  if (outcome) outcome = SetNamedOutputs(session, context, result);
  // They were owned by the call.
  (void)session.ClearInputs(context);
  if (!outcome) return SetError(session, result, outcome.error());
  return {};
}

Result<bool> ComputeNamed(WitCall& call) {
  const uint32_t context = call.args[0].word;
  const std::span inputs(call.args[1].items, call.args[1].item_count);
  if (auto given = GiveNamedInputs(call.session, context, inputs); !given) {
    WASINN_CHECK(EndCompute(call.session, context, std::move(given), call.result));
    return true;
  }
  return EndOrLeave(call, call.session.Compute(context),
                    [context](Session& session, wasinn_val* result, Result<> outcome) {
                      return EndCompute(session, context, std::move(outcome), result);
                    });
}

// set-input(name, tensor) of the older snapshots
Result<bool> SetInput(WitCall& call) {
  auto tensor = call.session.held().TakeTensor(call.args[2].word);
  WASINN_CHECK(SetUnit(
      call.session, call.result,
      SetNamedInput(call.session, call.args[0].word, ValText(call.args[1]), std::move(tensor))));
  return true;
}

// compute() of the older snapshots
Result<bool> Compute(WitCall& call) {
  return EndOrLeave(call, call.session.Compute(call.args[0].word), SetUnit);
}

// get-output(name) of the older snapshots
Result<bool> GetOutput(WitCall& call) {
  const uint32_t context = call.args[0].word;
  const auto get = [&]() -> Result<uint32_t> {
    WASINN_TRY(graph, call.session.GraphOf(context));
    WASINN_TRY(port, graph->FindOutput(ValText(call.args[1])));
    WASINN_TRY(tensor, call.session.Output(context, port));
    return call.session.held().AddTensor(std::move(tensor));
  };
  WASINN_CHECK(SetHandle(call.session, call.result, get()));
  return true;
}

// ------------------------------------------------------------------ errors

Result<bool> ErrorNew(WitCall& call) {
  const std::string_view text = ValText(call.args[1]);
  // The limit is checked before the text is copied.
  WASINN_CHECK(CheckLimit("max_error_bytes", call.session.policy().max_error_bytes, text.size()));
  WASINN_TRY(handle,
             call.session.held().AddError({CodeFromWit(call.args[0].word), std::string(text), 0}));
  call.result->word = handle;
  return true;
}

Result<bool> ErrorCode(WitCall& call) {
  const Error* error = call.session.held().FindError(call.args[0].word);
  call.result->word = WitErrorCode(error == nullptr ? Code::kUnknown : error->code);
  return true;
}

Result<bool> ErrorData(WitCall& call) {
  const Error* error = call.session.held().FindError(call.args[0].word);
  SetText(call.session, call.result, error == nullptr ? "" : error->message);
  return true;
}

// ------------------------------------------------------------------ the table

struct Row {
  const char* interface;
  const char* name;
  const char* signature;
  int32_t may_block;
  decltype(wasinn_component_import::call) call;
  uint32_t snapshots;  // bits of kWitSnapshots
};

constexpr uint32_t kFirst = 1;   // 2024-06-25
constexpr uint32_t kOlder = 3;   // and 2024-08-19
constexpr uint32_t kNewest = 4;  // 2024-10-28
constexpr uint32_t kAllSnapshots = 7;

constexpr auto kRows = std::to_array<Row>({
    {"tensor", "[constructor]tensor", "(list<u32>, tensor-type, list<u8>) -> own<tensor>", 0,
     EnterWit<TensorNew>, kAllSnapshots},
    {"tensor", "[method]tensor.dimensions", "(borrow<tensor>) -> list<u32>", 0,
     EnterWit<TensorDimensions>, kAllSnapshots},
    {"tensor", "[method]tensor.ty", "(borrow<tensor>) -> tensor-type", 0, EnterWit<TensorTy>,
     kAllSnapshots},
    {"tensor", "[method]tensor.data", "(borrow<tensor>) -> list<u8>", 0, EnterWit<TensorData>,
     kAllSnapshots},
    {"graph", "load",
     "(list<list<u8>>, graph-encoding, execution-target) -> result<own<graph>, own<error>>", 1,
     EnterWit<GraphLoad>, kAllSnapshots},
    {"graph", "load-by-name", "(string) -> result<own<graph>, own<error>>", 1,
     EnterWit<GraphLoadByName>, kAllSnapshots},
    {"graph", "[method]graph.init-execution-context",
     "(borrow<graph>) -> result<own<graph-execution-context>, own<error>>", 0,
     EnterWit<GraphInitExecutionContext>, kAllSnapshots},
    {"inference", "[method]graph-execution-context.compute",
     "(borrow<graph-execution-context>, list<tuple<string, own<tensor>>>) -> "
     "result<list<tuple<string, own<tensor>>>, own<error>>",
     1, EnterWit<ComputeNamed>, kNewest},
    {"inference", "[method]graph-execution-context.set-input",
     "(borrow<graph-execution-context>, string, own<tensor>) -> result<_, own<error>>", 0,
     EnterWit<SetInput>, kOlder},
    {"inference", "[method]graph-execution-context.compute",
     "(borrow<graph-execution-context>) -> result<_, own<error>>", 1, EnterWit<Compute>, kOlder},
    {"inference", "[method]graph-execution-context.get-output",
     "(borrow<graph-execution-context>, string) -> result<own<tensor>, own<error>>", 0,
     EnterWit<GetOutput>, kOlder},
    {"errors", "[constructor]error", "(error-code, string) -> own<error>", 0, EnterWit<ErrorNew>,
     kFirst},
    {"errors", "[method]error.code", "(borrow<error>) -> error-code", 0, EnterWit<ErrorCode>,
     kAllSnapshots},
    {"errors", "[method]error.data", "(borrow<error>) -> string", 0, EnterWit<ErrorData>,
     kAllSnapshots},
});

struct ResourceRow {
  const char* interface;
  const char* name;
  void (*drop)(wasinn_session* session, uint32_t rep);
};

constexpr auto kResources = std::to_array<ResourceRow>({
    {"tensor", "tensor", [](wasinn_session* s, uint32_t rep) { FromC(s).held().DropTensor(rep); }},
    {"graph", "graph", DropResource<&Session::DropGraph>},
    {"inference", "graph-execution-context", DropResource<&Session::DropContext>},
    {"errors", "error", [](wasinn_session* s, uint32_t rep) { FromC(s).held().DropError(rep); }},
});

// An interface's name with its version; `names` keeps the text that the table points to.
const char* Interface(std::deque<std::string>& names, const char* interface, size_t snapshot) {
  names.push_back(WitInterface(interface, kWitSnapshots[snapshot]));
  return names.back().c_str();
}

}  // namespace

std::span<const wasinn_component_import> WitImports() {
  static std::deque<std::string> names;
  static const std::vector<wasinn_component_import> imports = [] {
    std::vector<wasinn_component_import> rows;
    for (size_t snapshot = 0; snapshot < kWitSnapshots.size(); ++snapshot) {
      for (const Row& row : kRows) {
        if ((row.snapshots & (1u << snapshot)) == 0) continue;
        rows.push_back({"wit", Interface(names, row.interface, snapshot), row.name, row.signature,
                        row.may_block, row.call});
      }
    }
    return rows;
  }();
  return imports;
}

std::span<const wasinn_component_resource> WitResources() {
  static std::deque<std::string> names;
  static const std::vector<wasinn_component_resource> resources = [] {
    std::vector<wasinn_component_resource> rows;
    for (size_t snapshot = 0; snapshot < kWitSnapshots.size(); ++snapshot) {
      for (const ResourceRow& row : kResources) {
        rows.push_back({Interface(names, row.interface, snapshot), row.name, row.drop});
      }
    }
    return rows;
  }();
  return resources;
}

}  // namespace wasinn
