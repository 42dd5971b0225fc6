// A progress line on the terminal for steps that take longer than a second.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace wasinn::cli {

// While it exists, it shows "⠙ loading model (3 s)" on stderr, starting after `delay`; the line is
// cleared at the end. Nothing is shown if stderr is not a terminal.
class Progress {
 public:
  explicit Progress(std::string what,
                    std::chrono::milliseconds delay = std::chrono::milliseconds(1000));
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

 private:
  void Show(std::chrono::milliseconds delay);

  const std::string what_;
  std::mutex mutex_;
  std::condition_variable done_changed_;
  bool done_ = false;  // protected by mutex_
  std::thread thread_;
};

}  // namespace wasinn::cli
