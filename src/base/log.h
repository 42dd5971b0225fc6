// Where log lines go. The library never prints: it hands lines to the embedder's callback.
#pragma once

#include <fmt/format.h>
#include <wasinn/types.h>

#include <string_view>
#include <utility>

namespace wasinn {

// Immutable after construction; any thread. Shared by everything in one engine.
class Logger {
 public:
  using Sink = void (*)(void* self, wasinn_log_level level, wasinn_str message);

  Logger() = default;
  Logger(Sink sink, void* self, wasinn_log_level level) : sink_(sink), self_(self), level_(level) {}

  bool Enabled(wasinn_log_level level) const { return sink_ != nullptr && level >= level_; }

  void Write(wasinn_log_level level, std::string_view message) const {
    if (Enabled(level)) sink_(self_, level, {message.data(), message.size()});
  }

  template <typename... Args>
  void Log(wasinn_log_level level, fmt::format_string<Args...> format, Args&&... args) const {
    if (Enabled(level)) Write(level, fmt::format(format, std::forward<Args>(args)...));
  }

 private:
  Sink sink_ = nullptr;
  void* self_ = nullptr;
  wasinn_log_level level_ = WASINN_LOG_OFF;
};

}  // namespace wasinn
