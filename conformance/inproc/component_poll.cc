// Pollables of wasinn:nn and of WASI's clock, natively: see component.h.
#include <wasi_poll.h>
#include <wasinn_nn_component.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "component.h"

namespace wasinn::conformance {
namespace {

using Clock = std::chrono::steady_clock;

// What one pollable waits for.
struct Waited {
  std::unique_ptr<inproc::Pollable> run;  // nullptr: the clock
  Clock::time_point until = {};

  bool Ready() const { return run != nullptr ? run->Ready() : Clock::now() >= until; }
};

// Of the guest that runs on this thread, which drops what it has before it ends, or ends with the
// process.
struct Table {
  std::map<wasi_pollable, Waited> waited;
  wasi_pollable next = 0;

  wasi_pollable Add(std::unique_ptr<inproc::Pollable> run, Clock::time_point until) {
    waited.emplace(next, Waited{std::move(run), until});
    return next++;
  }
};
thread_local Table table;

// The indices of all that are ready, once one is.
std::vector<uint32_t> Wait(const wasi_pollable* in, uint32_t count) {
  std::vector<inproc::Pollable*> runs;
  std::optional<Clock::time_point> first;
  for (uint32_t i = 0; i < count; ++i) {
    const Waited& one = table.waited.at(in[i]);
    if (one.run != nullptr) {
      runs.push_back(one.run.get());
    } else {
      first = first ? std::min(*first, one.until) : one.until;
    }
  }
  (void)CurrentGuest().Poll(runs, first);
  std::vector<uint32_t> ready;
  for (uint32_t i = 0; i < count; ++i) {
    if (table.waited.at(in[i]).Ready()) ready.push_back(i);
  }
  return ready;
}

}  // namespace
}  // namespace wasinn::conformance

using namespace wasinn::conformance;  // NOLINT(google-build-using-namespace): the guest's functions

extern "C" {

void nnc_subscribe(nnc_context context, nnc_result* result) {
  const wasinn_val answer =
      CallComponent("wasinn:nn/pollables@0.1.0", "subscribe", {{Word(context)}});
  *result = LowerHandle(answer);
  if (answer.tag == 0 && answer.release != nullptr) {
    result->handle = table.Add(std::make_unique<wasinn::inproc::Pollable>(answer), {});
  }
}

void wasi_poll(const wasi_pollable* in, uint32_t count, wasi_ready_list* ready) {
  const std::vector<uint32_t> indices = Wait(in, count);
  *ready = {static_cast<uint32_t*>(std::malloc(indices.size() * sizeof(uint32_t))),
            static_cast<uint32_t>(indices.size())};
  if (ready->ptr == nullptr) Trap("no memory for a result");
  std::copy(indices.begin(), indices.end(), ready->ptr);
}

uint32_t wasi_pollable_ready(wasi_pollable self) { return table.waited.at(self).Ready() ? 1 : 0; }

void wasi_pollable_block(wasi_pollable self) { (void)Wait(&self, 1); }

void wasi_pollable_drop(wasi_pollable self) { table.waited.erase(self); }

wasi_pollable wasi_subscribe_duration(uint64_t duration) {
  return table.Add(nullptr, Clock::now() + std::chrono::nanoseconds(duration));
}

}  // extern "C"
