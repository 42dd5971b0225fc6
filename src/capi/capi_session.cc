// wasinn.h and adapter.h: policies, sessions, import tables.
#include <wasinn/adapter.h>
#include <wasinn/wasinn.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/os.h"
#include "base/text.h"
#include "capi/engine.h"
#include "capi/guard.h"
#include "dialect/open_call.h"
#include "model/describe.h"

using namespace wasinn;  // NOLINT: the entry points are C functions outside the namespace

namespace {

Policy& FromC(wasinn_policy* policy) { return *reinterpret_cast<Policy*>(policy); }
const Policy& FromC(const wasinn_policy* policy) {
  return *reinterpret_cast<const Policy*>(policy);
}

// A call of the native functions: it fails if the session was stopped, and its error becomes the
// last error.
template <typename Body>
wasinn_code Enter(wasinn_session* c_session, wasinn_error* error, Body&& body) {
  Session& session = wasinn::FromC(c_session);
  return Guard(error, [&]() -> Result<> {
    if (session.stopped()) return Fail(session.StopError());
    session.Forget();
    Result<> result;
    try {
      result = body(session);
    } catch (...) {
      result = Fail(ErrorOfException());
    }
    if (!result) session.Remember(result.error());
    return result;
  });
}

static_assert(static_cast<int>(RunStatus::kRunning) == WASINN_RUN_RUNNING);
static_assert(static_cast<int>(RunStatus::kReadable) == WASINN_RUN_READABLE);
static_assert(static_cast<int>(RunStatus::kDone) == WASINN_RUN_DONE);

// Starts a call whose outcome is taken later.
template <typename Start>
wasinn_code EnterStart(wasinn_session* session, wasinn_call** call, wasinn_error* error,
                       Start&& start) {
  return Enter(session, error, [&](Session& s) -> Result<> {
    *call = NewNativeCall(s, start(s));
    return {};
  });
}

// The outcome of a call that is waited for, in `out`.
template <typename T, typename Out>
Result<> TakeNow(Call<T> call, Out* out) {
  WASINN_TRY(value, call.Take());
  *out = static_cast<Out>(value);
  return {};
}

Call<uint32_t> LoadParts(Session& session, const wasinn_bytes* parts, size_t part_count,
                         const char* encoding, wasinn_target target) {
  ModelConfig config;
  if (encoding != nullptr) {
    if (auto set = SetModelProperty(config, "encoding", encoding); !set) {
      return Fail(std::move(set.error()));
    }
  }
  if (target < WASINN_TARGET_CPU || target > WASINN_TARGET_AUTO) {
    return Fail(Code::kInvalidArgument, "target: expected 0 to 3, given {}",
                static_cast<int>(target));
  }
  std::vector<std::span<const uint8_t>> spans;
  for (const wasinn_bytes& part : std::span(parts, part_count)) {
    spans.emplace_back(static_cast<const uint8_t*>(part.data), part.size);
  }
  return session.Load(spans, config.encoding, static_cast<Target>(target));
}

// Below 0 there is no limit.
std::optional<std::chrono::milliseconds> TimeoutOf(int64_t milliseconds) {
  if (milliseconds < 0) return std::nullopt;
  return std::chrono::milliseconds(milliseconds);
}

Options ReadOptions(const wasinn_option* options, size_t count) {
  Options read;
  for (const wasinn_option& option : std::span(options, count)) {
    read[std::string(View(option.name))] = View(option.value);
  }
  return read;
}

}  // namespace

// ------------------------------------------------------------------ policy

wasinn_code wasinn_policy_create(wasinn_policy** out, wasinn_error* error) {
  return Guard(error, [&]() -> Result<> {
    *out = reinterpret_cast<wasinn_policy*>(new Policy);
    return {};
  });
}

void wasinn_policy_free(wasinn_policy* policy) { delete reinterpret_cast<Policy*>(policy); }

wasinn_code wasinn_policy_set(wasinn_policy* policy, wasinn_str rule, wasinn_str value,
                              wasinn_error* error) {
  return Guard(error, [&] { return FromC(policy).Set(View(rule), View(value)); });
}

wasinn_code wasinn_policy_get(const wasinn_policy* policy, wasinn_str rule, uint64_t* out,
                              wasinn_error* error) {
  return Guard(error, [&]() -> Result<> {
    WASINN_TRY(value, FromC(policy).Get(View(rule)));
    *out = value;
    return {};
  });
}

char* wasinn_policy_rules_json(void) {
  return GuardText(nullptr, []() -> Result<std::string> {
    auto rules = nlohmann::ordered_json::array();
    for (const PolicyRule& rule : PolicyRules()) {
      rules.push_back({{"name", rule.name},
                       {"type", rule.type},
                       {"default", rule.default_value},
                       {"help", rule.help}});
    }
    auto switches = nlohmann::ordered_json::array();
    for (const CompatSwitch& row : CompatSwitches()) {
      switches.push_back({{"name", row.name},
                          {"values", Split(row.values, '|')},
                          {"default", row.default_value},
                          {"help", row.help}});
    }
    return nlohmann::ordered_json{{"rules", rules}, {"compat", switches}}.dump();
  });
}

// ------------------------------------------------------------------ sessions

wasinn_code wasinn_session_create(wasinn_engine* engine, const wasinn_policy* policy,
                                  wasinn_session** out, wasinn_error* error) {
  return Guard(error, [&]() -> Result<> {
    *out = ToC(new Session(wasinn::FromC(engine).session_host(),
                           policy == nullptr ? Policy() : FromC(policy)));
    return {};
  });
}

void wasinn_session_free(wasinn_session* session) { delete reinterpret_cast<Session*>(session); }

void wasinn_session_cancel(wasinn_session* session) {
  Guard(nullptr, [&]() -> Result<> {
    wasinn::FromC(session).Stop(PlainError(Code::kCancelled, "the session was cancelled"));
    return {};
  });
}

wasinn_str wasinn_session_last_error(const wasinn_session* session) {
  return ToStr(wasinn::FromC(session).last_error());
}

wasinn_code wasinn_session_grant_dir(wasinn_session* session, const char* host, const char* guest,
                                     wasinn_error* error) {
  return Enter(session, error, [&](Session& s) { return s.GrantDir(host, guest); });
}

uint64_t wasinn_session_rule(const wasinn_session* session, const char* rule) {
  const uint64_t limit = wasinn::FromC(session).policy().Get(rule).value_or(0);
  if (std::string_view(rule) != "guest_memory") return limit;
  // If a guest took more memory than there is, the kernel would end the process.
  static const uint64_t max = [] {
    const uint64_t memory = os::UsableMemory();
    constexpr uint64_t kForUs = 1ull << 30;
    return std::max(memory / 2, memory - std::min(memory, kForUs));
  }();
  return limit == 0 ? max : std::min(limit, max);
}

wasinn_code wasinn_session_load_by_name(wasinn_session* session, wasinn_str name, uint32_t* graph,
                                        wasinn_error* error) {
  return Enter(session, error,
               [&](Session& s) { return TakeNow(s.LoadByName(View(name), {}), graph); });
}

wasinn_code wasinn_session_load(wasinn_session* session, const wasinn_bytes* parts,
                                size_t part_count, const char* encoding, wasinn_target target,
                                uint32_t* graph, wasinn_error* error) {
  return Enter(session, error, [&](Session& s) {
    return TakeNow(LoadParts(s, parts, part_count, encoding, target), graph);
  });
}

wasinn_code wasinn_session_ports(wasinn_session* session, uint32_t graph, uint32_t* inputs,
                                 uint32_t* outputs, wasinn_error* error) {
  return Enter(session, error, [&](Session& s) -> Result<> {
    WASINN_TRY(found, s.FindGraph(graph));
    *inputs = static_cast<uint32_t>(found->info().inputs.size());
    *outputs = static_cast<uint32_t>(found->info().outputs.size());
    return {};
  });
}

char* wasinn_session_graph_json(wasinn_session* session, uint32_t graph, wasinn_error* error) {
  char* text = nullptr;
  (void)Enter(session, error, [&](Session& s) -> Result<> {
    WASINN_TRY(found, s.FindGraph(graph));
    text = NewText(DumpJson(DescribeGraph(*found)));
    return {};
  });
  return text;
}

wasinn_code wasinn_session_init_context(wasinn_session* session, uint32_t graph,
                                        const wasinn_option* options, size_t option_count,
                                        uint32_t* context, wasinn_error* error) {
  return Enter(session, error, [&](Session& s) -> Result<> {
    WASINN_TRY(handle, s.InitContext(graph, ReadOptions(options, option_count)));
    *context = handle;
    return {};
  });
}

wasinn_code wasinn_session_set_input(wasinn_session* session, uint32_t context, wasinn_str name,
                                     const wasinn_tensor_view* tensor, wasinn_error* error) {
  return Enter(session, error, [&](Session& s) -> Result<> {
    WASINN_TRY(graph, s.GraphOf(context));
    WASINN_TRY(port, graph->FindInput(View(name)));
    const auto dtype = DTypeFromNumber(tensor->dtype);
    if (!dtype) {
      return Fail(Code::kInvalidArgument, "element type: expected 1 to 14, given {}",
                  static_cast<uint32_t>(tensor->dtype));
    }
    if ((tensor->dims == nullptr && tensor->rank > 0) ||
        (tensor->data == nullptr && tensor->size > 0)) {
      return Fail(Code::kInvalidArgument,
                  "tensor: expected dims and data, given rank {} {} and {} bytes {}", tensor->rank,
                  tensor->dims == nullptr ? "at NULL" : "with dims", tensor->size,
                  tensor->data == nullptr ? "at NULL" : "of data");
    }
    WASINN_TRY(shape, Shape::OfTensor({tensor->dims, tensor->rank}));
    return s.SetInput(context, std::nullopt, port, *dtype, shape,
                      {static_cast<const uint8_t*>(tensor->data), tensor->size});
  });
}

wasinn_code wasinn_session_compute(wasinn_session* session, uint32_t context, wasinn_error* error) {
  return Enter(session, error, [&](Session& s) { return s.Compute(context).Take(); });
}

wasinn_code wasinn_session_start(wasinn_session* session, uint32_t context, wasinn_error* error) {
  return Enter(session, error, [&](Session& s) { return s.StartRun(context); });
}

wasinn_code wasinn_session_wait(wasinn_session* session, uint32_t context, int64_t timeout_ms,
                                wasinn_run_state* state, wasinn_error* error) {
  return Enter(session, error, [&](Session& s) {
    return TakeNow(s.Wait(context, WaitFor::kPiece, TimeoutOf(timeout_ms)), state);
  });
}

wasinn_code wasinn_session_read(wasinn_session* session, uint32_t context, uint32_t index,
                                size_t max, wasinn_bytes* piece, wasinn_error* error) {
  return Enter(session, error, [&](Session& s) -> Result<> {
    WASINN_TRY(read, s.ReadPiece(context, index, max));
    *piece = {read.bytes.data(), read.bytes.size()};
    return {};
  });
}

wasinn_code wasinn_session_end_run(wasinn_session* session, uint32_t context, wasinn_error* error) {
  return Enter(session, error, [&](Session& s) { return s.EndRun(context).Take(); });
}

wasinn_code wasinn_session_output(wasinn_session* session, uint32_t context, uint32_t index,
                                  wasinn_str* name, wasinn_tensor_view* tensor,
                                  wasinn_error* error) {
  return Enter(session, error, [&](Session& s) -> Result<> {
    WASINN_TRY(output, s.LentOutput(context, index));
    WASINN_TRY(graph, s.GraphOf(context));
    if (name != nullptr) *name = ToStr(graph->info().outputs[index].name);
    *tensor = output->view();
    return {};
  });
}

wasinn_code wasinn_session_drop_context(wasinn_session* session, uint32_t context,
                                        wasinn_error* error) {
  return Enter(session, error, [&](Session& s) { return s.DropContext(context); });
}

wasinn_code wasinn_session_drop_graph(wasinn_session* session, uint32_t graph,
                                      wasinn_error* error) {
  return Enter(session, error, [&](Session& s) { return s.DropGraph(graph); });
}

// ------------------------------------------------------------------ calls

wasinn_code wasinn_session_start_load_by_name(wasinn_session* session, wasinn_str name,
                                              wasinn_call** call, wasinn_error* error) {
  return EnterStart(session, call, error, [&](Session& s) { return s.LoadByName(View(name), {}); });
}

wasinn_code wasinn_session_start_load(wasinn_session* session, const wasinn_bytes* parts,
                                      size_t part_count, const char* encoding, wasinn_target target,
                                      wasinn_call** call, wasinn_error* error) {
  return EnterStart(session, call, error,
                    [&](Session& s) { return LoadParts(s, parts, part_count, encoding, target); });
}

wasinn_code wasinn_session_start_compute(wasinn_session* session, uint32_t context,
                                         wasinn_call** call, wasinn_error* error) {
  return EnterStart(session, call, error, [&](Session& s) { return s.Compute(context); });
}

wasinn_code wasinn_session_start_wait(wasinn_session* session, uint32_t context, int64_t timeout_ms,
                                      wasinn_call** call, wasinn_error* error) {
  return EnterStart(session, call, error, [&](Session& s) {
    return s.Wait(context, WaitFor::kPiece, TimeoutOf(timeout_ms));
  });
}

wasinn_code wasinn_session_start_end_run(wasinn_session* session, uint32_t context,
                                         wasinn_call** call, wasinn_error* error) {
  return EnterStart(session, call, error, [&](Session& s) { return s.EndRun(context); });
}

int32_t wasinn_call_ready(wasinn_call* call, const wasinn_waker* waker) {
  // Where a lock fails, whoever is told too early takes the outcome and waits.
  int32_t ready = 1;
  Guard(nullptr, [&]() -> Result<> {
    ready = wasinn::FromC(call).Ready(waker) ? 1 : 0;
    return {};
  });
  return ready;
}

void wasinn_call_cancel(wasinn_call* call) { wasinn::FromC(call).Cancel(); }

wasinn_code wasinn_call_take(wasinn_call* call, uint32_t* value, wasinn_error* error) {
  OpenCall& open = wasinn::FromC(call);
  return Enter(ToC(&open.session()), error, [&](Session&) -> Result<> {
    WASINN_TRY(taken, open.Take());
    if (value != nullptr) *value = taken;
    return {};
  });
}

void wasinn_call_free(wasinn_call* call) { delete reinterpret_cast<OpenCall*>(call); }

// ------------------------------------------------------------------ for adapters

const wasinn_core_import* wasinn_core_imports(size_t* count) {
  *count = CoreImports().size();
  return CoreImports().data();
}

const wasinn_component_import* wasinn_component_imports(size_t* count) {
  *count = ComponentImports().size();
  return ComponentImports().data();
}

const wasinn_component_resource* wasinn_component_resources(size_t* count) {
  *count = ComponentResources().size();
  return ComponentResources().data();
}

const wasinn_component_enum* wasinn_component_enums(size_t* count) {
  *count = ComponentEnums().size();
  return ComponentEnums().data();
}

namespace {

// TRAP when `finish` throws.
template <typename Finish>
wasinn_call_state GuardFinish(OpenCall& call, Finish&& finish) {
  try {
    return finish();
  } catch (...) {
    call.session().Remember(ErrorOfException());
    return WASINN_CALL_TRAP;
  }
}

}  // namespace

wasinn_call_state wasinn_call_finish_core(wasinn_call* call, wasinn_memory memory,
                                          uint64_t* result) {
  OpenCall& open = wasinn::FromC(call);
  return GuardFinish(open, [&] { return open.FinishCore(memory, result); });
}

wasinn_call_state wasinn_call_finish_component(wasinn_call* call, wasinn_val* result) {
  *result = {};
  OpenCall& open = wasinn::FromC(call);
  return GuardFinish(open, [&] { return open.FinishComponent(result); });
}

void wasinn_session_abandon(wasinn_session* session) {
  Guard(nullptr, [&]() -> Result<> {
    wasinn::FromC(session).Abandon();
    return {};
  });
}

int32_t wasinn_pollable_ready(wasinn_pollable* pollable, const wasinn_waker* waker) {
  // Only a lack of memory can cause this; a caller that is woken too early asks again.
  int32_t ready = 1;
  Guard(nullptr, [&]() -> Result<> {
    ready = reinterpret_cast<RunPollable*>(pollable)->Ready(waker) ? 1 : 0;
    return {};
  });
  return ready;
}

void wasinn_session_on_stop(wasinn_session* session, void (*stop)(void* self), void* self) {
  wasinn::FromC(session).OnStop(stop, self);
}

void wasinn_session_on_stdout(wasinn_session* session, void (*told)(void* self), void* self) {
  wasinn::FromC(session).guest_output().Listen(told, self);
}

wasinn_bytes wasinn_session_take_stdout(wasinn_session* session) {
  Session& of = wasinn::FromC(session);
  of.stdout_text = of.guest_output().Take();
  return {of.stdout_text.data(), of.stdout_text.size()};
}

wasinn_code wasinn_session_stopped(const wasinn_session* session) {
  return static_cast<wasinn_code>(wasinn::FromC(session).stop_code());
}
