#include "pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#ifdef __linux__
#include <sched.h>
#endif

namespace wasinn::conformance {
namespace {

// A temporary folder with links for one run.
class LinkFolder {
 public:
  explicit LinkFolder(const TextPairs& links) {
    path_ = (std::filesystem::temp_directory_path(error_) / "wasi-nn-XXXXXX").string();
    if (error_) return;
    if (mkdtemp(path_.data()) == nullptr) {
      error_.assign(errno, std::generic_category());
      path_.clear();
      return;
    }
    for (const auto& [name, target] : links) {
      std::filesystem::create_symlink(target, path_ + "/" + name, error_);
      if (error_) return;
    }
  }
  ~LinkFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  LinkFolder(const LinkFolder&) = delete;
  LinkFolder& operator=(const LinkFolder&) = delete;

  const std::string& path() const { return path_; }
  // Why it could not be created, or "".
  std::string Mistake() const { return error_ ? error_.message() : std::string(); }

 private:
  std::string path_;
  std::error_code error_;
};

CaseResult RunJob(const Job& job, const std::atomic<bool>& stop) {
  if (!job.skip.empty() || !job.flaw.empty()) return StartResult(job);
  if (stop) {
    CaseResult result = StartResult(job);
    result.kind = Kind::kSkip;
    result.message = "stopped by a signal";
    return result;
  }
  ProcessRequest request;
  request.command = job.command;
  request.env = job.host->env;
  request.time_limit = job.time_limit;
  if (!job.host->linked_models) return Judge(job, RunProcess(request, stop));
  const LinkFolder folder(job.links);
  if (const auto mistake = folder.Mistake(); !mistake.empty()) {
    CaseResult result = StartResult(job);
    result.message = fmt::format("the folder with links to the models: {}", mistake);
    return result;
  }
  request.cwd = folder.path();
  return Judge(job, RunProcess(request, stop));
}

}  // namespace

unsigned UsableCores() {
  unsigned cores = std::max(1U, std::thread::hardware_concurrency());
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) {
    cores = std::min(cores, static_cast<unsigned>(CPU_COUNT(&set)));
  }
  std::ifstream limit("/sys/fs/cgroup/cpu.max");
  std::string quota;
  double period = 0;
  if (limit >> quota >> period && quota != "max" && period > 0) {
    cores = std::min(cores, static_cast<unsigned>(std::stod(quota) / period + 0.999));
  }
#endif
  return std::max(1U, cores);
}

std::vector<CaseResult> RunJobs(const std::vector<Job>& jobs, unsigned threads,
                                const std::atomic<bool>& stop,
                                const std::function<void(const CaseResult&)>& on_end) {
  std::vector<CaseResult> results(jobs.size());
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  const auto work = [&] {
    for (std::size_t i = next++; i < jobs.size(); i = next++) {
      results[i] = RunJob(jobs[i], stop);
      const std::lock_guard lock(mutex);
      on_end(results[i]);
    }
  };
  std::vector<std::jthread> workers;
  const auto count = std::min<std::size_t>(std::max(1U, threads), jobs.size());
  for (std::size_t i = 1; i < count; ++i) workers.emplace_back(work);
  work();
  workers.clear();
  return results;
}

}  // namespace wasinn::conformance
