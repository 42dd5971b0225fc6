// Where log lines go. The library never prints: it hands lines to the embedder's callback.
#pragma once

#include <fmt/format.h>
#include <wasinn/types.h>

#include <atomic>
#include <string_view>
#include <utility>

namespace wasinn {

// Any thread. Shared by everything in one engine.
class Logger {
 public:
  using Sink = void (*)(void* self, wasinn_log_level level, wasinn_str message);

  Logger() = default;
  Logger(Sink sink, void* self, wasinn_log_level level)
      : sink_(sink), self_(self), level_(sink == nullptr ? WASINN_LOG_OFF : level) {}
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  bool Enabled(wasinn_log_level level) const {
    return level < WASINN_LOG_OFF &&
           static_cast<int>(level) >= level_.load(std::memory_order_relaxed);
  }
  // For objects that outlive the engine: later lines do not call the callback.
  void Silence() { level_.store(WASINN_LOG_OFF, std::memory_order_relaxed); }

  // A line that cannot be formatted or written is lost. Logging never throws, since any code may
  // log.
  void Write(wasinn_log_level level, std::string_view message) const noexcept {
    if (!Enabled(level)) return;
    try {
      sink_(self_, level, {message.data(), message.size()});
    } catch (...) {  // dropped: the line is lost.
    }
  }

  template <typename... Args>
  void Log(wasinn_log_level level, fmt::format_string<Args...> format,
           Args&&... args) const noexcept {
    if (!Enabled(level)) return;
    try {
      Write(level, fmt::format(format, std::forward<Args>(args)...));
    } catch (...) {  // dropped: the line is lost.
    }
  }

 private:
  const Sink sink_ = nullptr;
  void* const self_ = nullptr;
  std::atomic<int> level_{WASINN_LOG_OFF};
};

}  // namespace wasinn
