// The smallest adapter: a byte array is the guest's memory, and its calls are made by the host
// program. For tests, fuzzers and benchmarks; the one to read before writing another adapter. It
// uses wasinn/adapter.h and wasinn/wasinn.h only.
#pragma once

#include <wasinn/adapter.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wasinn::inproc {

// How calls that may take long are handled.
enum class Wait {
  kBlock,    // the handler itself waits
  kWaker,    // a PENDING call is waited for with a waker, then finished
  kAbandon,  // a PENDING call is given up at once
};

// Rows of the import tables by name; nullptr when no dialect has them.
const wasinn_core_import* FindCoreImport(std::string_view module, std::string_view name);
const wasinn_component_import* FindComponentImport(std::string_view interface,
                                                   std::string_view name);
const wasinn_component_resource* FindComponentResource(std::string_view interface,
                                                       std::string_view name);

// A guest's `own<pollable>`.
class Pollable {
 public:
  // Takes over the result of a call.
  explicit Pollable(const wasinn_val& result) : release_(result.release), owner_(result.owner) {}
  ~Pollable() { release_(owner_); }
  Pollable(const Pollable&) = delete;
  Pollable& operator=(const Pollable&) = delete;

  bool Ready(const wasinn_waker* waker = nullptr) {
    return wasinn_pollable_ready(static_cast<wasinn_pollable*>(owner_), waker) != 0;
  }

 private:
  void (*const release_)(void* owner);
  void* const owner_;
};

// One guest instance: a session and a memory. Calls from one thread at a time; the session may be
// cancelled from any.
class Guest {
 public:
  // `engine` must outlive the guest; `policy` NULL means the defaults. `memory_size` in bytes.
  // nullptr and `error` (may be NULL) when the core refuses a session.
  static std::unique_ptr<Guest> Create(wasinn_engine* engine, const wasinn_policy* policy,
                                       size_t memory_size, wasinn_error* error);
  ~Guest();
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;

  wasinn_session* session() { return session_; }
  // May be resized between calls, as guests do with memory.grow.
  std::vector<uint8_t>& memory() { return memory_; }
  void set_wait(Wait wait) { wait_ = wait; }

  // Calls a function of a core module. `args` must have an entry for each letter of
  // `import.params`; `result` room for one value. DONE or TRAP; PENDING only with kAbandon, and
  // then the call is over and has no result.
  wasinn_call_state Call(const wasinn_core_import& import, std::span<const uint64_t> args,
                         uint64_t* result);
  // Calls a function of a component: lifted arguments as `import.signature` says. A result with
  // `release` set is the caller's to release; the rest of it is valid until the next call.
  wasinn_call_state Call(const wasinn_component_import& import, std::span<const wasinn_val> args,
                         wasinn_val* result);
  // As the function `poll` of wasi:io: waits until at least one is ready, whatever set_wait says,
  // and gives the indices of all that are; none when the session is stopped, or the time is over,
  // first.
  std::vector<size_t> Poll(std::span<Pollable* const> pollables,
                           std::optional<std::chrono::steady_clock::time_point> until = {});
  // Ends a resource, as a component's own drop does.
  void Drop(const wasinn_component_resource& resource, uint32_t rep) {
    resource.drop(session_, rep);
  }

  // What models have written to the guest's standard output since the last time.
  std::string TakeStdout();

  // Of the last call; valid until the next.
  std::string_view last_error() const;
  // How many calls were PENDING.
  uint64_t pending_calls() const { return pending_calls_; }

 private:
  explicit Guest(size_t memory_size) : memory_(memory_size) {}

  static void Wake(void* self);
  static void Written(void* self);
  // Before a question with the waker.
  void ResetWaker();
  // Waits for the waker, and takes what is written meanwhile. False when the time was over first.
  bool AwaitWaker(std::optional<std::chrono::steady_clock::time_point> until = {});
  template <typename Start, typename Finish>
  wasinn_call_state Run(Start start, Finish finish);

  wasinn_memory lent_memory() { return {memory_.data(), memory_.size()}; }

  wasinn_session* session_ = nullptr;
  std::vector<uint8_t> memory_;
  Wait wait_ = Wait::kBlock;
  const wasinn_waker waker_ = {Wake, this};
  uint64_t pending_calls_ = 0;
  std::string stdout_;

  std::mutex mutex_;
  std::condition_variable woken_changed_;
  bool woken_ = false;    // guarded by mutex_
  bool written_ = false;  // guarded by mutex_
};

}  // namespace wasinn::inproc
