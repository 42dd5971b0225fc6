// A load of a session.
#pragma once

#include <functional>
#include <memory>

#include "model/store.h"
#include "sched/pool.h"
#include "session/call.h"

namespace wasinn {

// A load on a thread of the pool. One that is cancelled is over for its session at once; the
// backend may go on, and then its thread is not missed by other loads. Any thread.
class LoadCall final : public PendingCall {
 public:
  using Loaded = ModelStore::Loaded;
  // Begins the load; `loaded` is called once, from any thread.
  using Work = std::move_only_function<void(Loaded loaded)>;

  // Throws when there is no memory or no thread.
  static std::shared_ptr<LoadCall> Start(Pool& pool, Work work);
  explicit LoadCall(Pool& pool) : pool_(pool) {}
  void Cancel(Error why) noexcept override;
  // What was loaded, once the call has ended.
  Result<std::shared_ptr<Graph>> Take();

 private:
  void Run(Work work, const std::shared_ptr<LoadCall>& self);
  void Finish(Result<std::shared_ptr<Graph>> graph) noexcept;

  Pool& pool_;
  Mutex mutex_;
  bool working_ GUARDED_BY(mutex_) = false;  // a thread of the pool is at it
  bool stuck_ GUARDED_BY(mutex_) = false;    // and was told of as stuck
  bool over_ GUARDED_BY(mutex_) = false;
  Result<std::shared_ptr<Graph>> graph_ GUARDED_BY(mutex_) = Fail(Code::kUnknown,
                                                                  "no load has ended");
};

}  // namespace wasinn
