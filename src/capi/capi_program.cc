// wasinn.h: guests.
#include <wasinn/adapter.h>
#include <wasinn/wasinn.h>

#include "capi/engine.h"
#include "capi/guard.h"
#include "capi/inspect.h"

using namespace wasinn;  // NOLINT: the entry points are C functions outside the namespace

namespace {

// Stops the session after run_timeout, as long as this object exists: the timer ends before the
// session, even if an adapter throws.
class RunDeadline {
 public:
  RunDeadline(Timer& timer, Session& session) : timer_(timer) {
    const uint64_t limit = session.policy().run_timeout;
    if (limit == 0) return;
    const auto time = std::chrono::steady_clock::now() +
                      std::chrono::milliseconds(std::min<uint64_t>(limit, 1ull << 40));
    id_ = timer.At(
        time,
        [&session,
         why = Error{Code::kTimeout,
                     fmt::format("policy rule run_timeout: the guest ran longer than {} ms", limit),
                     0}]() mutable { session.Stop(std::move(why)); });
  }
  ~RunDeadline() { timer_.Cancel(id_); }
  RunDeadline(const RunDeadline&) = delete;
  RunDeadline& operator=(const RunDeadline&) = delete;

 private:
  Timer& timer_;
  Timer::Id id_ = 0;
};

}  // namespace

struct wasinn_program {
  Engine* engine;
  Adapter* adapter;
  wasinn_adapter_program* handle;
  wasinn_program_stats stats;
};

namespace {

using LoadSlot = decltype(wasinn_adapter::program_load) wasinn_adapter::*;

Error NotAheadOfTime(const Adapter& adapter) {
  return {Code::kUnsupportedOperation,
          fmt::format("the adapter {} does not compile ahead of time", adapter.name()), 0};
}

wasinn_code LoadProgram(LoadSlot slot, wasinn_engine* engine, const char* adapter_name,
                        wasinn_bytes bytes, wasinn_program** out, wasinn_error* error) {
  return Guard(error, [&]() -> Result<> {
    WASINN_TRY(adapter, FromC(engine).FindAdapter(adapter_name));
    const auto load = adapter->table().*slot;
    if (load == nullptr) return Fail(NotAheadOfTime(*adapter));
    WASINN_TRY(instance, adapter->Instance());
    auto program = std::make_unique<wasinn_program>(
        wasinn_program{&FromC(engine), adapter, nullptr, {sizeof(wasinn_program_stats), 0, 0, 0}});
    wasinn_error failure{};
    const wasinn_code code = load(instance, bytes, &program->handle, &program->stats, &failure);
    if (code != WASINN_OK) return Fail(FromC(code, failure, "program_load"));
    *out = program.release();
    return {};
  });
}

}  // namespace

wasinn_code wasinn_program_load(wasinn_engine* engine, const char* adapter, wasinn_bytes wasm,
                                wasinn_program** out, wasinn_error* error) {
  return LoadProgram(&wasinn_adapter::program_load, engine, adapter, wasm, out, error);
}

wasinn_code wasinn_program_load_trusted(wasinn_engine* engine, const char* adapter,
                                        wasinn_bytes bytes, wasinn_program** out,
                                        wasinn_error* error) {
  return LoadProgram(&wasinn_adapter::program_load_trusted, engine, adapter, bytes, out, error);
}

wasinn_code wasinn_program_compile(wasinn_engine* engine, const char* adapter_name,
                                   wasinn_bytes wasm, void (*write)(void* self, wasinn_bytes code),
                                   void* self, wasinn_error* error) {
  return Guard(error, [&]() -> Result<> {
    WASINN_TRY(adapter, FromC(engine).FindAdapter(adapter_name));
    if (adapter->table().compile == nullptr) return Fail(NotAheadOfTime(*adapter));
    WASINN_TRY(instance, adapter->Instance());
    wasinn_error failure{};
    const wasinn_code code = adapter->table().compile(instance, wasm, write, self, &failure);
    if (code != WASINN_OK) return Fail(FromC(code, failure, "compile"));
    return {};
  });
}

void wasinn_program_free(wasinn_program* program) {
  if (program == nullptr) return;
  program->adapter->table().program_free(program->handle);
  delete program;
}

void wasinn_program_get_stats(const wasinn_program* program, wasinn_program_stats* out) {
  wasinn_program_stats stats = program->stats;
  // The caller's size is kept: it may be an older, shorter struct that is filled again.
  stats.struct_size = out->struct_size;
  std::memcpy(out, &stats, std::min(out->struct_size, sizeof(stats)));
}

wasinn_code wasinn_program_run(wasinn_program* program, wasinn_session* c_session,
                               const wasinn_run_options* options, wasinn_run_result* result,
                               wasinn_error* error) {
  return Guard(error, [&]() -> Result<> {
    Session& session = FromC(c_session);
    if (session.stopped()) return Fail(session.StopError());
    const wasinn_run_options defaults = WASINN_RUN_OPTIONS_INIT;
    const wasinn_run_options given = CopyVersioned(options, defaults);
    for (const wasinn_dir& dir : std::span(given.dirs, given.dir_count)) {
      WASINN_CHECK(session.GrantDir(dir.host, dir.guest));
    }
    const RunDeadline deadline(program->engine->scheduler().timer(), session);
    wasinn_run_result full = WASINN_RUN_RESULT_INIT;
    wasinn_error failure{};
    const wasinn_code code =
        program->adapter->table().run(program->handle, c_session, &given, &full, &failure);
    if (result != nullptr) {
      const size_t size = std::min(result->struct_size, sizeof(full));
      full.struct_size = result->struct_size;
      std::memcpy(result, &full, size);
    }
    if (code == WASINN_OK) return {};
    if (session.stopped()) return Fail(session.StopError());
    return Fail(FromC(code, failure, "run"));
  });
}

char* wasinn_engine_inspect_json(wasinn_engine* engine, const char* adapter_name, wasinn_bytes wasm,
                                 wasinn_error* error) {
  return GuardText(error, [&]() -> Result<std::string> {
    WASINN_TRY(adapter, FromC(engine).FindAdapter(adapter_name));
    WASINN_TRY(instance, adapter->Instance());
    wasinn_guest_info info{};
    info.struct_size = sizeof(info);
    wasinn_error failure{};
    const wasinn_code code = adapter->table().inspect(instance, wasm, &info, &failure);
    if (code != WASINN_OK) return Fail(FromC(code, failure, "inspect"));
    const std::unique_ptr<wasinn_guest_info, void (*)(wasinn_guest_info*)> owner(
        &info, adapter->table().inspect_free);
    return InspectJson(info);
  });
}
