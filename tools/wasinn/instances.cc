#include "instances.h"

#include <unistd.h>
#include <wasinn/adapter.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "cancel_on_signal.h"
#include "labelled_lines.h"
#include "output.h"

namespace wasinn::cli {
std::expected<InstancesEnd, std::string> RunInstances(const Program& program,
                                                      std::vector<Session>& sessions,
                                                      const RunOptions& options) {
  InstancesEnd all;
  std::vector<std::optional<Result<RunResult>>> ends(sessions.size());
  std::optional<std::string> failure;
  SharedStream shared_out(STDOUT_FILENO);
  SharedStream shared_err(STDERR_FILENO);
  {
    std::vector<Session*> pointers;
    for (auto& session : sessions) pointers.push_back(&session);
    const CancelOnSignal cancel(pointers);
    std::vector<std::jthread> threads;
    const auto run = [&](std::size_t i) {
      const auto number = static_cast<std::uint32_t>(i);
      const auto stopped = [&] { return wasinn_session_stopped(sessions[i].get()) != WASINN_OK; };
      LabelledLines out(number, [&](std::string_view text) { shared_out.Write(text, stopped); });
      LabelledLines err(number, [&](std::string_view text) { shared_err.Write(text, stopped); });
      RunOptions own = options;
      own.stdin_data = "";
      own.stdout_write = [&out](std::string_view data) { out.Write(data); };
      own.stderr_write = [&err](std::string_view data) { err.Write(data); };
      ends[i] = program.Run(sessions[i], own);
      if (*ends[i]) out.Write((*ends[i])->results);
    };
    try {
      for (std::size_t i = 0; i < sessions.size(); ++i) threads.emplace_back(run, i);
    } catch (const std::system_error& error) {
      failure = "--instances: expected a thread for each of " + std::to_string(sessions.size()) +
                ", got " + std::to_string(threads.size()) + ": " + error.code().message();
      for (auto& session : sessions) session.Cancel();
    }
    threads.clear();
    all.signal = cancel.received();
  }
  if (failure) return std::unexpected(*failure);
  for (auto& end : ends) all.ends.push_back(std::move(*end));
  return all;
}

}  // namespace wasinn::cli
