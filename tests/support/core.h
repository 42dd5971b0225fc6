// The parts of an engine without its C API, for tests of src/.
#pragma once

#include <echo/echo.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "backend/registry.h"
#include "backend/sink.h"
#include "base/log.h"
#include "model/store.h"
#include "sched/scheduler.h"
#include "support/temp_dir.h"
#include "tensor/buffer_pool.h"

namespace wasinn::testing {

inline constexpr auto kLong = std::chrono::seconds(20);

// Polls until `condition` is true; false if that did not happen within kLong.
inline bool Eventually(const std::function<bool()>& condition) {
  const auto until = std::chrono::steady_clock::now() + kLong;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

inline std::span<const uint8_t> BytesOf(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// A logger whose lines are kept.
class KeptLog {
 public:
  const Logger* get() const { return &logger_; }
  bool Contains(std::string_view text) const { return Count(text) != 0; }
  // Lines with this text.
  size_t Count(std::string_view text) const {
    const std::lock_guard lock(mutex_);
    size_t count = 0;
    for (const std::string& line : lines_) count += line.find(text) != std::string::npos ? 1 : 0;
    return count;
  }

 private:
  static void Write(void* self, wasinn_log_level, wasinn_str message) {
    auto* log = static_cast<KeptLog*>(self);
    const std::lock_guard lock(log->mutex_);
    log->lines_.emplace_back(View(message));
  }
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
  Logger logger_{Write, this, WASINN_LOG_DEBUG};
};

// Everything below a session, with the echo backends.
class Core {
 public:
  explicit Core(uint64_t budget = 0, uint64_t buffer_limit = 1ull << 30, uint32_t threads = 2,
                const std::string& backend_path = "")
      : pool_{BufferPool::Create(buffer_limit)},
        runs(log.get()),
        backends({pool_.pool, log.get(), threads}, backend_path),
        models(backends, *log.get(), budget),
        scheduler(threads, log.get(), &runs) {
    (void)backends.Add(wasinn_backend_echo_entry());
    (void)backends.Add(wasinn_backend_echo_blocking_entry());
  }
  // As an engine does before it closes its backends.
  ~Core() {
    Eventually([this] {
      scheduler.computes().Retry();
      return scheduler.live_executions.load() == 0;
    });
  }
  BufferPool& buffers() { return *pool_.pool; }

  // A graph of `text` as the backend `name` loads it.
  std::shared_ptr<Graph> Load(std::string_view text, const std::string& name = "echo",
                              const Options& context_options = {}) {
    Backend& backend = **backends.Find(name);
    GraphSource source;
    source.parts = {Copy(text)};
    source.size = text.size();
    return *Graph::Load(backend, std::move(source), Target::kCpu, {{}, context_options});
  }
  BufferRef Copy(std::string_view text) {
    BufferRef buffer = *buffers().Allocate(text.size());
    if (!text.empty()) std::memcpy(buffer.data(), text.data(), text.size());
    return buffer;
  }
  Tensor Text(std::string_view text) {
    const int64_t dims[] = {static_cast<int64_t>(text.size())};
    return {DType::kU8, *Shape::OfTensor(dims), Copy(text)};
  }

 private:
  struct Holder {
    ~Holder() { pool->Close(); }
    BufferPool* pool;
  };

 public:
  KeptLog log;

 private:
  Holder pool_;

 public:
  RunTable runs;
  BackendRegistry backends;
  ModelStore models;
  Scheduler scheduler;
};

// A backend whose slots a test scripts; one at a time, since a table has no state. It ends
// after its last run; what is freed later is not counted. One input "x" and one output "y" of any
// type; without a script it gives its input back.
class ScriptedBackend {
 public:
  using Run = std::function<void(const wasinn_backend_input* inputs, size_t count,
                                 const wasinn_backend_sink& sink)>;

  explicit ScriptedBackend(uint64_t capabilities = WASINN_BACKEND_BLOCKING) {
    current_ = this;
    table.struct_size = sizeof(table);
    table.abi_version = WASINN_BACKEND_ABI_VERSION;
    table.capabilities = capabilities;
    table.name = "scripted";
    table.version = "1";
    table.encodings = "onnx";
    table.open = [](const wasinn_backend_host* given, wasinn_backend_instance** out,
                    wasinn_error*) {
      current_.load()->host = given;
      *out = reinterpret_cast<wasinn_backend_instance*>(current_.load());
      return WASINN_OK;
    };
    table.close = [](wasinn_backend_instance*) { Count(&ScriptedBackend::closed); };
    table.graph_load = [](wasinn_backend_instance*, const wasinn_load_request* request,
                          wasinn_backend_graph** out, wasinn_error* error) {
      const int now = ++current_.load()->loading;
      if (now > current_.load()->max_loading) current_.load()->max_loading = now;
      ++current_.load()->loads;
      const wasinn_code code =
          current_.load()->load ? current_.load()->load(*request, error) : WASINN_OK;
      *out = reinterpret_cast<wasinn_backend_graph*>(current_.load());
      --current_.load()->loading;
      return code;
    };
    table.graph_describe = [](wasinn_backend_graph*, wasinn_graph_info* out, wasinn_error*) {
      static const wasinn_port_info input{{"x", 1}, WASINN_DTYPE_NONE, -1, nullptr, 0};
      static const wasinn_port_info output{{"y", 1}, WASINN_DTYPE_NONE, -1, nullptr, 0};
      *out = {sizeof(*out), &input, 1, &output, 1, nullptr, 0};
      return WASINN_OK;
    };
    table.graph_free = [](wasinn_backend_graph*) { Count(&ScriptedBackend::graphs_freed); };
    table.context_create = [](wasinn_backend_graph*, const wasinn_option*, size_t,
                              wasinn_backend_context** out, wasinn_error*) {
      *out = reinterpret_cast<wasinn_backend_context*>(current_.load());
      return WASINN_OK;
    };
    table.context_free = [](wasinn_backend_context*) { Count(&ScriptedBackend::contexts_freed); };
    table.run = [](wasinn_backend_context*, const wasinn_backend_input* inputs, size_t count,
                   const wasinn_backend_sink* sink) {
      ScriptedBackend& self = *current_.load();
      ++self.running_;
      self.run ? self.run(inputs, count, *sink) : Echo(inputs, count, *sink);
      --self.running_;
    };
    table.cancel = [](wasinn_backend_context*, uint64_t number) {
      if (current_.load()->cancel) current_.load()->cancel(number);
    };
  }

  ScriptedBackend(const ScriptedBackend&) = delete;
  ScriptedBackend& operator=(const ScriptedBackend&) = delete;
  // A worker may still be on its way out of a run or load: what the script uses is declared before
  // this.
  ~ScriptedBackend() {
    Eventually([this] { return running_ == 0 && loading == 0; });
    current_ = nullptr;
  }

  // Returns the input as output, in the input's memory, and calls done.
  static void Echo(const wasinn_backend_input* inputs, size_t, const wasinn_backend_sink& sink) {
    const wasinn_backend_output output{0, inputs[0].tensor, nullptr, nullptr};
    sink.output(sink.self, sink.run, &output);
    Done(sink);
  }
  static void Done(const wasinn_backend_sink& sink, wasinn_code code = WASINN_OK,
                   std::string_view text = "") {
    sink.done(sink.self, sink.run, code, ToStr(text), 0, nullptr);
  }

  wasinn_backend table{};
  const wasinn_backend_host* host = nullptr;
  Run run;
  std::function<void(uint64_t run)> cancel;
  std::function<wasinn_code(const wasinn_load_request&, wasinn_error*)> load;
  std::atomic<int> loads{0}, loading{0}, max_loading{0}, graphs_freed{0}, contexts_freed{0},
      closed{0};

 private:
  static void Count(std::atomic<int> ScriptedBackend::* counter) {
    if (ScriptedBackend* script = current_) ++(script->*counter);
  }
  static inline std::atomic<ScriptedBackend*> current_{nullptr};
  std::atomic<int> running_{0};
};

}  // namespace wasinn::testing
