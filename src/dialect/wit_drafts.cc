// Components: two drafts for `wasi:nn`, in each of its snapshots. Properties (proposal 80) are
// additional methods of `graph`; prompt (proposal 79) is a separate interface, with a text as input
// and output.
#include <deque>

#include "base/text.h"
#include "dialect/wit_call.h"
#include "model/properties.h"

namespace wasinn {
namespace {

// result<string, string> and result<_, string>.
void SetTextResult(Session& session, wasinn_val* result, Result<std::string> outcome) {
  if (!outcome) session.Remember(outcome.error());
  result->tag = outcome ? 0 : 1;
  SetText(session, result, outcome ? std::move(*outcome) : outcome.error().message);
}

// ------------------------------------------------------------------ properties

// list-properties()
Result<bool> GraphListProperties(WitCall& call) {
  Session& session = call.session;
  session.result_texts.clear();
  if (const auto options = session.ContextOptions(call.args[0].word)) {
    session.result_texts = PropertyNames(**session.FindGraph(call.args[0].word), **options);
  }
  session.result_items.assign(session.result_texts.size(), wasinn_val{});
  for (size_t i = 0; i < session.result_texts.size(); ++i) {
    const std::string& name = session.result_texts[i];
    session.result_items[i].bytes = {name.data(), name.size()};
  }
  call.result->items = session.result_items.data();
  call.result->item_count = session.result_items.size();
  return true;
}

// get-property(name)
Result<bool> GraphGetProperty(WitCall& call) {
  std::optional<std::string> found;
  if (const auto options = call.session.ContextOptions(call.args[0].word)) {
    found =
        GetProperty(**call.session.FindGraph(call.args[0].word), **options, ValText(call.args[1]));
  }
  call.result->tag = found ? 1 : 0;
  if (found) SetText(call.session, call.result, *std::move(found));
  return true;
}

// set-property(name, value)
Result<bool> GraphSetProperty(WitCall& call) {
  const auto set = [&]() -> Result<std::string> {
    WASINN_TRY(options, call.session.ContextOptions(call.args[0].word));
    WASINN_TRY(graph, call.session.FindGraph(call.args[0].word));
    WASINN_CHECK(SetProperty(*graph, *options, ValText(call.args[1]), ValText(call.args[2])));
    return std::string();
  };
  SetTextResult(call.session, call.result, set());
  return true;
}

// ------------------------------------------------------------------ prompt

bool TakesText(const Port& port) { return port.dtype == DType::kU8 || port.dtype == DType::kNone; }

std::string PortsText(const std::vector<Port>& ports) {
  std::string text;
  for (const Port& port : ports) {
    text +=
        fmt::format("{}'{}' {}", text.empty() ? "" : ", ", Printable(port.name), port.TypeText());
  }
  return text.empty() ? "none" : text;
}

// The input for the prompt: the one with that name, otherwise the first.
uint32_t PromptPort(const Graph& graph) { return graph.FindInput("prompt").value_or(0); }

Result<> CheckGenerates(const Graph& graph) {
  const GraphInfo& info = graph.info();
  if (!graph.backend().generates()) {
    return Fail(Code::kUnsupportedOperation,
                "prompt: expected a model that generates text, given one of backend {}, which does "
                "not (inputs: {}; outputs: {})",
                graph.backend().name(), PortsText(info.inputs), PortsText(info.outputs));
  }
  if (info.inputs.empty() || !TakesText(info.inputs[PromptPort(graph)]) || info.outputs.empty() ||
      !TakesText(info.outputs[0])) {
    return Fail(Code::kUnsupportedOperation,
                "prompt: expected a model with a text of u8 as its input 'prompt' (or its first) "
                "and as its first output, given one with inputs {} and outputs {}",
                PortsText(info.inputs), PortsText(info.outputs));
  }
  return {};
}

// init(graph): the graph is consumed; the context keeps the model.
Result<bool> PromptInit(WitCall& call) {
  Session& session = call.session;
  const uint32_t handle = call.args[0].word;
  const auto init = [&]() -> Result<uint32_t> {
    WASINN_TRY(graph, session.FindGraph(handle));
    WASINN_CHECK(CheckGenerates(*graph));
    return session.InitContext(handle, {});
  };
  const auto context = init();
  (void)session.DropGraph(handle);
  if (context) {
    call.result->word = *context;
  } else {
    SetTextResult(session, call.result, Fail(context.error()));
  }
  return true;
}

Result<> SetPrompt(Session& session, uint32_t context, std::string_view prompt) {
  WASINN_TRY(graph, session.GraphOf(context));
  const uint32_t index = PromptPort(*graph);
  const Port& port = graph->info().inputs[index];
  // With the rank of the model's input, e.g. [1,N].
  std::vector<int64_t> dims(port.any_rank ? 1 : port.shape.rank(), 1);
  if (!dims.empty()) dims.back() = static_cast<int64_t>(prompt.size());
  WASINN_TRY(shape, Shape::OfTensor(dims));
  return session.SetInput(context, DTypeNumbers::kWit, index, DType::kU8, shape,
                          {reinterpret_cast<const uint8_t*>(prompt.data()), prompt.size()});
}

Result<> EndPrompt(Session& session, uint32_t context, const Result<>& outcome,
                   wasinn_val* result) {
  const auto completion = [&]() -> Result<std::string> {
    WASINN_CHECK(outcome);
    WASINN_TRY(output, session.LentOutput(context, 0));
    return std::string(AsText(output->data.bytes()));
  };
  SetTextResult(session, result, completion());
  return {};
}

// compute(prompt)
Result<bool> PromptCompute(WitCall& call) {
  const uint32_t context = call.args[0].word;
  if (const auto set = SetPrompt(call.session, context, ValText(call.args[1])); !set) {
    WASINN_CHECK(EndPrompt(call.session, context, set, call.result));
    return true;
  }
  return EndOrLeave(call, call.session.Compute(context),
                    [context](Session& session, wasinn_val* result, const Result<>& outcome) {
                      return EndPrompt(session, context, outcome, result);
                    });
}

// ------------------------------------------------------------------ the table

struct Row {
  const char* dialect;
  const char* interface;
  const char* name;
  const char* signature;
  int32_t may_block;
  decltype(wasinn_component_import::call) call;
};

constexpr auto kRows = std::to_array<Row>({
    {"properties", "graph", "[method]graph.list-properties", "(borrow<graph>) -> list<string>", 0,
     EnterWit<GraphListProperties>},
    {"properties", "graph", "[method]graph.get-property",
     "(borrow<graph>, string) -> option<string>", 0, EnterWit<GraphGetProperty>},
    {"properties", "graph", "[method]graph.set-property",
     "(borrow<graph>, string, string) -> result<_, string>", 0, EnterWit<GraphSetProperty>},
    {"prompt", "prompt", "init", "(own<graph>) -> result<own<context>, string>", 0,
     EnterWit<PromptInit>},
    {"prompt", "prompt", "[method]context.compute",
     "(borrow<context>, string) -> result<string, string>", 1, EnterWit<PromptCompute>},
});

}  // namespace

std::span<const wasinn_component_import> DraftImports() {
  static std::deque<std::string> names;
  static const std::vector<wasinn_component_import> imports = [] {
    std::vector<wasinn_component_import> rows;
    for (const char* snapshot : kWitSnapshots) {
      for (const Row& row : kRows) {
        names.push_back(WitInterface(row.interface, snapshot));
        rows.push_back(
            {row.dialect, names.back().c_str(), row.name, row.signature, row.may_block, row.call});
      }
    }
    return rows;
  }();
  return imports;
}

std::span<const wasinn_component_resource> DraftResources() {
  static std::deque<std::string> names;
  static const std::vector<wasinn_component_resource> resources = [] {
    std::vector<wasinn_component_resource> rows;
    for (const char* snapshot : kWitSnapshots) {
      names.push_back(WitInterface("prompt", snapshot));
      rows.push_back({names.back().c_str(), "context", DropResource<&Session::DropContext>});
    }
    return rows;
  }();
  return resources;
}

}  // namespace wasinn
