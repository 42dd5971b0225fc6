// A thread with a llama_context, which serves the requests of one graph.
#pragma once

#include <llama.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "ggml/lora.h"
#include "ggml/pass.h"
#include "ggml/request.h"

struct wasinn_backend_graph;

namespace wasinn::ggml {

// The loop of both engines. Submit and Wake are for any thread, the virtual functions for the
// engine's own. End must be called before the graph's model is freed, and once no request is left.
class Engine {
 public:
  Engine(wasinn_backend_graph& graph, std::vector<Adapter> adapters)
      : graph_(graph), adapters_(std::move(adapters)) {}
  virtual ~Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // A run has chosen this engine; until what is given is let go, the engine may not end. Any
  // thread.
  std::shared_ptr<void> Lease();
  bool leased() const { return leases_ > 0; }

  // Hands a request over. Throws when there can be no thread; the request is then the caller's.
  void Submit(std::shared_ptr<Request> request);
  // Has the engine look at its requests, since one was cancelled.
  void Wake();
  // Ends the thread and frees the context.
  void End();

 protected:
  // Requests that have come, oldest first; those that were served are taken out.
  std::deque<std::shared_ptr<Request>> waiting_;
  ContextHandle context_;
  wasinn_backend_graph& graph_;

  // Whether there is something to do.
  virtual bool Busy() const = 0;
  // One pass over the model. May throw: then all requests that the engine has are ended by Fail.
  virtual void Work() = 0;
  // Ends all requests, waiting ones too, and frees what they had.
  virtual void Fail(wasinn_code code, const std::string& message) = 0;
  // Frees the context, when nobody is served.
  virtual void Rest() { context_.reset(); }

  // Ends those of the waiting requests that were cancelled.
  void DropCancelled();
  // The engine's context by these settings; throws Failure.
  void MakeContext(llama_context_params params);
  // A pass of the engine's context, see Decode in pass.h.
  int32_t Decode(const llama_batch& batch, const std::vector<Request*>& requests);

 private:
  const std::vector<Adapter> adapters_;
  std::atomic<int> leases_{0};

  void Loop();
  bool WaitForWork(std::unique_lock<std::mutex>& lock);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Request>> arrived_;
  bool woken_ = false;
  bool ending_ = false;
  std::thread thread_;  // started by the first request
};

}  // namespace wasinn::ggml
