#include "dialect/wit_call.h"

#include "base/text.h"

namespace wasinn {
namespace {

// `given`: the inputs that this call has already set, or nullptr if that does not matter.
Result<> SetNamedInput(Session& session, uint32_t context, std::string_view name,
                       Result<Tensor> tensor, std::vector<bool>* given) {
  WASINN_TRY(graph, session.GraphOf(context));
  WASINN_TRY(port, graph->FindInput(name));
  if (!tensor) {
    Error error = tensor.error();
    error.message = fmt::format("input '{}': {}", Printable(name), error.message);
    return Fail(std::move(error));
  }
  if (given != nullptr) {
    if ((*given)[port]) {
      return Fail(Code::kInvalidArgument, "input '{}': expected once, given twice",
                  Printable(name));
    }
    (*given)[port] = true;
  }
  return session.SetInputTensor(context, DTypeNumbers::kWit, port, std::move(*tensor));
}

}  // namespace

void SetText(Session& session, wasinn_val* result, std::string text) {
  session.result_texts.clear();
  session.result_texts.push_back(std::move(text));
  result->bytes = {session.result_texts[0].data(), session.result_texts[0].size()};
}

Result<> SetError(Session& session, wasinn_val* result, const Error& error) {
  session.Remember(error);
  WASINN_TRY(handle, session.held().AddError(error));
  result->tag = 1;
  result->word = handle;
  return {};
}

Result<> SetHandle(Session& session, wasinn_val* result, const Result<uint32_t>& handle) {
  if (!handle) return SetError(session, result, handle.error());
  result->tag = 0;
  result->word = *handle;
  return {};
}

Result<> SetUnit(Session& session, wasinn_val* result, const Result<>& outcome) {
  if (!outcome) return SetError(session, result, outcome.error());
  result->tag = 0;
  return {};
}

wasinn_call_state EndWit(Session& session, const Result<>& set) {
  if (session.stopped()) return TrapStopped(session);
  if (set) return WASINN_CALL_DONE;
  session.Remember(set.error());
  return WASINN_CALL_TRAP;
}

Result<> SetNamedInput(Session& session, uint32_t context, std::string_view name,
                       Result<Tensor> tensor) {
  return SetNamedInput(session, context, name, std::move(tensor), nullptr);
}

Result<> GiveNamedInputs(Session& session, uint32_t context, std::span<const wasinn_val> inputs) {
  Result<> outcome = session.ClearInputs(context);
  std::vector<bool> given(outcome ? (*session.GraphOf(context))->info().inputs.size() : 0);
  for (const wasinn_val& input : inputs) {
    auto tensor = session.held().TakeTensor(input.word);
    if (outcome)
      outcome = SetNamedInput(session, context, ValText(input), std::move(tensor), &given);
  }
  return outcome;
}

Result<> SetNamedOutputs(Session& session, uint32_t context, wasinn_val* result) {
  WASINN_TRY(graph, session.GraphOf(context));
  const auto& ports = graph->info().outputs;
  auto& items = session.result_items;
  auto& names = session.result_texts;
  items.clear();
  names.resize(ports.size());
  for (uint32_t port = 0; port < ports.size(); ++port) {
    auto tensor = session.Output(context, port);
    // The run gave no tensor for this output. Limits of the policy are reported separately.
    if (!tensor && ports[port].optional && tensor.error().code != Code::kSecurity) continue;
    const auto handle = tensor ? session.held().AddTensor(std::move(*tensor))
                               : Result<uint32_t>(Fail(tensor.error()));
    if (!handle) {
      for (const wasinn_val& item : items) session.held().DropTensor(item.word);
      return Fail(handle.error());
    }
    names[port] = ports[port].name.empty() ? std::to_string(port) : ports[port].name;
    wasinn_val& item = items.emplace_back();
    item.bytes = {names[port].data(), names[port].size()};
    item.word = *handle;
  }
  result->tag = 0;
  result->items = items.data();
  result->item_count = items.size();
  return {};
}

}  // namespace wasinn
