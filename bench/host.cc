#include "host.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <wasinn/adapter.h>

#include <cstdio>
#include <fstream>
#include <iterator>

namespace wasinn::bench {
namespace {

std::vector<char> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) Die(fmt::format("{}: cannot be read", path));
  return {std::istreambuf_iterator<char>(file), {}};
}

Engine MakeEngine(const std::string& build) {
  EngineOptions options;
  options.backend_path = build + "/lib/wasinn/backends";
  options.log = [](wasinn_log_level, std::string_view text) {
    fmt::print(stderr, "wasinn_bench: {}\n", text);
  };
  Engine engine = Must(Engine::Create(std::move(options)));
  Must(engine.AddAdapter(wasinn_adapter_wasmtime()));
  return engine;
}

class GuestLoop final : public Loop {
 public:
  GuestLoop(Host& host, Dialect dialect, const Task& task, size_t output_bytes)
      : host_(host), dialect_(dialect), task_(task), output_bytes_(output_bytes) {}

  Batch Run(uint64_t warmup, uint64_t rounds, bool phases) override {
    std::string text;
    RunOptions options;
    options.args = GuestArgs(phases ? "phases" : "round", task_, output_bytes_, warmup, rounds);
    options.stdin_data = "";
    options.stdout_write = [&](std::string_view part) { text += part; };
    Session session = Must(host_.engine().NewSession());
    const RunResult ended = Must(host_.program(dialect_).Run(session, options));
    if (ended.exit_code != 0) {
      Die(fmt::format("{}: the guest ended with exit code {}", task_.name, ended.exit_code));
    }
    Batch batch;
    const bool read = phases
                          ? std::sscanf(text.c_str(), "%lf %lf %lf %lf", &batch.phases.set,
                                        &batch.phases.compute, &batch.phases.get, &batch.sum) == 4
                          : std::sscanf(text.c_str(), "%lf %lf", &batch.total, &batch.sum) == 2;
    if (!read) Die(fmt::format("{}: expected numbers from the guest, given {}", task_.name, text));
    return batch;
  }

 private:
  Host& host_;
  const Dialect dialect_;
  const Task task_;
  const size_t output_bytes_;
};

}  // namespace

const char* Name(Dialect dialect) { return dialect == Dialect::kWitx ? "witx" : "wit"; }

Host::Host(std::string build)
    : build_(std::move(build)),
      engine_(MakeEngine(build_)),
      witx_(Load(Dialect::kWitx)),
      wit_(Load(Dialect::kWit)) {}

Program Host::Load(Dialect dialect) const {
  const auto wasm = ReadFile(fmt::format("{}/guests/bench_{}.wasm", build_, Name(dialect)));
  return Must(engine_.LoadProgram(std::as_bytes(std::span(wasm))));
}

void Host::Add(const Task& task) {
  ModelConfig config;
  config.name = task.name;
  config.load_now = true;
  std::string echo;
  if (task.path.empty()) {
    echo = fmt::format("wasinn-echo\ninput x {0} {1}\noutput y {0} {1}\n", task.type,
                       fmt::join(task.dims, ","));
    config.content = std::as_bytes(std::span(echo));
  } else {
    config.path = task.path;
    config.options = {{"threads", std::to_string(task.threads)}};
  }
  Must(engine_.AddModel(config));
}

std::vector<std::string> GuestArgs(const std::string& mode, const Task& task, size_t output_bytes,
                                   uint64_t warmup, uint64_t rounds) {
  return {"bench",
          mode,
          task.name,
          task.type,
          fmt::format("{}", fmt::join(task.dims, ",")),
          fmt::format("{}", fmt::join(task.inputs, ",")),
          std::to_string(output_bytes),
          std::to_string(warmup),
          std::to_string(rounds)};
}

std::unique_ptr<Loop> MakeGuestLoop(Host& host, Dialect dialect, const Task& task,
                                    size_t output_bytes) {
  return std::make_unique<GuestLoop>(host, dialect, task, output_bytes);
}

}  // namespace wasinn::bench
