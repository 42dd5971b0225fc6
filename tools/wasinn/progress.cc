#include "progress.h"

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <utility>

#include "output.h"
#include "terminal.h"

namespace wasinn::cli {

Progress::Progress(std::string what, std::chrono::milliseconds delay) : what_(std::move(what)) {
  if (IsTerminal(stderr)) thread_ = std::thread([this, delay] { Show(delay); });
}

Progress::~Progress() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    done_ = true;
  }
  done_changed_.notify_one();
  thread_.join();
}

void Progress::Show(std::chrono::milliseconds delay) {
  static constexpr std::array kFrames = {"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"};
  const auto start = std::chrono::steady_clock::now();
  const Style style = Style::For(stderr);
  std::unique_lock lock(mutex_);
  const auto is_done = [this] { return done_; };
  if (done_changed_.wait_for(lock, delay, is_done)) return;
  for (std::size_t frame = 0;; frame = (frame + 1) % kFrames.size()) {
    const auto elapsed = std::chrono::steady_clock::now() - start;
    PrintError("\r{} {} {}({} s){}", kFrames[frame], what_, style.dim,
               std::chrono::duration_cast<std::chrono::seconds>(elapsed).count(), style.reset);
    if (done_changed_.wait_for(lock, std::chrono::milliseconds(100), is_done)) break;
  }
  // Returns to the start of the line and clears it.
  PrintError("\r\033[K");
}

}  // namespace wasinn::cli
