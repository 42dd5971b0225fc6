#include "base/log_limit.h"

#include <algorithm>

namespace wasinn {

bool LogLimit::Allow(const Logger& log, wasinn_log_level level, Clock::time_point now) noexcept {
  if (!log.Enabled(level)) return false;
  if (level == WASINN_LOG_DEBUG) return true;
  uint64_t left_out = 0;
  {
    MutexLock lock(mutex_);
    if (const auto more = (now - since_) / kEvery; more > 0) {
      may_pass_ = std::min<uint64_t>(kAtOnce, may_pass_ + static_cast<uint64_t>(more));
      since_ = now;
    }
    if (may_pass_ == 0) {
      ++left_out_;
      return false;
    }
    --may_pass_;
    left_out = std::exchange(left_out_, 0);
  }
  Tell(log, left_out);
  return true;
}

void LogLimit::Tell(const Logger& log) noexcept {
  uint64_t left_out = 0;
  {
    MutexLock lock(mutex_);
    left_out = std::exchange(left_out_, 0);
  }
  Tell(log, left_out);
}

void LogLimit::Tell(const Logger& log, uint64_t left_out) const noexcept {
  if (left_out != 0) log.Log(WASINN_LOG_WARN, "{}: {} lines were left out", lines_, left_out);
}

}  // namespace wasinn
