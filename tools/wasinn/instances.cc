#include "instances.h"

#include <fmt/format.h>

#include <cstdio>
#include <optional>
#include <thread>
#include <utility>

#include "cancel_on_signal.h"

namespace wasinn::cli {
namespace {

constexpr std::size_t kMostLine = 64 << 10;

LabelledLines::Sink WriterTo(std::FILE* stream) {
  return [stream](std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stream);
    std::fflush(stream);
  };
}

}  // namespace

LabelledLines::LabelledLines(std::uint32_t number, std::mutex& mutex, Sink sink)
    : label_(fmt::format("[{}] ", number)), mutex_(mutex), sink_(std::move(sink)) {}

LabelledLines::~LabelledLines() {
  if (!rest_.empty()) PassOn(rest_);
}

void LabelledLines::PassOn(std::string_view line) {
  const std::string text = fmt::format("{}{}\n", label_, line);
  const std::lock_guard lock(mutex_);
  sink_(text);
}

void LabelledLines::Write(std::string_view data) {
  while (!data.empty()) {
    const auto room = kMostLine - rest_.size();
    const auto end = data.substr(0, room).find('\n');
    if (end == std::string_view::npos && data.size() < room) {
      rest_ += data;
      return;
    }
    const bool whole = end != std::string_view::npos;
    rest_ += data.substr(0, whole ? end : room);
    data.remove_prefix(whole ? end + 1 : room);
    PassOn(rest_);
    rest_.clear();
  }
}

InstancesEnd RunInstances(const Program& program, std::vector<Session>& sessions,
                          const RunOptions& options) {
  InstancesEnd all;
  std::vector<std::optional<Result<RunResult>>> ends(sessions.size());
  std::mutex stdout_mutex;
  std::mutex stderr_mutex;
  {
    std::vector<Session*> pointers;
    for (auto& session : sessions) pointers.push_back(&session);
    const CancelOnSignal cancel(pointers);
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < sessions.size(); ++i) {
      threads.emplace_back([&, i] {
        const auto number = static_cast<std::uint32_t>(i);
        LabelledLines out(number, stdout_mutex, WriterTo(stdout));
        LabelledLines err(number, stderr_mutex, WriterTo(stderr));
        RunOptions own = options;
        own.stdin_data = "";
        own.stdout_write = [&out](std::string_view data) { out.Write(data); };
        own.stderr_write = [&err](std::string_view data) { err.Write(data); };
        ends[i] = program.Run(sessions[i], own);
      });
    }
    threads.clear();
    all.signal = cancel.received();
  }
  for (auto& end : ends) all.ends.push_back(std::move(*end));
  return all;
}

}  // namespace wasinn::cli
