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
  // This comes first, because it may throw.
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

// Waits until there is work; true if the engine should rest instead.
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
  context_ = ggml::MakeContext(graph_, *graph_.model, params);
  UseAdapters(*context_, adapters_);
}

int32_t Engine::Decode(const llama_batch& batch, const std::vector<Request*>& requests) {
  return ggml::Decode(graph_, *context_, batch, requests);
}

}  // namespace wasinn::ggml
