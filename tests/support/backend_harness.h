// Drives a backend through its ABI table alone, as a host would: a host with counted memory and a
// kept log, and a sink that records what a run reports. For tests of backends; no part of the core.
#pragma once

#include <wasinn/backend.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wasinn::testing {

inline wasinn_str Str(std::string_view text) { return {text.data(), text.size()}; }
inline std::string Text(wasinn_str text) {
  return text.size == 0 ? std::string() : std::string(text.data, text.size);
}

// A host for one backend instance. Any thread.
class TestHost {
 public:
  explicit TestHost(uint32_t threads = 2) {
    host_.struct_size = sizeof host_;
    host_.self = this;
    host_.log = [](void* self, wasinn_log_level level, wasinn_str message) {
      static_cast<TestHost*>(self)->Log(level, message);
    };
    host_.buffer_alloc = [](void* self, size_t size) {
      return static_cast<TestHost*>(self)->Alloc(size);
    };
    host_.buffer_free = [](void* self, void* data) { static_cast<TestHost*>(self)->Free(data); };
    host_.threads = threads;
  }

  const wasinn_backend_host* get() const { return &host_; }
  // Bytes beyond which a single buffer is refused.
  void set_limit(size_t limit) { limit_ = limit; }
  // Buffers that are out.
  int64_t live_buffers() const { return live_; }
  std::vector<std::string> log() const {
    const std::lock_guard lock(mutex_);
    return log_;
  }

 private:
  void Log(wasinn_log_level, wasinn_str message) {
    const std::lock_guard lock(mutex_);
    log_.push_back(Text(message));
  }
  void* Alloc(size_t size) {
    if (size > limit_) return nullptr;
    ++live_;
    return std::aligned_alloc(64, (size + 64) / 64 * 64);
  }
  void Free(void* data) {
    if (data == nullptr) return;
    --live_;
    std::free(data);
  }

  wasinn_backend_host host_{};
  std::atomic<size_t> limit_{size_t{1} << 30};
  std::atomic<int64_t> live_{0};
  mutable std::mutex mutex_;
  std::vector<std::string> log_;
};

// A tensor that owns its bytes and dims.
struct Tensor {
  wasinn_dtype dtype = WASINN_DTYPE_NONE;
  std::vector<int64_t> dims;
  std::string bytes;

  wasinn_tensor_view view() const {
    return {dtype, static_cast<uint32_t>(dims.size()), dims.data(), bytes.data(), bytes.size()};
  }
  template <typename T>
  std::vector<T> values() const {
    std::vector<T> out(bytes.size() / sizeof(T));
    if (!out.empty()) std::memcpy(out.data(), bytes.data(), out.size() * sizeof(T));
    return out;
  }
  bool operator==(const Tensor&) const = default;
};

template <typename T>
Tensor MakeTensor(wasinn_dtype dtype, std::vector<int64_t> dims, const std::vector<T>& values) {
  Tensor tensor{dtype, std::move(dims), std::string(values.size() * sizeof(T), '\0')};
  if (!values.empty()) std::memcpy(tensor.bytes.data(), values.data(), tensor.bytes.size());
  return tensor;
}

// Strings as the Open Inference Protocol's BYTES.
inline Tensor MakeStrings(std::vector<int64_t> dims, const std::vector<std::string>& values) {
  Tensor tensor{WASINN_DTYPE_STRING, std::move(dims), ""};
  for (const std::string& value : values) {
    for (int shift = 0; shift < 32; shift += 8) {
      tensor.bytes += static_cast<char>(value.size() >> shift & 0xff);
    }
    tensor.bytes += value;
  }
  return tensor;
}

// The reports of one run.
class RunRecord {
 public:
  explicit RunRecord(uint64_t number = NextNumber()) {
    sink_.struct_size = sizeof sink_;
    sink_.self = this;
    sink_.run = number;
    sink_.output = [](void* self, uint64_t, const wasinn_backend_output* output) {
      return static_cast<RunRecord*>(self)->Output(*output);
    };
    sink_.chunk = [](void* self, uint64_t, uint32_t, wasinn_bytes data) {
      return static_cast<RunRecord*>(self)->Chunk(data);
    };
    sink_.guest_stdout = [](void* self, uint64_t, wasinn_bytes data) {
      static_cast<RunRecord*>(self)->written_.append(static_cast<const char*>(data.data),
                                                     data.size);
      return 0;
    };
    sink_.done = [](void* self, uint64_t, wasinn_code code, wasinn_str message, int64_t engine,
                    const wasinn_backend_usage*) {
      static_cast<RunRecord*>(self)->Done(code, message, engine);
    };
  }
  RunRecord(const RunRecord&) = delete;
  RunRecord& operator=(const RunRecord&) = delete;
  ~RunRecord() { ReleaseOutputs(); }

  static uint64_t NextNumber() {
    static std::atomic<uint64_t> next{1};
    return next++;
  }

  const wasinn_backend_sink* sink() const { return &sink_; }
  // The guest has this file, and no other one.
  void set_file(std::string path, std::string bytes) {
    file_ = {std::move(path), std::move(bytes)};
    sink_.read_file = [](void* self, uint64_t, wasinn_str name, size_t max,
                         void (*take)(void*, wasinn_bytes), void* to, wasinn_error* error) {
      const auto& [known, known_bytes] = static_cast<RunRecord*>(self)->file_;
      if (Text(name) != known || known_bytes.size() > max) {
        std::snprintf(error->message, sizeof error->message, "no such file");
        return WASINN_NOT_FOUND;
      }
      take(to, {known_bytes.data(), known_bytes.size()});
      return WASINN_OK;
    };
  }
  uint64_t number() const { return sink_.run; }
  // After this many chunks, the sink asks the backend to stop.
  void set_chunk_limit(size_t limit) { chunk_limit_ = limit; }

  // True when `done` came within `limit`.
  bool Wait(std::chrono::milliseconds limit = std::chrono::seconds(20)) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [this] { return done_count_ > 0; });
  }

  // True when so many chunks came, or `done`, within `limit`.
  bool WaitForChunks(size_t count, std::chrono::milliseconds limit = std::chrono::seconds(60)) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit,
                             [&] { return chunks_.size() >= count || done_count_ > 0; });
  }

  // The functions below may be called after Wait.
  int done_count() const { return done_count_; }
  wasinn_code code() const { return code_; }
  const std::string& message() const { return message_; }
  int64_t engine_code() const { return engine_code_; }
  const std::vector<std::string>& chunks() const { return chunks_; }
  // What went to the guest's standard output.
  const std::string& written() const { return written_; }
  std::string text() const {
    std::string all;
    for (const std::string& chunk : chunks_) all += chunk;
    return all;
  }
  // Copied from the delivered bytes at the time of this call; an empty tensor without one.
  Tensor output(uint32_t port = 0) const {
    const auto found = outputs_.find(port);
    if (found == outputs_.end()) return {};
    const Held& held = found->second;
    const wasinn_tensor_view& view = held.output.tensor;
    const char* data = static_cast<const char*>(view.data);
    return {view.dtype, held.dims, view.size == 0 ? "" : std::string(data, view.size)};
  }
  const void* output_data(uint32_t port = 0) const { return outputs_.at(port).output.tensor.data; }
  size_t output_count() const { return outputs_.size(); }
  void ReleaseOutputs() {
    for (auto& [port, held] : outputs_) {
      if (held.output.release != nullptr) held.output.release(held.output.owner);
    }
    outputs_.clear();
  }

 private:
  struct Held {
    wasinn_backend_output output;
    std::vector<int64_t> dims;
  };

  int32_t Output(const wasinn_backend_output& output) {
    const std::lock_guard lock(mutex_);
    const int64_t* dims = output.tensor.dims;
    outputs_[output.port] = {output, std::vector<int64_t>(dims, dims + output.tensor.rank)};
    return 0;
  }
  int32_t Chunk(wasinn_bytes data) {
    const std::lock_guard lock(mutex_);
    chunks_.emplace_back(static_cast<const char*>(data.data), data.size);
    changed_.notify_all();
    return chunks_.size() >= chunk_limit_;
  }
  void Done(wasinn_code code, wasinn_str message, int64_t engine_code) {
    const std::lock_guard lock(mutex_);
    ++done_count_;
    code_ = code;
    message_ = Text(message);
    engine_code_ = engine_code;
    changed_.notify_all();
  }

  wasinn_backend_sink sink_{};
  std::pair<std::string, std::string> file_;
  size_t chunk_limit_ = SIZE_MAX;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int done_count_ = 0;
  wasinn_code code_ = WASINN_UNKNOWN;
  std::string message_;
  int64_t engine_code_ = 0;
  std::vector<std::string> chunks_;
  std::string written_;
  std::map<uint32_t, Held> outputs_;
};

using OptionList = std::vector<std::pair<std::string, std::string>>;

inline std::vector<wasinn_option> Borrow(const OptionList& options) {
  std::vector<wasinn_option> out;
  for (const auto& [name, value] : options) out.push_back({Str(name), Str(value)});
  return out;
}

// An open instance of a backend, closed at the end.
class Instance {
 public:
  Instance(const wasinn_backend* backend, const TestHost& host) : backend_(backend) {
    if (backend->open(host.get(), &instance_, &error) != WASINN_OK) instance_ = nullptr;
  }
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;
  ~Instance() {
    if (instance_ != nullptr) backend_->close(instance_);
  }
  const wasinn_backend* backend() const { return backend_; }
  wasinn_backend_instance* get() const { return instance_; }
  int Probe(std::string_view head, uint64_t size, const char* path = nullptr) const {
    return backend_->probe(instance_, {head.data(), head.size()}, size, path);
  }

  wasinn_error error{};

 private:
  const wasinn_backend* backend_;
  wasinn_backend_instance* instance_ = nullptr;
};

// A loaded graph, freed at the end; get() is null and `error` filled when loading failed.
class Graph {
 public:
  // By bytes, which must outlive the graph.
  static Graph FromBytes(const Instance& instance, std::string_view bytes,
                         const OptionList& options = {}, wasinn_target target = WASINN_TARGET_CPU) {
    const wasinn_bytes part{bytes.data(), bytes.size()};
    return Graph(instance, nullptr, &part, 1, options, target);
  }
  static Graph FromPath(const Instance& instance, const std::string& path,
                        const OptionList& options = {}, wasinn_target target = WASINN_TARGET_CPU) {
    return Graph(instance, path.c_str(), nullptr, 0, options, target);
  }
  Graph(const Instance& instance, const char* path, const wasinn_bytes* parts, size_t part_count,
        const OptionList& options, wasinn_target target)
      : backend_(instance.backend()) {
    const std::vector<wasinn_option> borrowed = Borrow(options);
    const wasinn_load_request request{sizeof request,  path,           parts, part_count, target,
                                      borrowed.data(), borrowed.size()};
    if (backend_->graph_load(instance.get(), &request, &graph_, &error) != WASINN_OK) {
      graph_ = nullptr;
    }
  }
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;
  ~Graph() { Free(); }
  void Free() {
    if (graph_ != nullptr) backend_->graph_free(std::exchange(graph_, nullptr));
  }

  const wasinn_backend* backend() const { return backend_; }
  wasinn_backend_graph* get() const { return graph_; }
  wasinn_graph_info Describe() const {
    wasinn_graph_info info{};
    info.struct_size = sizeof info;
    wasinn_error ignored;
    if (backend_->graph_describe(graph_, &info, &ignored) != WASINN_OK) return {};
    return info;
  }
  std::map<std::string, std::string> Metadata() const {
    const wasinn_graph_info info = Describe();
    std::map<std::string, std::string> out;
    for (size_t i = 0; i < info.metadata_count; ++i) {
      out[Text(info.metadata[i].key)] = Text(info.metadata[i].value);
    }
    return out;
  }

  wasinn_error error{};

 private:
  const wasinn_backend* backend_;
  wasinn_backend_graph* graph_ = nullptr;
};

// A context, freed at the end.
class Context {
 public:
  explicit Context(const Graph& graph, const OptionList& options = {}) : backend_(graph.backend()) {
    const std::vector<wasinn_option> borrowed = Borrow(options);
    if (backend_->context_create(graph.get(), borrowed.data(), borrowed.size(), &context_,
                                 &error) != WASINN_OK) {
      context_ = nullptr;
    }
  }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context() { Free(); }
  void Free() {
    if (context_ != nullptr) backend_->context_free(std::exchange(context_, nullptr));
  }

  wasinn_backend_context* get() const { return context_; }
  // Starts a run with `inputs` in the order of the ports; they must live until it is done.
  void Start(RunRecord& run, const std::vector<Tensor>& inputs) const {
    std::vector<wasinn_backend_input> views;
    for (const Tensor& input : inputs) {
      views.push_back({static_cast<uint32_t>(views.size()), input.view()});
    }
    backend_->run(context_, views.data(), views.size(), run.sink());
  }
  void Cancel(uint64_t run) const { backend_->cancel(context_, run); }

  wasinn_error error{};

 private:
  const wasinn_backend* backend_;
  wasinn_backend_context* context_ = nullptr;
};

}  // namespace wasinn::testing
