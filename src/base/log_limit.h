// Keeps a guest, a model or a backend from filling the log.
#pragma once

#include <chrono>
#include <cstdint>
#include <utility>

#include "base/log.h"
#include "base/mutex.h"

namespace wasinn {

// Allows kAtOnce lines of one source, and then one line every kEvery. Suppressed lines are counted,
// and their number is logged with the next allowed line or by Tell. Lines of the level debug are
// never limited. Any thread.
class LogLimit {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr uint32_t kAtOnce = 64;
  static constexpr std::chrono::seconds kEvery{10};

  // `lines` names the lines: "failed guest calls". It must be static.
  explicit LogLimit(const char* lines) : lines_(lines) {}

  template <typename... Args>
  void Log(const Logger& log, wasinn_log_level level, fmt::format_string<Args...> format,
           Args&&... args) noexcept {
    if (Allow(log, level, Clock::now())) log.Log(level, format, std::forward<Args>(args)...);
  }
  // Whether a line may be written now.
  bool Allow(const Logger& log, wasinn_log_level level, Clock::time_point now) noexcept;
  // Logs the number of suppressed lines; for the end of the source.
  void Tell(const Logger& log) noexcept;

 private:
  void Tell(const Logger& log, uint64_t left_out) const noexcept;

  const char* const lines_;
  Mutex mutex_;
  uint64_t may_pass_ GUARDED_BY(mutex_) = kAtOnce;
  uint64_t left_out_ GUARDED_BY(mutex_) = 0;
  Clock::time_point since_ GUARDED_BY(mutex_);  // when may_pass_ was last right
};

}  // namespace wasinn
