// A thread with a llama_context that serves the requests of one graph.
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

#include "ggml/decode.h"
#include "ggml/lora.h"
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

  // Called when a run has chosen this engine: the engine must not end while the result is held. Any
  // thread.
  std::shared_ptr<void> Lease();
  bool leased() const { return leases_ > 0; }

  // Takes a request over. Throws if the thread cannot be started; the request then stays with the
  // caller.
  void Submit(std::shared_ptr<Request> request);
  // Makes the engine check its requests, since one was cancelled.
  void Wake();
  // Ends the thread and frees the context.
  void End();

 protected:
  // Requests that wait to be served, oldest first.
  std::deque<std::shared_ptr<Request>> waiting_;
  ContextHandle context_;
  wasinn_backend_graph& graph_;

  // Whether there is something to do.
  virtual bool Busy() const = 0;
  // One step of work, usually one batch. May throw: then Fail ends all requests of the engine.
  virtual void Work() = 0;
  // Ends all requests, including waiting ones, and frees their resources.
  virtual void Fail(wasinn_code code, const std::string& message) = 0;
  // Frees the context while there are no requests.
  virtual void Rest() { context_.reset(); }

  // Ends the waiting requests that were cancelled.
  void DropCancelled();
  // Creates the engine's context with these settings. Throws Failure.
  void MakeContext(llama_context_params params);
  // Decodes a batch in the engine's context, see Decode in decode.h.
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
