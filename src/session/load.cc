#include "session/load.h"

#include <utility>

namespace wasinn {

std::shared_ptr<LoadCall> LoadCall::Start(Pool& pool, Work work) {
  auto call = std::make_shared<LoadCall>(pool);
  pool.Post([call, work = std::move(work)]() mutable { call->Run(std::move(work), call); });
  return call;
}

void LoadCall::Run(Work work, const std::shared_ptr<LoadCall>& self) {
  {
    MutexLock lock(mutex_);
    if (over_) return;
    working_ = true;
  }
  try {
    work([self](Result<std::shared_ptr<Graph>> graph) { self->Finish(std::move(graph)); });
  } catch (...) {
    Finish(Fail(ErrorOfException()));
  }
  work = nullptr;
  MutexLock lock(mutex_);
  working_ = false;
  if (std::exchange(stuck_, false)) pool_.StuckEnded();
}

void LoadCall::Finish(Result<std::shared_ptr<Graph>> graph) noexcept {
  {
    MutexLock lock(mutex_);
    if (over_) return;
    over_ = true;
    graph_.swap(graph);
  }
  Complete();
}

void LoadCall::Cancel(Error why) noexcept {
  {
    MutexLock lock(mutex_);
    if (over_) return;
    over_ = true;
    if (working_) {
      stuck_ = true;
      pool_.StuckBegan();
    }
  }
  PendingCall::Cancel(std::move(why));
}

Result<std::shared_ptr<Graph>> LoadCall::Take() {
  MutexLock lock(mutex_);
  return std::move(graph_);
}

}  // namespace wasinn
