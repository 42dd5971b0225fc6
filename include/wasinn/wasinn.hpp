// The embedding API for C++23: RAII over wasinn.h, header-only. Nothing here throws on its own;
// what can fail returns Result<T>.
//
//   auto engine = wasinn::Engine::Create();
//   if (!engine) return Report(engine.error());
//   if (auto added = engine->AddModel("add=models/add.onnx"); !added) return Report(added.error());
//
// Owners: Engine owns everything made from it, so it must outlive its sessions and programs; a
// Session must outlive its graphs, and a Graph may be dropped before its contexts. All are movable,
// none is copyable, and a moved-from one may only be assigned to or destroyed.
//
// Threads: as in wasinn.h. Engine and Program: any thread at any time. Policy, Session, Graph and
// Context: one call at a time, except Session::Cancel, which any thread may call.
#pragma once

#include <wasinn/wasinn.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wasinn {
// Inline, so that these names never meet the library's own at link time.
inline namespace embedding {

struct Error {
  wasinn_code code = WASINN_UNKNOWN;
  std::string message = {};
  // The framework's own number, 0 without one.
  std::int64_t engine_code = 0;
};

template <typename T>
using Result = std::expected<T, Error>;

namespace detail {

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};

inline wasinn_str Str(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view View(wasinn_str text) { return {text.data, text.size}; }
inline const char* OrNull(const std::string& text) { return text.empty() ? nullptr : text.c_str(); }

// One call of the C API. Its 2 KiB message is not cleared first, because every set_input and
// compute uses this.
struct Call {
  wasinn_error error;

  Call() {
    error.code = WASINN_UNKNOWN;
    error.engine_code = 0;
    error.message[0] = '\0';
  }
  Result<void> operator()(wasinn_code code) const {
    if (code == WASINN_OK) return {};
    return std::unexpected(Error{code, error.message, error.engine_code});
  }
  // The value that `make` builds once the call has succeeded.
  template <typename Make>
  auto operator()(wasinn_code code, Make make) const -> Result<decltype(make())> {
    if (auto done = (*this)(code); !done) return std::unexpected(std::move(done).error());
    return make();
  }
  Result<std::string> Text(char* text) const {
    if (text == nullptr) return (*this)(error.code, [] { return std::string(); });
    std::unique_ptr<char, Deleter<wasinn_text_free>> owner(text);
    return std::string(text);
  }
};

inline std::vector<wasinn_option> Options(
    std::span<const std::pair<std::string, std::string>> options) {
  std::vector<wasinn_option> result;
  result.reserve(options.size());
  for (const auto& [name, value] : options) result.push_back({Str(name), Str(value)});
  return result;
}

}  // namespace detail

using OptionList = std::vector<std::pair<std::string, std::string>>;

// A borrowed tensor: row-major, dense. `data` is data.size() bytes of `dtype`.
struct TensorView {
  wasinn_dtype dtype = WASINN_DTYPE_NONE;
  std::span<const std::int64_t> dims = {};
  std::span<const std::byte> data = {};

  // A view of `values`, whose element type must be the C++ type of `dtype`.
  template <typename T>
  static TensorView Of(wasinn_dtype dtype, std::span<const std::int64_t> dims,
                       std::span<const T> values) {
    return {dtype, dims, std::as_bytes(values)};
  }
  // The data as elements of T; a trailing part of an element is left out. The caller must choose a
  // T whose size matches `dtype`; data that wasinn lends is aligned for every T.
  template <typename T>
  std::span<const T> As() const {
    return {reinterpret_cast<const T*>(data.data()), data.size() / sizeof(T)};
  }
};

// One output of a compute; valid until the context's next compute or its end.
struct Output {
  std::string_view name = {};
  TensorView tensor = {};
};

struct EngineOptions {
  std::uint32_t threads = 0;        // 0: one for each core that this process may use
  std::uint64_t memory_budget = 0;  // bytes of loaded models; 0: no limit
  std::uint64_t buffer_limit = 0;   // bytes of tensor buffers; 0: half of the machine's memory
  std::string cache_dir = {};       // empty: compiled code is not kept on disk
  std::string features = {};        // of WebAssembly, as "wide-arithmetic=y,gc=n"
  std::string backend_path = {};    // folders of plug-ins, separated by colons
  wasinn_log_level log_level = WASINN_LOG_WARN;
  // Called from any thread, must not throw; empty: nothing is logged.
  std::function<void(wasinn_log_level, std::string_view)> log = {};
};

struct ModelConfig {
  std::string name = {};
  std::string path = {};                    // a file or folder; empty: `content`
  std::span<const std::byte> content = {};  // copied
  std::string backend = {};                 // empty: the one that fits best
  std::string encoding = {};                // empty: autodetect
  wasinn_target target = WASINN_TARGET_CPU;
  OptionList options = {};
  bool load_now = false;
  bool may_be_missing = false;
};

class Policy {
 public:
  static Result<Policy> Create() {
    detail::Call call;
    wasinn_policy* policy = nullptr;
    return call(wasinn_policy_create(&policy, &call.error), [&] { return Policy(policy); });
  }
  Result<void> Set(std::string_view rule, std::string_view value) {
    detail::Call call;
    return call(wasinn_policy_set(get(), detail::Str(rule), detail::Str(value), &call.error));
  }
  Result<std::uint64_t> Get(std::string_view rule) const {
    detail::Call call;
    std::uint64_t number = 0;
    return call(wasinn_policy_get(get(), detail::Str(rule), &number, &call.error),
                [&] { return number; });
  }
  wasinn_policy* get() const { return policy_.get(); }

 private:
  explicit Policy(wasinn_policy* policy) : policy_(policy) {}
  std::unique_ptr<wasinn_policy, detail::Deleter<wasinn_policy_free>> policy_;
};

// A load, compute, wait or end of a run that was started; see wasinn_call. It ends before its
// session.
class Call {
 public:
  Call(Call&&) noexcept = default;
  Call& operator=(Call&&) noexcept = default;

  // Whether it has ended; if not, `woken` is called once it has, from any thread. It must not
  // throw.
  bool Ready(std::function<void()> woken = {}) {
    // The one before may be running until the next question has been asked.
    auto next = std::make_unique<std::function<void()>>(std::move(woken));
    const wasinn_waker waker{
        [](void* self) { (*static_cast<const std::function<void()>*>(self))(); }, next.get()};
    const bool ready = wasinn_call_ready(get(), *next ? &waker : nullptr) != 0;
    woken_ = std::move(next);
    return ready;
  }
  // Any thread.
  void Cancel() { wasinn_call_cancel(get()); }
  // The outcome, once: a load's graph, a wait's state, else 0. It waits where it has to.
  Result<std::uint32_t> Take() {
    detail::Call call;
    std::uint32_t value = 0;
    return call(wasinn_call_take(get(), &value, &call.error), [&] { return value; });
  }
  wasinn_call* get() const { return call_.get(); }

 private:
  friend class Context;
  friend class Session;
  explicit Call(wasinn_call* call) : call_(call) {}

  std::unique_ptr<std::function<void()>> woken_;  // freed after the call, which may call it
  std::unique_ptr<wasinn_call, detail::Deleter<wasinn_call_free>> call_;
};

// An execution context: set inputs, compute, read outputs, again.
class Context {
 public:
  Context(Context&& other) noexcept { swap(other); }
  Context& operator=(Context&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Context() {
    if (session_ != nullptr) wasinn_session_drop_context(session_, handle_, nullptr);
  }

  // Copies the tensor. `name` is the port's name or its decimal index.
  Result<void> SetInput(std::string_view name, const TensorView& tensor) {
    detail::Call call;
    const wasinn_tensor_view view{tensor.dtype, static_cast<std::uint32_t>(tensor.dims.size()),
                                  tensor.dims.data(), tensor.data.data(), tensor.data.size()};
    return call(wasinn_session_set_input(session_, handle_, detail::Str(name), &view, &call.error));
  }
  // Computes and waits for the end.
  Result<void> Compute() {
    detail::Call call;
    return call(wasinn_session_compute(session_, handle_, &call.error));
  }
  // The same without waiting.
  Result<wasinn::Call> StartCompute() {
    detail::Call call;
    wasinn_call* started = nullptr;
    return call(wasinn_session_start_compute(session_, handle_, &started, &call.error),
                [&] { return wasinn::Call(started); });
  }
  Result<Output> GetOutput(std::uint32_t index) const {
    detail::Call call;
    wasinn_str name{};
    wasinn_tensor_view view{};
    return call(wasinn_session_output(session_, handle_, index, &name, &view, &call.error), [&] {
      return Output{detail::View(name),
                    {view.dtype,
                     {view.dims, view.rank},
                     {static_cast<const std::byte*>(view.data), view.size}}};
    });
  }

  // A run in the background; see wasinn_session_start and what follows there.
  Result<void> Start() {
    detail::Call call;
    return call(wasinn_session_start(session_, handle_, &call.error));
  }
  // Without a `timeout` it waits until a piece can be read or the run has ended.
  Result<wasinn_run_state> Wait(std::optional<std::chrono::milliseconds> timeout = {}) {
    detail::Call call;
    wasinn_run_state state = WASINN_RUN_RUNNING;
    return call(wasinn_session_wait(session_, handle_, timeout ? timeout->count() : -1, &state,
                                    &call.error),
                [&] { return state; });
  }
  Result<wasinn::Call> StartWait(std::optional<std::chrono::milliseconds> timeout = {}) {
    detail::Call call;
    wasinn_call* started = nullptr;
    return call(wasinn_session_start_wait(session_, handle_, timeout ? timeout->count() : -1,
                                          &started, &call.error),
                [&] { return wasinn::Call(started); });
  }
  // The next bytes of an output; empty when there are none yet, or no more. Valid until the next
  // call of the session.
  Result<std::string_view> Read(std::uint32_t index, std::size_t max = 65536) {
    detail::Call call;
    wasinn_bytes piece{};
    return call(wasinn_session_read(session_, handle_, index, max, &piece, &call.error),
                [&] { return std::string_view(static_cast<const char*>(piece.data), piece.size); });
  }
  Result<void> EndRun() {
    detail::Call call;
    return call(wasinn_session_end_run(session_, handle_, &call.error));
  }
  Result<wasinn::Call> StartEndRun() {
    detail::Call call;
    wasinn_call* started = nullptr;
    return call(wasinn_session_start_end_run(session_, handle_, &started, &call.error),
                [&] { return wasinn::Call(started); });
  }
  std::uint32_t handle() const { return handle_; }

 private:
  friend class Graph;
  Context(wasinn_session* session, std::uint32_t handle) : session_(session), handle_(handle) {}
  void swap(Context& other) noexcept {
    std::swap(session_, other.session_);
    std::swap(handle_, other.handle_);
  }
  wasinn_session* session_ = nullptr;
  std::uint32_t handle_ = 0;
};

class Graph {
 public:
  struct PortCounts {
    std::uint32_t inputs = 0;
    std::uint32_t outputs = 0;
  };

  Graph(Graph&& other) noexcept { swap(other); }
  Graph& operator=(Graph&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Graph() {
    if (session_ != nullptr) wasinn_session_drop_graph(session_, handle_, nullptr);
  }

  Result<PortCounts> Ports() const {
    detail::Call call;
    PortCounts counts;
    return call(
        wasinn_session_ports(session_, handle_, &counts.inputs, &counts.outputs, &call.error),
        [&] { return counts; });
  }
  // What the graph is, as JSON; its fields are in docs/cli.md.
  Result<std::string> Json() const {
    detail::Call call;
    return call.Text(wasinn_session_graph_json(session_, handle_, &call.error));
  }
  Result<Context> NewContext(const OptionList& options = {}) const {
    detail::Call call;
    const auto list = detail::Options(options);
    std::uint32_t handle = 0;
    return call(wasinn_session_init_context(session_, handle_, list.data(), list.size(), &handle,
                                            &call.error),
                [&] { return Context(session_, handle); });
  }
  std::uint32_t handle() const { return handle_; }

 private:
  friend class Session;
  Graph(wasinn_session* session, std::uint32_t handle) : session_(session), handle_(handle) {}
  void swap(Graph& other) noexcept {
    std::swap(session_, other.session_);
    std::swap(handle_, other.handle_);
  }
  wasinn_session* session_ = nullptr;
  std::uint32_t handle_ = 0;
};

class Session {
 public:
  Result<Graph> LoadByName(std::string_view name) {
    detail::Call call;
    std::uint32_t handle = 0;
    return call(wasinn_session_load_by_name(get(), detail::Str(name), &handle, &call.error),
                [&] { return Graph(get(), handle); });
  }
  // The same without waiting; the graph of a load that was taken is GraphOf.
  Result<wasinn::Call> StartLoadByName(std::string_view name) {
    detail::Call call;
    wasinn_call* started = nullptr;
    return call(wasinn_session_start_load_by_name(get(), detail::Str(name), &started, &call.error),
                [&] { return wasinn::Call(started); });
  }
  Graph GraphOf(std::uint32_t handle) { return Graph(get(), handle); }
  // `parts` are the model's bytes as the encoding splits them, most often one part. An empty
  // `encoding` is detected.
  Result<Graph> Load(std::span<const std::span<const std::byte>> parts,
                     const std::string& encoding = {}, wasinn_target target = WASINN_TARGET_CPU) {
    detail::Call call;
    std::vector<wasinn_bytes> list;
    list.reserve(parts.size());
    for (const auto& part : parts) list.push_back({part.data(), part.size()});
    std::uint32_t handle = 0;
    return call(wasinn_session_load(get(), list.data(), list.size(), detail::OrNull(encoding),
                                    target, &handle, &call.error),
                [&] { return Graph(get(), handle); });
  }
  // See wasinn_session_grant_dir.
  Result<void> GrantDir(const std::string& host, const std::string& guest) {
    detail::Call call;
    return call(wasinn_session_grant_dir(get(), host.c_str(), guest.c_str(), &call.error));
  }
  // Stops the session for good. Any thread.
  void Cancel() { wasinn_session_cancel(get()); }
  // Valid until the next call of the session; empty without an error.
  std::string_view last_error() const { return detail::View(wasinn_session_last_error(get())); }
  wasinn_session* get() const { return session_.get(); }

 private:
  friend class Engine;
  explicit Session(wasinn_session* session) : session_(session) {}
  std::unique_ptr<wasinn_session, detail::Deleter<wasinn_session_free>> session_;
};

struct Dir {
  std::string host = {};
  std::string guest = {};
  bool read_only = false;
};

struct RunOptions {
  std::vector<std::string> args = {};  // args[0] is the program's name
  std::vector<std::string> env = {};   // "NAME=VALUE"
  std::vector<Dir> dirs = {};
  // Unset: this process's standard streams.
  std::optional<std::string> stdin_data = {};
  // Called from any thread, one call at a time, must not throw.
  std::function<void(std::string_view)> stdout_write = {};
  std::function<void(std::string_view)> stderr_write = {};
  // An exported function of a core module that is called instead of its start; empty: the start.
  // Its parameters are read from args[1] on.
  std::string invoke = {};
};

struct RunResult {
  int exit_code = 0;
  std::string results = {};  // of `invoke`, a line each
  std::uint64_t instantiate_ns = 0;
  std::uint64_t run_ns = 0;
  int stdout_errno = 0;  // of the first failed write to this process's stdout; 0: none failed
};

struct ProgramStats {
  std::uint64_t compile_ns = 0;
  std::uint64_t link_ns = 0;
  bool from_cache = false;
};

class Program {
 public:
  // Runs the guest to its end in a fresh session. An error is a trap (RUNTIME_ERROR), a stop
  // (TIMEOUT, CANCELLED) or a limit (TOO_LARGE); a guest's own exit code is no error.
  Result<RunResult> Run(Session& session, const RunOptions& options) const {
    std::vector<const char*> args;
    for (const auto& arg : options.args) args.push_back(arg.c_str());
    std::vector<const char*> env;
    for (const auto& entry : options.env) env.push_back(entry.c_str());
    std::vector<wasinn_dir> dirs;
    for (const auto& dir : options.dirs) {
      dirs.push_back({dir.host.c_str(), dir.guest.c_str(), dir.read_only ? 1 : 0});
    }
    wasinn_run_options c_options = WASINN_RUN_OPTIONS_INIT;
    c_options.args = args.data();
    c_options.arg_count = args.size();
    c_options.env = env.data();
    c_options.env_count = env.size();
    c_options.dirs = dirs.data();
    c_options.dir_count = dirs.size();
    if (options.stdin_data) {
      c_options.stdin_data = {options.stdin_data->data(), options.stdin_data->size()};
    }
    struct Streams {
      const RunOptions& options;
      std::string results;
    } streams{options, {}};
    c_options.stdio_self = &streams;
    c_options.invoke = detail::OrNull(options.invoke);
    c_options.results_write = [](void* self, wasinn_bytes data) {
      static_cast<Streams*>(self)->results.assign(static_cast<const char*>(data.data), data.size);
    };
    if (options.stdout_write) {
      c_options.stdout_write = [](void* self, wasinn_bytes data) {
        static_cast<const Streams*>(self)->options.stdout_write(
            {static_cast<const char*>(data.data), data.size});
      };
    }
    if (options.stderr_write) {
      c_options.stderr_write = [](void* self, wasinn_bytes data) {
        static_cast<const Streams*>(self)->options.stderr_write(
            {static_cast<const char*>(data.data), data.size});
      };
    }
    detail::Call call;
    wasinn_run_result result = WASINN_RUN_RESULT_INIT;
    return call(wasinn_program_run(get(), session.get(), &c_options, &result, &call.error), [&] {
      return RunResult{result.exit_code, std::move(streams.results), result.instantiate_ns,
                       result.run_ns, result.stdout_errno};
    });
  }
  ProgramStats stats() const {
    wasinn_program_stats stats{};
    stats.struct_size = sizeof(stats);
    wasinn_program_get_stats(get(), &stats);
    return {stats.compile_ns, stats.link_ns, stats.from_cache != 0};
  }
  wasinn_program* get() const { return program_.get(); }

 private:
  friend class Engine;
  explicit Program(wasinn_program* program) : program_(program) {}
  std::unique_ptr<wasinn_program, detail::Deleter<wasinn_program_free>> program_;
};

class Engine {
 public:
  static Result<Engine> Create(EngineOptions options = {}) {
    Engine engine;
    wasinn_engine_options c_options = WASINN_ENGINE_OPTIONS_INIT;
    c_options.threads = options.threads;
    c_options.memory_budget = options.memory_budget;
    c_options.buffer_limit = options.buffer_limit;
    c_options.cache_dir = detail::OrNull(options.cache_dir);
    c_options.features = detail::OrNull(options.features);
    c_options.backend_path = detail::OrNull(options.backend_path);
    c_options.log_level = options.log_level;
    if (options.log) {
      engine.log_ = std::make_unique<Log>(std::move(options.log));
      c_options.log_self = engine.log_.get();
      c_options.log = [](void* self, wasinn_log_level level, wasinn_str message) {
        (*static_cast<Log*>(self))(level, detail::View(message));
      };
    }
    detail::Call call;
    wasinn_engine* created = nullptr;
    return call(wasinn_engine_create(&c_options, &created, &call.error), [&] {
      engine.engine_.reset(created);
      return std::move(engine);
    });
  }

  Result<void> AddBackend(const wasinn_backend* backend) {
    detail::Call call;
    return call(wasinn_engine_add_backend(get(), backend, &call.error));
  }
  Result<void> LoadBackend(const std::string& path) {
    detail::Call call;
    return call(wasinn_engine_load_backend(get(), path.c_str(), &call.error));
  }
  Result<void> AddAdapter(const wasinn_adapter* adapter) {
    detail::Call call;
    return call(wasinn_engine_add_adapter(get(), adapter, &call.error));
  }

  // `spec` is "NAME=PATH[,backend=B][,target=T][,encoding=E][,load=start][,OPTION=VALUE...]".
  Result<void> AddModel(std::string_view spec) {
    detail::Call call;
    return call(wasinn_engine_add_model(get(), detail::Str(spec), &call.error));
  }
  Result<void> AddModel(const ModelConfig& config) {
    detail::Call call;
    const auto options = detail::Options(config.options);
    wasinn_model_config c_config = WASINN_MODEL_CONFIG_INIT;
    c_config.name = detail::Str(config.name);
    c_config.path = detail::OrNull(config.path);
    c_config.content = {config.content.data(), config.content.size()};
    c_config.backend = detail::OrNull(config.backend);
    c_config.encoding = detail::OrNull(config.encoding);
    c_config.target = config.target;
    c_config.options = options.data();
    c_config.option_count = options.size();
    c_config.load_now = config.load_now ? 1 : 0;
    c_config.flags = config.may_be_missing ? WASINN_MODEL_MAY_BE_MISSING : 0;
    return call(wasinn_engine_add_model_config(get(), &c_config, &call.error));
  }
  Result<void> AddModelDir(const std::string& dir, const std::string& encoding = {}) {
    detail::Call call;
    return call(
        wasinn_engine_add_model_dir(get(), dir.c_str(), detail::OrNull(encoding), &call.error));
  }
  // With `policy`, the file's policy rules are set there.
  Result<void> LoadConfig(const std::string& path, Policy* policy = nullptr) {
    detail::Call call;
    return call(wasinn_engine_load_config(
        get(), path.c_str(), policy == nullptr ? nullptr : policy->get(), &call.error));
  }
  // Frees models that nothing uses.
  void Trim() { wasinn_engine_trim(get()); }

  // Listings as JSON; their fields are in docs/cli.md.
  Result<std::string> BackendsJson() const {
    detail::Call call;
    return call.Text(wasinn_engine_backends_json(get(), &call.error));
  }
  Result<std::string> ModelsJson() const {
    detail::Call call;
    return call.Text(wasinn_engine_models_json(get(), &call.error));
  }
  // Loads the model of that name or in that file.
  Result<std::string> ModelJson(const std::string& name_or_path) const {
    detail::Call call;
    return call.Text(wasinn_engine_model_json(get(), name_or_path.c_str(), &call.error));
  }
  Result<std::string> StatsJson() const {
    detail::Call call;
    return call.Text(wasinn_engine_stats_json(get(), &call.error));
  }
  // Describes a guest without compiling it. An empty `adapter` means the first one added.
  Result<std::string> InspectJson(std::span<const std::byte> wasm,
                                  const std::string& adapter = {}) const {
    detail::Call call;
    return call.Text(wasinn_engine_inspect_json(get(), detail::OrNull(adapter),
                                                {wasm.data(), wasm.size()}, &call.error));
  }

  // Without a policy: the defaults.
  Result<Session> NewSession(const Policy* policy = nullptr) const {
    detail::Call call;
    wasinn_session* session = nullptr;
    return call(wasinn_session_create(get(), policy == nullptr ? nullptr : policy->get(), &session,
                                      &call.error),
                [&] { return Session(session); });
  }
  // Compiles a guest or takes its code from the cache. The bytes may be freed afterwards.
  Result<Program> LoadProgram(std::span<const std::byte> wasm,
                              const std::string& adapter = {}) const {
    detail::Call call;
    wasinn_program* program = nullptr;
    return call(wasinn_program_load(get(), detail::OrNull(adapter), {wasm.data(), wasm.size()},
                                    &program, &call.error),
                [&] { return Program(program); });
  }
  // For bytes from a trusted source; they may also be the output of CompileProgram, which becomes
  // machine code of this process.
  Result<Program> LoadTrustedProgram(std::span<const std::byte> bytes,
                                     const std::string& adapter = {}) const {
    detail::Call call;
    wasinn_program* program = nullptr;
    return call(wasinn_program_load_trusted(get(), detail::OrNull(adapter),
                                            {bytes.data(), bytes.size()}, &program, &call.error),
                [&] { return Program(program); });
  }
  // Compiles a guest ahead of time, for this machine and this version.
  Result<std::vector<std::byte>> CompileProgram(std::span<const std::byte> wasm,
                                                const std::string& adapter = {}) const {
    detail::Call call;
    std::vector<std::byte> code;
    const auto take = [](void* self, wasinn_bytes data) {
      const auto* bytes = static_cast<const std::byte*>(data.data);
      static_cast<std::vector<std::byte>*>(self)->assign(bytes, bytes + data.size);
    };
    return call(wasinn_program_compile(get(), detail::OrNull(adapter), {wasm.data(), wasm.size()},
                                       take, &code, &call.error),
                [&] { return std::move(code); });
  }
  wasinn_engine* get() const { return engine_.get(); }

 private:
  using Log = std::function<void(wasinn_log_level, std::string_view)>;
  Engine() = default;
  // Before engine_, because the engine may log until it is gone.
  std::unique_ptr<Log> log_;
  std::unique_ptr<wasinn_engine, detail::Deleter<wasinn_engine_free>> engine_;
};

}  // namespace embedding
}  // namespace wasinn
