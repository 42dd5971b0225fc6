// What the graphs of one open backend share: threads for what takes long before a run, the turns
// that engines take at the cores, the way of llama.cpp's log, and what becomes of its failures.
#pragma once

#include <ggml.h>
#include <pthread.h>
#include <wasinn/backend.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <wasinn/backend.hpp>

namespace wasinn::ggml {

using wasinn::backend::Failure;

// Starts llama.cpp once for the process.
void StartLlama();

// llama.cpp's version, e.g. "0.5.0", and the same as one number: 500.
const char* LlamaVersion();
int64_t LlamaBuildNumber();

// While it lives, what llama.cpp logs on this thread goes to that host, and a failed assertion of
// its own on this thread becomes an exception, whose text is the assertion's. While this thread
// computes a graph with others, which would wait for it for ever, an assertion ends the process.
// May be nested.
class Guarded {
 public:
  explicit Guarded(const wasinn_backend_host* host);
  ~Guarded();
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  // The first error that llama.cpp logged on this thread since the innermost scope began; ""
  // without one.
  static const std::string& FirstError();

 private:
  const wasinn_backend_host* before_;
};

// What a reader needs of a text of llama.cpp: one line, without places in its sources and templates
// and without what it was given.
std::string ReasonOf(std::string text);

void Log(const wasinn_backend_host& host, wasinn_log_level level, const std::string& text);

// One thread that does one job after the other, with a stack that is deep enough for regular
// expressions over long prompts. Idle, it sleeps. Ends with the jobs that it has.
class Worker {
 public:
  explicit Worker(const wasinn_backend_host* host);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void Post(std::function<void()> job);
  // Posts and waits; what the job throws is thrown here.
  void Run(const std::function<void()>& job);

 private:
  static void* Main(void* self);
  void Loop();

  const wasinn_backend_host* host_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;
  bool ending_ = false;
  pthread_t thread_;
};

// llama.cpp's threads, shared by all engines of an open backend: one pass over a model at a time,
// in the order in which they came for it. Some milliseconds after a pass the threads sleep.
class Cores {
 public:
  explicit Cores(uint32_t threads);
  ~Cores();
  Cores(const Cores&) = delete;
  Cores& operator=(const Cores&) = delete;

  uint32_t threads() const { return threads_; }
  ggml_threadpool* pool() const { return pool_; }

  // Waits for its turn and holds it.
  class Turn {
   public:
    explicit Turn(Cores& cores);
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    Cores& cores_;
  };

 private:
  const uint32_t threads_;
  ggml_threadpool* pool_;
  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t next_ = 0;
  uint64_t served_ = 0;
};

}  // namespace wasinn::ggml

// One open backend.
struct wasinn_backend_instance {
  explicit wasinn_backend_instance(const wasinn_backend_host* of)
      : host(of), cores(of->threads), worker(of), long_worker(of) {}

  // A long text takes seconds to read; short ones do not wait for it.
  static constexpr size_t kLongText = 64 << 10;
  wasinn::ggml::Worker& WorkerFor(size_t bytes) { return bytes > kLongText ? long_worker : worker; }

  const wasinn_backend_host* host;
  wasinn::ggml::Cores cores;
  wasinn::ggml::Worker worker;
  wasinn::ggml::Worker long_worker;
};
