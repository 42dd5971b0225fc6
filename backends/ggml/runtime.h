// The state that the graphs of one open backend share: worker threads that prepare runs, the
// engines' turns at the cores, and the handling of llama.cpp's log and failures.
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

// llama.cpp's version, e.g. "0.5.0", and the version as one number: 500.
const char* LlamaVersion();
int64_t LlamaBuildNumber();

// While it exists, llama.cpp's log messages on this thread go to that host, and a failed assertion
// on this thread becomes an exception with the assertion's text. While this thread computes a graph
// together with others, which would otherwise wait for it for ever, an assertion ends the process.
// May be nested.
class Guarded {
 public:
  explicit Guarded(const wasinn_backend_host* host);
  ~Guarded();
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  // The first error that llama.cpp logged on this thread since the innermost scope began, or "".
  static const std::string& FirstError();

 private:
  const wasinn_backend_host* before_;
};

// The useful part of one of llama.cpp's messages: one line, without positions in sources and
// templates and without the input.
std::string ReasonOf(std::string text);

void Log(const wasinn_backend_host& host, wasinn_log_level level, const std::string& text);

// A thread that runs jobs one after the other, with a stack that is deep enough for regular
// expressions over long prompts. It sleeps while it is idle. The destructor waits for all posted
// jobs.
class Worker {
 public:
  explicit Worker(const wasinn_backend_host* host);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void Post(std::function<void()> job);
  // Posts a job and waits for it; an exception of the job is rethrown here.
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

// llama.cpp's threads, shared by all engines of an open backend: one decode at a time, in the order
// in which the engines asked. Some milliseconds after a decode the threads sleep.
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

  // A long text takes seconds to tokenize; short ones do not wait for it.
  static constexpr size_t kLongText = 64 << 10;
  wasinn::ggml::Worker& WorkerFor(size_t bytes) { return bytes > kLongText ? long_worker : worker; }

  const wasinn_backend_host* host;
  wasinn::ggml::Cores cores;
  wasinn::ggml::Worker worker;
  wasinn::ggml::Worker long_worker;
};
