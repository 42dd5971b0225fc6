// The drafts of wasi:nn and wasinn's own package, natively: see component.h.
#include <wasinn_nn_component.h>

#include <cstdlib>
#include <cstring>

#include "component.h"

namespace wasinn::conformance {
namespace {

constexpr const char* kInfo = "wasinn:nn/info@0.1.0";
constexpr const char* kRuns = "wasinn:nn/runs@0.1.0";

// A broken host changes a letter of its texts.
nnc_list LowerText(const wasinn_val& result) {
  nnc_list text = LowerBytes(result);
  if (CurrentFlip() == Flip::kOutput && text.len != 0) static_cast<char*>(text.ptr)[0] ^= 1;
  return text;
}

nnc_text_result LowerTextResult(const wasinn_val& result) {
  return {.is_error = static_cast<uint8_t>(result.tag), .text = LowerText(result)};
}

wasinn_val CallGraph(const char* method, std::span<const wasinn_val> args) {
  return CallComponent(Interface("graph"), "[method]graph." + std::string(method), args);
}

nnc_description LowerDescription(const wasinn_val& result) {
  nnc_description description = {};
  description.is_error = static_cast<uint8_t>(result.tag);
  if (result.tag != 0) {
    description.value.error = result.word;
  } else {
    description.value.text = LowerText(result);
  }
  return description;
}

nnc_status_result LowerStatus(const wasinn_val& result) {
  nnc_status_result status = {};
  status.is_error = static_cast<uint8_t>(result.tag);
  if (result.tag != 0) {
    status.value.error = result.word;
  } else {
    status.value.status = static_cast<uint8_t>(result.word);
  }
  return status;
}

}  // namespace
}  // namespace wasinn::conformance

using namespace wasinn::conformance;  // NOLINT(google-build-using-namespace): the guest's functions

extern "C" {

// ------------------------------------------------------------------ properties

void nnc_list_properties(nnc_graph self, nnc_list* result) {
  const wasinn_val names = CallGraph("list-properties", {{Word(self)}});
  *result = {};
  if (names.item_count == 0) return;
  auto* texts = static_cast<nnc_list*>(std::malloc(names.item_count * sizeof(nnc_list)));
  if (texts == nullptr) Trap("no memory for a result");
  for (size_t i = 0; i < names.item_count; ++i) texts[i] = LowerText(names.items[i]);
  *result = {texts, static_cast<uint32_t>(names.item_count)};
}

void nnc_get_property(nnc_graph self, const char* name, uint32_t len, nnc_option* result) {
  const wasinn_val value = CallGraph("get-property", {{Word(self), Text(name, len)}});
  *result = {};
  result->is_some = static_cast<uint8_t>(value.tag);
  if (value.tag != 0) result->value = LowerText(value);
}

void nnc_set_property(nnc_graph self, const char* name, uint32_t len, const char* value,
                      uint32_t value_len, nnc_text_result* result) {
  *result = LowerTextResult(
      CallGraph("set-property", {{Word(self), Text(name, len), Text(value, value_len)}}));
}

// ------------------------------------------------------------------ prompt

void nnc_prompt_init(nnc_graph graph, nnc_prompt_result* result) {
  const wasinn_val context = CallComponent(Interface("prompt"), "init", {{Word(graph)}});
  *result = {};
  result->is_error = static_cast<uint8_t>(context.tag);
  if (context.tag != 0) {
    result->value.error = LowerText(context);
  } else {
    result->value.context = context.word;
  }
}

void nnc_prompt_compute(nnc_prompt_context self, const char* prompt, uint32_t len,
                        nnc_text_result* result) {
  *result = LowerTextResult(CallComponent(Interface("prompt"), "[method]context.compute",
                                          {{Word(self), Text(prompt, len)}}));
}

void nnc_prompt_context_drop(nnc_prompt_context self) {
  Drop(Interface("prompt"), "context", self);
}

// ------------------------------------------------------------------ wasinn:nn/info

void nnc_last_error(nnc_failure* result) {
  const wasinn_val failure = CallComponent(kInfo, "last-error", {});
  *result = {};
  result->is_some = static_cast<uint8_t>(failure.tag);
  if (failure.tag == 0) return;
  result->code = failure.items[0].word;
  result->name = LowerText(failure.items[1]);
  result->text = LowerText(failure.items[2]);
}

void nnc_describe_graph(nnc_graph graph, nnc_description* result) {
  *result = LowerDescription(CallComponent(kInfo, "describe-graph", {{Word(graph)}}));
}

void nnc_describe_host(nnc_description* result) {
  *result = LowerDescription(CallComponent(kInfo, "describe-host", {}));
}

// ------------------------------------------------------------------ wasinn:nn/runs

void nnc_init_with_options(nnc_graph graph, const char* options, uint32_t len, nnc_result* result) {
  *result = LowerHandle(
      CallComponent(kRuns, "init-execution-context", {{Word(graph), Text(options, len)}}));
}

void nnc_start(nnc_context context, const nnc_named_tensor* inputs, uint32_t count,
               nnc_result* result) {
  const auto items = LiftNamed(inputs, count);
  wasinn_val list = {};
  list.items = items.data();
  list.item_count = items.size();
  *result = LowerHandle(CallComponent(kRuns, "start", {{Word(context), list}}));
}

void nnc_poll(nnc_context context, nnc_status_result* result) {
  *result = LowerStatus(CallComponent(kRuns, "poll", {{Word(context)}}));
}

void nnc_wait(nnc_context context, uint32_t timeout, nnc_status_result* result) {
  *result = LowerStatus(CallComponent(kRuns, "wait", {{Word(context), Word(timeout)}}));
}

void nnc_cancel(nnc_context context, nnc_result* result) {
  *result = LowerHandle(CallComponent(kRuns, "cancel", {{Word(context)}}));
}

void nnc_read(nnc_context context, const char* output, uint32_t len, uint32_t max,
              nnc_piece* result) {
  const wasinn_val piece =
      CallComponent(kRuns, "read", {{Word(context), Text(output, len), Word(max)}});
  *result = {};
  result->is_error = static_cast<uint8_t>(piece.tag);
  if (piece.tag != 0) {
    result->value.error = piece.word;
    return;
  }
  // Of the option inside the result.
  result->value.bytes.is_some = piece.word != 0;
  if (piece.word != 0) result->value.bytes.value = LowerText(piece);
}

void nnc_outputs_of(nnc_context context, nnc_outputs* result) {
  *result = LowerOutputs(CallComponent(kRuns, "outputs", {{Word(context)}}));
}

}  // extern "C"
