#include "ggml/engine.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "ggml/graph.h"

namespace wasinn::ggml {

std::shared_ptr<void> Engine::Lease() {
  ++leases_;
  return {this, [](Engine* engine) { --engine->leases_; }};
}

void Engine::Submit(std::shared_ptr<Request> request) {
  const std::lock_guard lock(mutex_);
  // First, for it may throw.
  if (!thread_.joinable()) thread_ = std::thread([this] { Loop(); });
  arrived_.push_back(std::move(request));
  changed_.notify_one();
}

void Engine::Wake() {
  const std::lock_guard lock(mutex_);
  woken_ = true;
  changed_.notify_one();
}

void Engine::End() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    changed_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
  const Guarded guarded(graph_.instance.host);
  Rest();
}

// Waits until something has come; true when the engine is to rest instead.
bool Engine::WaitForWork(std::unique_lock<std::mutex>& lock) {
  const auto something = [this] { return ending_ || woken_ || !arrived_.empty(); };
  const int64_t seconds = graph_.settings.idle_seconds;
  if (context_ == nullptr || seconds == 0) {
    changed_.wait(lock, something);
    return false;
  }
  return !changed_.wait_for(lock, std::chrono::seconds(seconds), something);
}

void Engine::Loop() {
  const Guarded guarded(graph_.instance.host);
  std::unique_lock lock(mutex_);
  for (;;) {
    if (!Busy() && WaitForWork(lock)) {
      Rest();
      continue;
    }
    if (ending_) return;
    woken_ = false;
    std::ranges::move(arrived_, std::back_inserter(waiting_));
    arrived_.clear();
    lock.unlock();
    try {
      DropCancelled();
      Work();
    } catch (const Failure& failure) {
      Fail(failure.code(), failure.message());
    } catch (const std::bad_alloc&) {
      Fail(WASINN_TOO_LARGE, "ggml: out of memory");
    } catch (const std::exception& exception) {
      Fail(WASINN_RUNTIME_ERROR, std::string("ggml: ") + exception.what());
    }
    lock.lock();
  }
}

void Engine::DropCancelled() {
  std::erase_if(waiting_, [](const std::shared_ptr<Request>& request) {
    if (!request->cancelled()) return false;
    request->FailCancelled();
    return true;
  });
}

void Engine::MakeContext(llama_context_params params) {
  const Guarded guarded(graph_.instance.host);
  Cores& cores = graph_.instance.cores;
  const int64_t most = graph_.settings.max_threads;
  const uint32_t threads =
      most > 0 ? std::min<uint32_t>(static_cast<uint32_t>(most), cores.threads()) : cores.threads();
  params.n_threads = params.n_threads_batch = static_cast<int32_t>(threads);
  params.no_perf = true;
  context_.reset(llama_init_from_model(graph_.model.get(), params));
  if (context_ == nullptr) {
    const std::string& why = Guarded::FirstError();
    throw Failure(WASINN_TOO_LARGE, "ggml: expected room for a key-value cache of " +
                                        std::to_string(params.n_ctx) + " tokens, given none" +
                                        (why.empty() ? "" : " (" + why + ")"));
  }
  UseAdapters(*context_, adapters_);
  llama_attach_threadpool(context_.get(), cores.pool(), cores.pool());
}

int32_t Engine::Decode(const llama_batch& batch, const std::vector<Request*>& requests) {
  const auto all_cancelled = [](void* given) {
    return std::ranges::all_of(*static_cast<const std::vector<Request*>*>(given),
                               [](const Request* request) { return request->cancelled(); });
  };
  llama_set_abort_callback(context_.get(), all_cancelled,
                           const_cast<std::vector<Request*>*>(&requests));
  const Cores::Turn turn(graph_.instance.cores);
  // An exception would leave the other threads waiting for this one.
  const Unguarded unguarded;
  const int32_t status = llama_decode(context_.get(), batch);
  llama_set_abort_callback(context_.get(), nullptr, nullptr);
  return status;
}

}  // namespace wasinn::ggml
