// wasinn in the benchmark: an engine, the tasks as models, the benchmark guest.
#pragma once

#include <memory>
#include <string>

#include <wasinn/wasinn.hpp>

#include "task.h"

namespace wasinn::bench {

// The value of a result; an error ends the program.
template <typename T>
T Must(Result<T> result) {
  if (!result) Die(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

// The guest; its file is build/guests/bench_<name>.wasm.
enum class Dialect { kWitx, kWit };
const char* Name(Dialect dialect);

class Host {
 public:
  // `build` is the build folder, for plug-ins and guests.
  explicit Host(std::string build);

  Engine& engine() { return engine_; }
  // Registers the task's model and loads it.
  void Add(const Task& task);
  const Program& program(Dialect dialect) const { return dialect == Dialect::kWitx ? witx_ : wit_; }

 private:
  Program Load(Dialect dialect) const;

  const std::string build_;
  Engine engine_;
  Program witx_;
  Program wit_;
};

// The arguments of the benchmark guest (guests/bench/bench.c).
std::vector<std::string> GuestArgs(const std::string& mode, const Task& task, size_t output_bytes,
                                   uint64_t warmup, uint64_t rounds);

// Each batch is a run of the guest in a new session. `host` must outlive the loop.
std::unique_ptr<Loop> MakeGuestLoop(Host& host, Dialect dialect, const Task& task,
                                    size_t output_bytes);

}  // namespace wasinn::bench
