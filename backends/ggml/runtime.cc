#include "ggml/runtime.h"

#include <common/log.h>
#include <ggml-cpu.h>
#include <llama.h>
#include <mtmd-helper.h>
#include <pthread.h>

#include <algorithm>
#include <charconv>
#include <exception>
#include <future>
#include <stdexcept>

namespace wasinn::ggml {
namespace {

// std::regex, with which llama.cpp splits prompts for some vocabularies, recurses for every
// character.
constexpr size_t kWorkerStack = size_t{256} << 20;

thread_local const wasinn_backend_host* log_host = nullptr;
thread_local bool may_throw = false;
thread_local std::string first_error;

void OnLog(ggml_log_level level, const char* text, void*) {
  const wasinn_backend_host* host = log_host;
  if (host == nullptr || text == nullptr) return;
  std::string_view line = text;
  while (line.ends_with('\n')) line.remove_suffix(1);
  // Progress dots.
  if (line.empty() || line == ".") return;
  // llama.cpp's messages of level info are many lines for each model and context.
  wasinn_log_level to = WASINN_LOG_DEBUG;
  if (level == GGML_LOG_LEVEL_ERROR) {
    // The caller reports the error; logging it, too, would report it twice. The first error is the
    // most informative one.
    if (first_error.empty()) first_error = line;
    to = WASINN_LOG_INFO;
  }
  if (level == GGML_LOG_LEVEL_WARN) to = WASINN_LOG_WARN;
  host->log(host->self, to, backend::Str(line));
}

// llama.cpp calls this before abort(); if it returns, the process ends.
void OnAbort(const char* message) {
  const std::string text = std::string("llama.cpp: ") + (message != nullptr ? message : "abort");
  if (log_host != nullptr) Log(*log_host, WASINN_LOG_ERROR, text);
  if (may_throw) throw std::runtime_error("llama.cpp: " + ReasonOf(text));
}

}  // namespace

void StartLlama() {
  static std::once_flag once;
  std::call_once(once, [] {
    llama_backend_init();
    llama_log_set(OnLog, nullptr);
    mtmd_helper_log_set(OnLog, nullptr);
    ggml_set_abort_callback(OnAbort);
    // The log of the chat template code would go to stderr.
    common_log_set_verbosity_thold(-1);
  });
}

const char* LlamaVersion() { return llama_version(); }

int64_t LlamaBuildNumber() {
  int64_t number = 0;
  const std::string_view version = LlamaVersion();
  const char* at = version.data();
  const char* end = at + version.size();
  for (const int64_t weight : {10000, 100, 1}) {
    int64_t part = 0;
    at = std::from_chars(at, end, part).ptr;
    number += part * weight;
    if (at != end) ++at;  // the dot
  }
  return number;
}

Guarded::Guarded(const wasinn_backend_host* host) : before_(std::exchange(log_host, host)) {
  may_throw = true;
  first_error.clear();
}

const std::string& Guarded::FirstError() { return first_error; }

Guarded::~Guarded() {
  log_host = before_;
  may_throw = before_ != nullptr;
}

std::string ReasonOf(std::string text) {
  constexpr size_t kMaxReason = 300;
  const auto keep_behind = [&](std::string_view mark) {
    const size_t at = text.find(mark);
    if (at != std::string::npos) text.erase(0, at + mark.size());
  };
  // The position in the template comes first: "While executing ... in source: ... Error: ".
  if (text.find("While executing ") != std::string::npos) keep_behind("\nError: ");
  // "[json.exception.type_error.302] "
  if (text.find("[json.exception.") != std::string::npos) keep_behind("] ");
  text.resize(std::min(text.find("; tools = "), text.size()));
  // "/path/of/a/source.cpp:123: GGML_ASSERT(...) failed"
  if (const size_t assertion = text.find("GGML_ASSERT("); assertion != std::string::npos) {
    text.erase(0, assertion);
  }
  std::string line;
  for (const char c : text) {
    const bool blank = c == '\n' || c == '\r' || c == '\t' || c == ' ';
    if (!blank) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  while (line.ends_with(' ')) line.pop_back();
  if (line.size() <= kMaxReason) return line;
  size_t end = kMaxReason;
  // The cut must not split a character.
  while (end > 0 && (static_cast<uint8_t>(line[end]) & 0xC0) == 0x80) --end;
  return line.substr(0, end) + "...";
}

void Log(const wasinn_backend_host& host, wasinn_log_level level, const std::string& text) {
  host.log(host.self, level, backend::Str(text));
}

Worker::Worker(const wasinn_backend_host* host) : host_(host) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kWorkerStack);
  const int status = pthread_create(&thread_, &attributes, Main, this);
  pthread_attr_destroy(&attributes);
  if (status != 0) {
    throw Failure(WASINN_RUNTIME_ERROR, "ggml: expected a new thread, given none", status);
  }
}

Worker::~Worker() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  pthread_join(thread_, nullptr);
}

void Worker::Post(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  changed_.notify_one();
}

void Worker::Run(const std::function<void()>& job) {
  std::packaged_task<void()> task(job);
  Post([&task] { task(); });
  task.get_future().get();
}

void* Worker::Main(void* self) {
  static_cast<Worker*>(self)->Loop();
  return nullptr;
}

void Worker::Loop() {
  const Guarded guarded(host_);
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ending_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    std::function<void()> job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
    job = nullptr;
    lock.lock();
  }
}

Cores::Cores(uint32_t threads)
    : threads_(std::clamp<uint32_t>(threads, 1, GGML_MAX_N_THREADS)), pool_(nullptr) {
  ggml_threadpool_params params = ggml_threadpool_params_default(static_cast<int>(threads_));
  // The threads stay awake for the next decode of a completion: for some milliseconds they wait and
  // yield their cores (yield_when_waiting.h), then they sleep.
  params.poll = 1;
  pool_ = ggml_threadpool_new(&params);
  if (pool_ == nullptr) {
    throw Failure(WASINN_RUNTIME_ERROR, "ggml: expected " + std::to_string(threads_) +
                                            " threads for llama.cpp, given none");
  }
}

Cores::~Cores() { ggml_threadpool_free(pool_); }

Cores::Turn::Turn(Cores& cores) : cores_(cores) {
  std::unique_lock lock(cores.mutex_);
  const uint64_t mine = cores.next_++;
  cores.changed_.wait(lock, [&] { return cores.served_ == mine; });
}

Cores::Turn::~Turn() {
  {
    const std::lock_guard lock(cores_.mutex_);
    ++cores_.served_;
  }
  cores_.changed_.notify_all();
}

}  // namespace wasinn::ggml

// The linker replaces ggml_graph_compute by this and renames it to __real_ggml_graph_compute;
// see wasinn_backend_ggml_objects.
extern "C" {
ggml_status __real_ggml_graph_compute(ggml_cgraph* graph, ggml_cplan* plan);   // NOLINT
ggml_status __wrap_ggml_graph_compute(ggml_cgraph* graph, ggml_cplan* plan) {  // NOLINT
  const bool before = std::exchange(wasinn::ggml::may_throw, false);
  const ggml_status status = __real_ggml_graph_compute(graph, plan);
  wasinn::ggml::may_throw = before;
  return status;
}
}
