#include "capi/engine.h"

#include <echo/echo.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <thread>

#include "base/os.h"
#include "base/text.h"

namespace wasinn {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// How long an engine waits at its end for backends that were cancelled.
constexpr seconds kPatience{5};
// Idle tensor memory is returned to the system after about this time.
constexpr seconds kIdle{5};

constexpr size_t kMaxText = 4096;
// The size of an adapter's table in the first release.
constexpr size_t kFirstAdapterSize = offsetof(wasinn_adapter, compile);

}  // namespace

// ------------------------------------------------------------------ adapters

Result<std::unique_ptr<Adapter>> Adapter::Create(const wasinn_adapter* table,
                                                 const wasinn_adapter_host& host) {
  if (table == nullptr) return Fail(Code::kInvalidArgument, "expected an adapter, given NULL");
  if (table->abi_version != WASINN_ADAPTER_ABI_VERSION || table->struct_size < kFirstAdapterSize) {
    return Fail(
        Code::kInvalidArgument,
        "expected an adapter of ABI version {} with at least {} bytes, given version {} with {}",
        WASINN_ADAPTER_ABI_VERSION, kFirstAdapterSize, table->abi_version, table->struct_size);
  }
  if (table->name == nullptr || table->open == nullptr || table->close == nullptr ||
      table->inspect == nullptr || table->inspect_free == nullptr ||
      table->program_load == nullptr || table->program_free == nullptr || table->run == nullptr) {
    return Fail(Code::kInvalidArgument, "expected an adapter with all slots, given one with NULL");
  }
  std::unique_ptr<Adapter> adapter(new Adapter);
  std::memcpy(&adapter->table_, table, std::min(table->struct_size, sizeof(wasinn_adapter)));
  adapter->name_.assign(table->name, strnlen(table->name, kMaxText));
  adapter->host_ = host;
  return adapter;
}

Adapter::~Adapter() {
  MutexLock lock(mutex_);
  if (opened_ && instance_ && *instance_ != nullptr) table_.close(*instance_);
}

Result<wasinn_adapter_instance*> Adapter::Instance() {
  MutexLock lock(mutex_);
  if (!opened_) {
    wasinn_error error{};
    wasinn_adapter_instance* instance = nullptr;
    const wasinn_code code = table_.open(&host_, &instance, &error);
    if (code != WASINN_OK) {
      instance_ = Fail(FromC(code, error, "adapter " + name_ + ": open"));
    } else {
      instance_ = instance;
    }
    opened_ = true;
  }
  return instance_;
}

Result<> Engine::AddAdapter(const wasinn_adapter* table) {
  const wasinn_adapter_host host{sizeof(wasinn_adapter_host),
                                 this,
                                 AdapterLog,
                                 cache_dir_.empty() ? nullptr : cache_dir_.c_str(),
                                 features_.empty() ? nullptr : features_.c_str(),
                                 threads_};
  WASINN_TRY(adapter, Adapter::Create(table, host));
  MutexLock lock(mutex_);
  for (const auto& other : adapters_) {
    if (other->name() == adapter->name()) {
      return Fail(Code::kInvalidArgument, "adapter name: expected a new one, given '{}' again",
                  adapter->name());
    }
  }
  adapters_.push_back(std::move(adapter));
  return {};
}

Result<Adapter*> Engine::FindAdapter(const char* name) {
  MutexLock lock(mutex_);
  std::vector<std::string_view> names;
  for (const auto& adapter : adapters_) {
    if (name == nullptr || adapter->name() == name) return adapter.get();
    names.push_back(adapter->name());
  }
  if (adapters_.empty()) {
    return Fail(Code::kNotFound,
                "this build has no adapter for a Wasm engine; build with "
                "WASINN_ADAPTER_WASMTIME=ON, which ./dev does");
  }
  return Fail(Code::kNotFound, "no adapter named '{}'{}", Printable(name), Suggest(name, names));
}

void Engine::AdapterLog(void* self, wasinn_log_level level, wasinn_str message) {
  const auto bounded = std::clamp(level, WASINN_LOG_DEBUG, WASINN_LOG_ERROR);
  auto* engine = static_cast<Engine*>(self);
  engine->adapter_log_.Log(engine->log(), bounded, "{}", View(message));
}

// ------------------------------------------------------------------ the engine

Engine::Parts::Parts(const wasinn_engine_options& options, uint32_t threads, uint64_t buffer_limit,
                     uint64_t budget)
    : log(options.log, options.log_self, options.log_level),
      buffers(BufferPool::Create(buffer_limit)),
      runs(&log),
      backends({buffers, &log, threads},
               options.backend_path == nullptr ? "" : options.backend_path),
      models(backends, log, budget),
      scheduler(threads, &log, &runs) {}

// Adapters may hold buffers that outlive the engine; the last buffer then frees the pool. The pool
// is closed here and not by a member, because backends return their memory when they end.
Engine::Parts::~Parts() { scheduler.timer().Cancel(upkeep); }

Result<std::unique_ptr<Engine>> Engine::Create(const wasinn_engine_options& options) {
  std::unique_ptr<Engine> engine(new Engine);
  engine->threads_ = options.threads != 0 ? options.threads : os::UsableCores();
  if (engine->threads_ > 4096) {
    return Fail(Code::kInvalidArgument, "threads: expected at most 4096, given {}",
                options.threads);
  }
  if (options.cache_dir != nullptr) engine->cache_dir_ = options.cache_dir;
  if (options.features != nullptr) engine->features_ = options.features;
  const uint64_t half = os::UsableMemory() / 2;
  engine->parts_ = std::make_unique<Parts>(options, engine->threads_,
                                           options.buffer_limit != 0 ? options.buffer_limit : half,
                                           options.memory_budget);
  WASINN_CHECK(engine->backends().Add(wasinn_backend_echo_entry()));
  engine->parts_->ScheduleUpkeep();
  return engine;
}

void Engine::Parts::ScheduleUpkeep() {
  upkeep = scheduler.timer().Every(kIdle, [this] {
    buffers->Trim(kIdle);
    scheduler.computes().Retry();
    scheduler.loads().Retry();
  });
}

Engine::~Engine() {
  {
    MutexLock lock(mutex_);
    adapters_.clear();
  }
  if (parts_ == nullptr) return;  // Create refused the options
  adapter_log_.Tell(log());
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (scheduler().live_executions.load() != 0) {
    if (std::chrono::steady_clock::now() > until) {
      log().Log(WASINN_LOG_ERROR,
                "a backend did not end its run within {} s after it was cancelled; "
                "its memory is left behind",
                kPatience.count());
      parts_->log.Silence();
      (void)parts_.release();  // the backend may still report to it
      return;
    }
    scheduler().computes().Retry();
    std::this_thread::sleep_for(milliseconds(1));
  }
  BufferPool* buffers = parts_->buffers;
  parts_.reset();
  buffers->Close();
}

}  // namespace wasinn
