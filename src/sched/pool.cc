#include "sched/pool.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "base/os.h"

namespace wasinn {

Pool::Pool(uint32_t threads, const char* name) : threads_(std::max(1u, threads)), name_(name) {}

Pool::~Pool() {
  std::vector<std::thread> workers;
  std::vector<std::thread> ended;
  {
    MutexLock lock(mutex_);
    closing_ = true;
    workers = std::move(workers_);
    ended = std::move(ended_);
  }
  posted_.NotifyAll();
  for (std::thread& worker : workers) worker.join();
  for (std::thread& worker : ended) worker.join();
  // The jobs for which no thread could ever be started.
  for (Job& job : jobs_) Run(job);
}

void Pool::SpawnIfNeededLocked() noexcept {
  if (jobs_.size() <= idle_ || closing_) return;
  if (running_ >= MaxRunningLocked()) return;
  try {
    // These threads have left the loop, so joining them does not wait.
    for (std::thread& worker : ended_) worker.join();
    ended_.clear();
    // Reserved so that a worker that ends need not allocate.
    ended_.reserve(workers_.size() + 1);
    workers_.emplace_back([this] { Work(); });
    ++running_;
  } catch (...) {
    // The exception is dropped: the existing workers go on.
  }
}

void Pool::Post(Job job) {
  Prepared prepared = Prepare();
  prepared.front() = std::move(job);
  MutexLock lock(mutex_);
  const auto posted = prepared.begin();
  jobs_.splice(jobs_.end(), prepared);
  SpawnIfNeededLocked();
  if (running_ == 0) {
    prepared.splice(prepared.end(), jobs_, posted);
    throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again),
                            "a thread");
  }
  // Under the lock: the job may be what the owner waits for before it destroys the pool.
  posted_.NotifyOne();
}

void Pool::Post(Prepared job) noexcept {
  MutexLock lock(mutex_);
  jobs_.splice(jobs_.end(), job);
  SpawnIfNeededLocked();
  posted_.NotifyOne();
}

void Pool::StuckBegan() noexcept {
  MutexLock lock(mutex_);
  ++stuck_;
  SpawnIfNeededLocked();
}

void Pool::StuckEnded() noexcept {
  MutexLock lock(mutex_);
  --stuck_;
  posted_.NotifyAll();
}

void Pool::Retry() noexcept {
  MutexLock lock(mutex_);
  SpawnIfNeededLocked();
}

void Pool::Run(Job& job) noexcept {
  try {
    job();
  } catch (...) {
    // The exception is dropped: the job itself reports to whoever waits for it.
  }
}

uint32_t Pool::MaxRunningLocked() const { return threads_ + std::min(stuck_, kMaxStuck); }

void Pool::Work() {
  os::NameThread(name_);
  while (true) {
    Prepared job;
    {
      MutexLock lock(mutex_);
      ++idle_;
      while (jobs_.empty() && !closing_ && running_ <= MaxRunningLocked()) posted_.Wait(mutex_);
      --idle_;
      if (running_ > MaxRunningLocked() && !closing_) {
        --running_;
        const auto self =
            std::ranges::find(workers_, std::this_thread::get_id(), &std::thread::get_id);
        ended_.push_back(std::move(*self));
        workers_.erase(self);
        return;
      }
      if (jobs_.empty()) return;
      job.splice(job.begin(), jobs_, jobs_.begin());
    }
    Run(job.front());
  }
}

}  // namespace wasinn
