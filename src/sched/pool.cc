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
  }
  posted_.NotifyAll();
  for (std::thread& worker : workers) worker.join();
}

void Pool::SpawnIfNeededLocked() {
  if (jobs_.size() <= idle_ || closing_) return;
  if (running_ >= threads_ + std::min(stuck_, kMostStuck)) return;
  ++running_;
  workers_.emplace_back([this] { Work(); });
}

void Pool::Post(Job job) {
  {
    MutexLock lock(mutex_);
    jobs_.push_back(std::move(job));
    SpawnIfNeededLocked();
  }
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
}

void Pool::Work() {
  os::NameThread(name_);
  while (true) {
    Job job;
    {
      MutexLock lock(mutex_);
      ++idle_;
      while (jobs_.empty() && !closing_) posted_.Wait(mutex_);
      --idle_;
      if (jobs_.empty()) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job();
  }
}

}  // namespace wasinn
