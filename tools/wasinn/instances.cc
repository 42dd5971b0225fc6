#include "instances.h"

#include <cstdint>
#include <cstdio>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "cancel_on_signal.h"
#include "labelled_lines.h"

namespace wasinn::cli {
namespace {

LabelledLines::Sink WriterTo(std::FILE* stream) {
  return [stream](std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stream);
    std::fflush(stream);
  };
}

}  // namespace

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
