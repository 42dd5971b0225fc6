// The engine behind the C API's wasinn_engine.
#pragma once

#include <wasinn/adapter.h>
#include <wasinn/wasinn.h>

#include <memory>
#include <string>
#include <vector>

#include "backend/registry.h"
#include "backend/sink.h"
#include "base/log.h"
#include "base/log_limit.h"
#include "base/mutex.h"
#include "model/store.h"
#include "sched/scheduler.h"
#include "session/session.h"
#include "tensor/buffer_pool.h"

namespace wasinn {

// A Wasm engine's adapter, opened when first needed.
class Adapter {
 public:
  static Result<std::unique_ptr<Adapter>> Create(const wasinn_adapter* table,
                                                 const wasinn_adapter_host& host);
  ~Adapter();
  Adapter(const Adapter&) = delete;
  Adapter& operator=(const Adapter&) = delete;

  const wasinn_adapter& table() const { return table_; }
  const std::string& name() const { return name_; }
  // Opens the Wasm engine on first use; a failure is final.
  Result<wasinn_adapter_instance*> Instance();

 private:
  Adapter() = default;
  wasinn_adapter table_{};
  std::string name_;
  wasinn_adapter_host host_{};
  Mutex mutex_;
  bool opened_ GUARDED_BY(mutex_) = false;
  Result<wasinn_adapter_instance*> instance_ GUARDED_BY(mutex_) = nullptr;
};

// Any thread. Only the C API creates and frees it.
class Engine {
 public:
  static Result<std::unique_ptr<Engine>> Create(const wasinn_engine_options& options);
  // Waits for computes that are running. If a backend never calls done, the memory that it may
  // still use is leaked.
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  const Logger& log() const { return parts_->log; }
  BackendRegistry& backends() { return parts_->backends; }
  ModelStore& models() { return parts_->models; }
  Scheduler& scheduler() { return parts_->scheduler; }
  BufferPool& buffers() { return *parts_->buffers; }
  SessionHost session_host() {
    return {parts_->buffers, &parts_->models, &parts_->scheduler, &parts_->log};
  }

  Result<> AddAdapter(const wasinn_adapter* table);
  // The named adapter, or the first one for NULL.
  Result<Adapter*> FindAdapter(const char* name);

 private:
  // Everything that backends may still use during runs; destroyed in reverse order.
  struct Parts {
    Parts(const wasinn_engine_options& options, uint32_t threads, uint64_t buffer_limit,
          uint64_t budget);
    ~Parts();
    // Periodically returns idle tensor memory to the system, and retries threads that could not be
    // started.
    void ScheduleUpkeep();
    Logger log;
    BufferPool* buffers;
    RunTable runs;
    BackendRegistry backends;
    ModelStore models;
    Scheduler scheduler;
    Timer::Id upkeep = 0;
  };

  Engine() = default;
  static void AdapterLog(void* self, wasinn_log_level level, wasinn_str message);

  std::string cache_dir_;
  std::string features_;
  uint32_t threads_ = 1;
  LogLimit adapter_log_{"log of an adapter"};
  std::unique_ptr<Parts> parts_;
  Mutex mutex_;
  std::vector<std::unique_ptr<Adapter>> adapters_ GUARDED_BY(mutex_);
};

inline Engine& FromC(wasinn_engine* engine) { return *reinterpret_cast<Engine*>(engine); }

}  // namespace wasinn
