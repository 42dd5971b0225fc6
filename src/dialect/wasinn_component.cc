// Components: package `wasinn:nn`, wasinn's own extension (guests/wit/wasinn/nn.wit).
#include "dialect/extension.h"
#include "dialect/wit_call.h"

namespace wasinn {
namespace {

// ------------------------------------------------------------------ info

// last-error()
Result<bool> LastError(WitCall& call) {
  Session& session = call.session;
  const Error& error = session.last_failure();
  if (error.code == Code::kOk) return true;
  session.result_texts = {std::string(CodeName(error.code)), error.message};
  session.result_items.assign(3, wasinn_val{});
  session.result_items[0].word = static_cast<uint32_t>(error.code);
  for (size_t i = 0; i < 2; ++i) {
    const std::string& text = session.result_texts[i];
    session.result_items[i + 1].bytes = {text.data(), text.size()};
  }
  call.result->tag = 1;
  call.result->items = session.result_items.data();
  call.result->item_count = session.result_items.size();
  return true;
}

// describe-graph(graph)
Result<bool> DescribeGraphTo(WitCall& call) {
  auto text = DescribeGraphText(call.session, call.args[0].word);
  if (text) {
    SetText(call.session, call.result, *std::move(text));
  } else {
    WASINN_CHECK(SetError(call.session, call.result, text.error()));
  }
  return true;
}

// describe-host()
Result<bool> DescribeHostTo(WitCall& call) {
  SetText(call.session, call.result, DescribeHostText(call.session));
  return true;
}

// ------------------------------------------------------------------ runs

// init-execution-context(graph, options)
Result<bool> InitWithOptions(WitCall& call) {
  WASINN_CHECK(
      SetHandle(call.session, call.result,
                InitContextWithOptions(call.session, call.args[0].word, ValText(call.args[1]))));
  return true;
}

// start(context, inputs)
Result<bool> Start(WitCall& call) {
  Session& session = call.session;
  const uint32_t context = call.args[0].word;
  Result<> started =
      GiveNamedInputs(session, context, std::span(call.args[1].items, call.args[1].item_count));
  if (started) started = session.StartRun(context);
  // The call owned the tensors; the run has its own references.
  (void)session.ClearInputs(context);
  WASINN_CHECK(SetUnit(session, call.result, started));
  return true;
}

Result<> SetStatus(Session& session, wasinn_val* result, const Result<RunStatus>& status) {
  if (!status) return SetError(session, result, status.error());
  result->tag = 0;
  result->word = RunStatusNumber(*status);
  return {};
}

// poll(context)
Result<bool> Poll(WitCall& call) {
  WASINN_CHECK(SetStatus(call.session, call.result, call.session.PollRun(call.args[0].word)));
  return true;
}

// wait(context, timeout)
Result<bool> Wait(WitCall& call) {
  return EndOrLeave(call, WaitForRun(call.session, call.args[0].word, call.args[1].word),
                    SetStatus);
}

// cancel(context)
Result<bool> Cancel(WitCall& call) {
  WASINN_CHECK(SetUnit(call.session, call.result, call.session.CancelRun(call.args[0].word)));
  return true;
}

// read(context, output, max)
Result<bool> Read(WitCall& call) {
  const uint32_t context = call.args[0].word;
  const auto read = [&]() -> Result<Piece> {
    WASINN_TRY(graph, call.session.GraphOf(context));
    WASINN_TRY(port, graph->FindOutput(ValText(call.args[1])));
    return call.session.ReadPiece(context, port, call.args[2].word);
  };
  const auto piece = read();
  if (!piece) {
    WASINN_CHECK(SetError(call.session, call.result, piece.error()));
    return true;
  }
  // The tag of the option inside the result.
  call.result->word = piece->state == Piece::State::kEnd ? 0 : 1;
  call.result->bytes = {piece->bytes.data(), piece->bytes.size()};
  return true;
}

// outputs(context)
Result<bool> Outputs(WitCall& call) {
  if (const auto set = SetNamedOutputs(call.session, call.args[0].word, call.result); !set) {
    WASINN_CHECK(SetError(call.session, call.result, set.error()));
  }
  return true;
}

// ------------------------------------------------------------------ pollables

// subscribe(context)
Result<bool> Subscribe(WitCall& call) {
  auto pollable = call.session.SubscribeRun(call.args[0].word);
  if (!pollable) {
    WASINN_CHECK(SetError(call.session, call.result, pollable.error()));
    return true;
  }
  call.result->owner = pollable->release();
  call.result->release = [](void* owner) { delete static_cast<RunPollable*>(owner); };
  return true;
}

// ------------------------------------------------------------------ the table

constexpr const char* kInfo = "wasinn:nn/info@0.1.0";
constexpr const char* kRuns = "wasinn:nn/runs@0.1.0";
constexpr const char* kPollables = "wasinn:nn/pollables@0.1.0";

constexpr auto kImports = std::to_array<wasinn_component_import>({
    {"wasinn", kInfo, "last-error", "() -> option<record<code: u32, name: string, text: string>>",
     0, EnterWit<LastError>},
    {"wasinn", kInfo, "describe-graph", "(borrow<graph>) -> result<string, own<error>>", 0,
     EnterWit<DescribeGraphTo>},
    {"wasinn", kInfo, "describe-host", "() -> result<string, own<error>>", 0,
     EnterWit<DescribeHostTo>},
    {"wasinn", kRuns, "init-execution-context",
     "(borrow<graph>, string) -> result<own<graph-execution-context>, own<error>>", 0,
     EnterWit<InitWithOptions>},
    {"wasinn", kRuns, "start",
     "(borrow<graph-execution-context>, list<tuple<string, own<tensor>>>) -> result<_, own<error>>",
     0, EnterWit<Start>},
    {"wasinn", kRuns, "poll", "(borrow<graph-execution-context>) -> result<status, own<error>>", 0,
     EnterWit<Poll>},
    {"wasinn", kRuns, "wait",
     "(borrow<graph-execution-context>, u32) -> result<status, own<error>>", 1, EnterWit<Wait>},
    {"wasinn", kRuns, "cancel", "(borrow<graph-execution-context>) -> result<_, own<error>>", 0,
     EnterWit<Cancel>},
    {"wasinn", kRuns, "read",
     "(borrow<graph-execution-context>, string, u32) -> result<option<list<u8>>, own<error>>", 0,
     EnterWit<Read>},
    {"wasinn", kRuns, "outputs",
     "(borrow<graph-execution-context>) -> result<list<tuple<string, own<tensor>>>, own<error>>", 0,
     EnterWit<Outputs>},
    {"wasinn", kPollables, "subscribe",
     "(borrow<graph-execution-context>) -> result<own<pollable>, own<error>>", 0,
     EnterWit<Subscribe>},
});

}  // namespace

std::span<const wasinn_component_import> WasinnComponentImports() { return kImports; }

}  // namespace wasinn
