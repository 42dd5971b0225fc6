#include "memory.h"

#include <fmt/format.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <fstream>
#include <mutex>
#include <thread>

namespace wasinn::bench {
namespace {

double ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  double size = 0;
  double resident = 0;
  if (!(file >> size >> resident)) Die("/proc/self/statm: cannot be read");
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

wasinn_dtype TypeOf(const Task& task) {
  return task.type == "u8"    ? WASINN_DTYPE_U8
         : task.type == "i32" ? WASINN_DTYPE_I32
                              : WASINN_DTYPE_F32;
}

struct Used {
  Session session;
  Graph graph;
  Context context;
};

Used Use(Host& host, const Task& task, std::span<const std::byte> data) {
  Session session = Must(host.engine().NewSession());
  Graph graph = Must(session.LoadByName(task.name));
  Context context = Must(graph.NewContext());
  for (const std::string& input : task.inputs) {
    Must(context.SetInput(input, {TypeOf(task), task.dims, data}));
  }
  Must(context.Compute());
  return {std::move(session), std::move(graph), std::move(context)};
}

double MeasureSessions(Host& host, const Task& task, uint32_t count) {
  const std::vector<std::byte> data(task.input_bytes());
  // The memory that the first session sets up belongs to the graph.
  Use(host, task, data);
  std::vector<Used> used;
  used.reserve(count);
  const double before = ResidentBytes();
  for (uint32_t i = 0; i < count; ++i) used.push_back(Use(host, task, data));
  return ResidentBytes() - before;
}

// Guests block while they write "ready" until all are running.
class Gate {
 public:
  explicit Gate(uint32_t count) : missing_(count) {}

  void Arrive() {
    std::unique_lock lock(mutex_);
    --missing_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
  }
  void AwaitAll() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return missing_ == 0; });
  }
  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  uint32_t missing_;
  bool open_ = false;
};

double MeasureGuests(Host& host, const std::string& kind, const Task& task, size_t output_bytes,
                     uint32_t count) {
  const auto run = [&](const std::string& mode, Gate* gate) {
    RunOptions options;
    options.args = GuestArgs(mode, task, output_bytes, 0, 0);
    options.stdin_data = "";
    options.stdout_write = [gate](std::string_view) {
      if (gate != nullptr) gate->Arrive();
    };
    Session session = Must(host.engine().NewSession());
    const int code = Must(host.program(Dialect::kWitx).Run(session, options)).exit_code;
    if (code != 0) Die(fmt::format("{}: the guest ended with exit code {}", task.name, code));
  };
  run("hold", nullptr);
  const double before = ResidentBytes();
  Gate gate(count);
  std::deque<std::jthread> threads;
  for (uint32_t i = 0; i < count; ++i) threads.emplace_back([&] { run(kind, &gate); });
  gate.AwaitAll();
  const double after = ResidentBytes();
  gate.Open();
  return after - before;
}

}  // namespace

double MeasureMemory(Host& host, const std::string& kind, const Task& task, size_t output_bytes,
                     uint32_t count) {
  if (kind == "session") return MeasureSessions(host, task, count);
  if (kind == "hold" || kind == "idle") {
    return MeasureGuests(host, kind, task, output_bytes, count);
  }
  Die(fmt::format("memory: expected session, hold or idle, given {}", kind));
}

}  // namespace wasinn::bench
