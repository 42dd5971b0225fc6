// Compares guests with C++ on ONNX Runtime, in one process and in alternating turns, so that both
// run under the same conditions. Prints JSON, from which run.py makes the table.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "host.h"
#include "memory.h"
#include "native.h"

namespace wasinn::bench {

void Die(const std::string& what) {
  fmt::print(stderr, "wasinn_bench: {}\n", what);
  std::exit(1);
}

namespace {

using Json = nlohmann::ordered_json;

struct Settings {
  std::string build = "build";
  std::vector<std::string> tasks;
  uint32_t turns = 21;
  double batch_ms = 40;
  uint64_t min_rounds = 8;
  std::string memory;
  uint32_t count = 100;
};

// Rounds at the start of each batch that are not counted: a tenth of it, and at least the first
// two, which allocate memory that later ones reuse.
uint64_t Warmup(uint64_t rounds) { return 2 + rounds / 10; }

std::vector<Task> AllTasks(const std::string& build) {
  const std::string models = build + "/models/";
  const std::vector<int64_t> page = {1, 3, 48, 320};
  const std::vector<int64_t> image = {1, 3, 224, 224};
  std::vector<Task> tasks = {
      {"echo", "", "u8", {4}, {"x"}, 1},
      {"add", models + "test/add.onnx", "f32", {4}, {"a", "b"}, 1},
      {"identity", models + "test/identity_602112.onnx", "f32", image, {"x"}, 1},
      {"magika", models + "magika/model.onnx", "i32", {1, 2048}, {"bytes"}, 1},
      {"ocr-rec", models + "ocr-rec/model.onnx", "f32", page, {"x"}, 1},
  };
  for (const size_t i : {3, 4}) {
    Task task = tasks[i];
    task.threads = 2;
    task.name += "-2";
    tasks.push_back(task);
  }
  return tasks;
}

double Quantile(std::vector<double> values, double at) {
  std::ranges::sort(values);
  const double place = at * static_cast<double>(values.size() - 1);
  const auto low = static_cast<size_t>(place);
  const size_t high = std::min(low + 1, values.size() - 1);
  return values[low] + (place - static_cast<double>(low)) * (values[high] - values[low]);
}

Json Summary(const std::vector<double>& values) {
  return {{"median", Quantile(values, 0.5)},
          {"low", Quantile(values, 0.25)},
          {"high", Quantile(values, 0.75)}};
}

// One way to run the task and its times by turn, all in ns per round.
struct Lane {
  std::string name;
  std::unique_ptr<Loop> loop;
  std::vector<double> round;
  std::vector<double> set;
  std::vector<double> compute;
  std::vector<double> get;
};

void Measure(Lane& lane, uint64_t rounds, double expected_sum) {
  const auto per_round = static_cast<double>(rounds);
  const Batch whole = lane.loop->Run(Warmup(rounds), rounds, false);
  const Batch parts = lane.loop->Run(Warmup(rounds), rounds, true);
  for (const double sum : {whole.sum, parts.sum}) {
    if (std::abs(sum - expected_sum) > 1e-3 * (1 + std::abs(expected_sum))) {
      Die(fmt::format("{}: expected an output with the sum {}, given {}", lane.name, expected_sum,
                      sum));
    }
  }
  lane.round.push_back(whole.total / per_round);
  lane.set.push_back(parts.phases.set / per_round);
  lane.compute.push_back(parts.phases.compute / per_round);
  lane.get.push_back(parts.phases.get / per_round);
}

// The number of rounds that take about `batch_ms`, at least `min_rounds`.
uint64_t Calibrate(Loop& loop, double batch_ms, uint64_t min_rounds) {
  uint64_t rounds = 1;
  while (true) {
    const double ms = loop.Run(2, rounds, false).total / 1e6;
    if (ms >= batch_ms / 4) {
      return std::max(min_rounds, static_cast<uint64_t>(rounds * batch_ms / ms));
    }
    rounds *= 4;
  }
}

// Each turn is compared with the native loop of the same turn.
std::vector<double> Compared(const Lane& lane, const Lane& native, bool ratio) {
  std::vector<double> result;
  for (size_t i = 0; i < lane.round.size(); ++i) {
    result.push_back(ratio ? lane.round[i] / native.round[i] : lane.round[i] - native.round[i]);
  }
  return result;
}

Json Report(const Lane& lane, const Lane& native) {
  Json json = {{"round_ns", Summary(lane.round)},
               {"set_ns", Summary(lane.set)},
               {"compute_ns", Summary(lane.compute)},
               {"get_ns", Summary(lane.get)}};
  if (&lane != &native) {
    json["overhead_ns"] = Summary(Compared(lane, native, false));
    json["ratio"] = Summary(Compared(lane, native, true));
  }
  return json;
}

Json RunTask(Host& host, const Task& task, const Settings& settings) {
  // This comes before the native loop: the process's environment must be wasinn's, with its thread
  // pool.
  host.Add(task);
  size_t output_bytes = 0;
  std::vector<Lane> lanes(1);
  lanes[0].name = "native";
  lanes[0].loop = MakeNativeLoop(task, Idle::kSleep, &output_bytes);
  for (const Dialect dialect : {Dialect::kWitx, Dialect::kWit}) {
    Lane& lane = lanes.emplace_back();
    lane.name = Name(dialect);
    lane.loop = MakeGuestLoop(host, dialect, task, output_bytes);
  }
  if (task.threads > 1) {
    Lane& lane = lanes.emplace_back();
    lane.name = "native_spinning";
    lane.loop = MakeNativeLoop(task, Idle::kSpin, &output_bytes);
  }
  const double sum = lanes[0].loop->Run(0, 1, false).sum;
  const uint64_t rounds = Calibrate(*lanes[1].loop, settings.batch_ms, settings.min_rounds);
  for (uint32_t turn = 0; turn < settings.turns; ++turn) {
    // Each lane comes first, second, ... equally often.
    for (size_t i = 0; i < lanes.size(); ++i) {
      Measure(lanes[(turn + i) % lanes.size()], rounds, sum);
    }
  }
  Json json = {{"name", task.name},
               {"input_bytes", task.input_bytes()},
               {"output_bytes", output_bytes},
               {"threads", task.threads},
               {"rounds", rounds},
               {"turns", settings.turns}};
  for (const Lane& lane : lanes) json[lane.name] = Report(lane, lanes[0]);
  return json;
}

Json RunMemory(Host& host, const Task& task, const Settings& settings) {
  host.Add(task);
  size_t output_bytes = 0;
  // This is only needed for the size; it is kept so that its memory is not reused.
  const auto native = MakeNativeLoop(task, Idle::kSleep, &output_bytes);
  const double bytes = MeasureMemory(host, settings.memory, task, output_bytes, settings.count);
  return {{"name", task.name},
          {"kind", settings.memory},
          {"count", settings.count},
          {"bytes_each", bytes / settings.count}};
}

int Main(int argc, char** argv) {
  Settings settings;
  CLI::App app("Guests against C++ on ONNX Runtime; prints JSON");
  app.add_option("--build", settings.build, "The build folder");
  app.add_option("--task", settings.tasks, "Only these tasks");
  app.add_option("--turns", settings.turns, "How often each loop is measured")
      ->check(CLI::Range(1, 100000));
  app.add_option("--batch-ms", settings.batch_ms, "How long one measurement is, about");
  app.add_option("--min-rounds", settings.min_rounds, "Rounds of one measurement, at least")
      ->check(CLI::Range(1, 1000000));
  app.add_option("--memory", settings.memory,
                 "Instead measure the memory of sessions: session, hold or idle");
  app.add_option("--count", settings.count, "How many sessions")->check(CLI::Range(1, 100000));
  CLI11_PARSE(app, argc, argv);

  Host host(settings.build);
  Json results = Json::array();
  std::vector<std::string> known;
  for (const Task& task : AllTasks(settings.build)) {
    known.push_back(task.name);
    if (!settings.tasks.empty() &&
        std::ranges::find(settings.tasks, task.name) == settings.tasks.end()) {
      continue;
    }
    fmt::print(stderr, "wasinn_bench: {} {}\n", task.name, settings.memory);
    results.push_back(settings.memory.empty() ? RunTask(host, task, settings)
                                              : RunMemory(host, task, settings));
  }
  for (const std::string& name : settings.tasks) {
    if (std::ranges::find(known, name) == known.end()) {
      Die(fmt::format("--task: expected one of {}, given {}", fmt::join(known, ", "), name));
    }
  }
  fmt::print("{}\n", results.dump(1));
  return 0;
}

}  // namespace
}  // namespace wasinn::bench

int main(int argc, char** argv) { return wasinn::bench::Main(argc, argv); }
