#include "sched/pool.h"

#include <algorithm>
#include <utility>

#include "base/os.h"

namespace wasinn {

Pool::Pool(uint32_t threads, const char* name) : threads_(std::max(1u, threads)), name_(name) {}

Pool::~Pool() {
  std::vector<std::thread> workers;
  {
    MutexLock lock(mutex_);
    closing_ = true;
    workers = std::move(workers_);
    for (std::thread& worker : ended_) workers.push_back(std::move(worker));
    ended_.clear();
  }
  posted_.NotifyAll();
  for (std::thread& worker : workers) worker.join();
}

void Pool::SpawnIfNeededLocked() {
  if (jobs_.size() <= idle_ || closing_) return;
  if (running_ >= MostLocked()) return;
  ++running_;
  // They have left the loop, so this does not wait.
  for (std::thread& worker : ended_) worker.join();
  ended_.clear();
  workers_.emplace_back([this] { Work(); });
}

void Pool::Post(Job job) {
  MutexLock lock(mutex_);
  jobs_.push_back(std::move(job));
  SpawnIfNeededLocked();
  // Under the lock: the job may be what the owner waits for before it destroys the pool.
  posted_.NotifyOne();
}

void Pool::StuckBegan() {
  MutexLock lock(mutex_);
  ++stuck_;
  SpawnIfNeededLocked();
}

void Pool::StuckEnded() {
  MutexLock lock(mutex_);
  --stuck_;
  posted_.NotifyAll();
}

uint32_t Pool::MostLocked() const { return threads_ + std::min(stuck_, kMostStuck); }

void Pool::Work() {
  os::NameThread(name_);
  while (true) {
    Job job;
    {
      MutexLock lock(mutex_);
      ++idle_;
      while (jobs_.empty() && !closing_ && running_ <= MostLocked()) posted_.Wait(mutex_);
      --idle_;
      if (running_ > MostLocked() && !closing_) {
        --running_;
        const auto self =
            std::ranges::find(workers_, std::this_thread::get_id(), &std::thread::get_id);
        ended_.push_back(std::move(*self));
        workers_.erase(self);
        return;
      }
      if (jobs_.empty()) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job();
  }
}

}  // namespace wasinn
