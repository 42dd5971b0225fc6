// Runs guests that use language models, as many at once as requested; llm.py sends the requests and
// prints the table. Each line of the input is a JSON object, and the reply is one line:
//   {"guests": [[ARGUMENT...]...]}    runs them at the same time, each in a session of its own:
//                                     {"wall_ns", "guests": [[what the guest printed, JSON]...]}
//   {"native": {"model", "prompt", "tokens", "threads"}}
//                                     the same by llama.cpp's own API:
//                                     {"first_ns", "total_ns", "hash"}
#include <fmt/format.h>
#include <wasinn/adapter.h>

#include <CLI/CLI.hpp>
#include <barrier>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "host.h"
#include "llm_native.h"

namespace wasinn::bench {

void Die(const std::string& what) {
  fmt::print(stderr, "wasinn_bench_llm: {}\n", what);
  std::exit(1);
}

namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

Engine MakeEngine(const std::string& build, uint32_t threads) {
  EngineOptions options;
  options.backend_path = build + "/lib/wasinn/backends";
  options.threads = threads;
  options.log = [](wasinn_log_level, std::string_view text) {
    fmt::print(stderr, "wasinn_bench_llm: {}\n", text);
  };
  Engine engine = Must(Engine::Create(std::move(options)));
  Must(engine.AddAdapter(wasinn_adapter_wasmtime()));
  return engine;
}

Program LoadGuest(const Engine& engine, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) Die(path + ": cannot be read");
  const std::vector<char> wasm{std::istreambuf_iterator<char>(file), {}};
  return Must(engine.LoadProgram(std::as_bytes(std::span(wasm))));
}

// The guest's output, with a JSON value in each line.
Json RunGuest(const Engine& engine, const Program& program, const Json& arguments) {
  std::string text;
  RunOptions options;
  options.args = {"bench_llm"};
  for (const Json& argument : arguments) options.args.push_back(argument.get<std::string>());
  options.stdin_data = "";
  options.stdout_write = [&](std::string_view part) { text += part; };
  Session session = Must(engine.NewSession());
  const RunResult ended = Must(program.Run(session, options));
  if (ended.exit_code != 0) {
    Die(fmt::format("the guest ended with exit code {}: {}", ended.exit_code,
                    session.last_error()));
  }
  Json lines = Json::array();
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(Json::parse(line));
  return lines;
}

Json RunGuests(const Engine& engine, const Program& program, const Json& guests) {
  std::vector<Json> results(guests.size());
  std::barrier start(static_cast<std::ptrdiff_t>(guests.size()) + 1);
  Clock::time_point began;
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < guests.size(); ++i) {
      threads.emplace_back([&, i] {
        start.arrive_and_wait();
        results[i] = RunGuest(engine, program, guests[i]);
      });
    }
    began = Clock::now();
    start.arrive_and_wait();
  }
  const std::chrono::nanoseconds wall = Clock::now() - began;
  return {{"wall_ns", wall.count()}, {"guests", results}};
}

Json RunNatively(const Json& wanted) {
  const NativeAnswer answer = AnswerNatively(wanted.at("model"), wanted.at("prompt"),
                                             wanted.at("tokens"), wanted.at("threads"));
  uint64_t hash = 14695981039346656037U;  // as in the guest
  for (const char c : answer.text) hash = (hash ^ static_cast<uint8_t>(c)) * 1099511628211U;
  return {{"first_ns", answer.first_ns},
          {"total_ns", answer.total_ns},
          {"hash", fmt::format("{:016x}", hash)}};
}

int Main(int argc, char** argv) {
  std::string build = "build";
  std::vector<std::string> models;
  uint32_t threads = 0;
  CLI::App app("Guests that use language models: JSON in, JSON out, a line each");
  app.add_option("--build", build, "The build folder");
  app.add_option("--model", models, "NAME=PATH[,OPTION=VALUE...]");
  app.add_option("--threads", threads, "Worker threads; 0: as many as cores");
  CLI11_PARSE(app, argc, argv);

  Engine engine = MakeEngine(build, threads);
  for (const std::string& model : models) Must(engine.AddModel(model));
  const Program program = LoadGuest(engine, build + "/guests/bench_llm.wasm");
  for (std::string line; std::getline(std::cin, line);) {
    const Json wanted = Json::parse(line);
    const Json answer = wanted.contains("native") ? RunNatively(wanted["native"])
                                                  : RunGuests(engine, program, wanted.at("guests"));
    std::cout << answer.dump() << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace wasinn::bench

int main(int argc, char** argv) { return wasinn::bench::Main(argc, argv); }
