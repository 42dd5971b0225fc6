#include "inproc/inproc.h"

#include <utility>

namespace wasinn::inproc {
namespace {

template <typename Row, typename Matches>
const Row* Find(const Row* (*table)(size_t*), Matches matches) {
  size_t count = 0;
  const Row* rows = table(&count);
  for (size_t i = 0; i < count; ++i) {
    if (matches(rows[i])) return &rows[i];
  }
  return nullptr;
}

}  // namespace

const wasinn_core_import* FindCoreImport(std::string_view module, std::string_view name) {
  return Find(wasinn_core_imports, [&](const wasinn_core_import& row) {
    return row.module == module && row.name == name;
  });
}

const wasinn_component_import* FindComponentImport(std::string_view interface,
                                                   std::string_view name) {
  return Find(wasinn_component_imports, [&](const wasinn_component_import& row) {
    return row.interface == interface && row.name == name;
  });
}

const wasinn_component_resource* FindComponentResource(std::string_view interface,
                                                       std::string_view name) {
  return Find(wasinn_component_resources, [&](const wasinn_component_resource& row) {
    return row.interface == interface && row.name == name;
  });
}

std::unique_ptr<Guest> Guest::Create(wasinn_engine* engine, const wasinn_policy* policy,
                                     size_t memory_size, wasinn_error* error) {
  std::unique_ptr<Guest> guest(new Guest(memory_size));
  if (wasinn_session_create(engine, policy, &guest->session_, error) != WASINN_OK) return nullptr;
  wasinn_session_on_stdout(guest->session_, Written, guest.get());
  return guest;
}

Guest::~Guest() {
  if (session_ != nullptr) wasinn_session_on_stdout(session_, nullptr, nullptr);
  wasinn_session_free(session_);
}

void Guest::Written(void* self) {
  auto& guest = *static_cast<Guest*>(self);
  const std::lock_guard lock(guest.mutex_);
  guest.written_ = true;
  guest.woken_changed_.notify_all();
}

std::string Guest::TakeStdout() {
  const wasinn_bytes text = wasinn_session_take_stdout(session_);
  stdout_.append(static_cast<const char*>(text.data), text.size);
  return std::exchange(stdout_, {});
}

void Guest::Wake(void* self) {
  auto& guest = *static_cast<Guest*>(self);
  const std::lock_guard lock(guest.mutex_);
  guest.woken_ = true;
  guest.woken_changed_.notify_all();
}

void Guest::ResetWaker() {
  const std::lock_guard lock(mutex_);
  woken_ = false;
}

bool Guest::AwaitWaker(std::optional<std::chrono::steady_clock::time_point> until) {
  std::unique_lock lock(mutex_);
  while (!woken_) {
    if (std::exchange(written_, false)) {
      lock.unlock();
      const wasinn_bytes text = wasinn_session_take_stdout(session_);
      stdout_.append(static_cast<const char*>(text.data), text.size);
      lock.lock();
      continue;
    }
    if (!until) {
      woken_changed_.wait(lock);
    } else if (woken_changed_.wait_until(lock, *until) == std::cv_status::timeout) {
      return woken_;
    }
  }
  return true;
}

template <typename Start, typename Finish>
wasinn_call_state Guest::Run(Start start, Finish finish) {
  wasinn_call* call = nullptr;
  wasinn_call_state state = start(wait_ == Wait::kBlock ? nullptr : &call);
  if (state != WASINN_CALL_PENDING) return state;
  ++pending_calls_;
  if (wait_ != Wait::kAbandon) {
    ResetWaker();
    while (wasinn_call_ready(call, &waker_) == 0) {
      AwaitWaker();
      ResetWaker();
    }
    state = finish(call);
  }
  wasinn_call_free(call);
  return state;
}

wasinn_call_state Guest::Call(const wasinn_core_import& import, std::span<const uint64_t> args,
                              uint64_t* result) {
  return Run(
      [&](wasinn_call** pending) {
        return import.call(session_, lent_memory(), args.data(), result, pending);
      },
      [&](wasinn_call* call) { return wasinn_call_finish_core(call, lent_memory(), result); });
}

wasinn_call_state Guest::Call(const wasinn_component_import& import,
                              std::span<const wasinn_val> args, wasinn_val* result) {
  return Run(
      [&](wasinn_call** pending) {
        return import.call(session_, args.data(), args.size(), result, pending);
      },
      [&](wasinn_call* call) { return wasinn_call_finish_component(call, result); });
}

std::vector<size_t> Guest::Poll(std::span<Pollable* const> pollables,
                                std::optional<std::chrono::steady_clock::time_point> until) {
  std::vector<size_t> ready;
  wasinn_session_on_stop(session_, Wake, this);
  while (wasinn_session_stopped(session_) == WASINN_OK) {
    ResetWaker();
    // A stop may have come since it was asked for.
    if (wasinn_session_stopped(session_) != WASINN_OK) break;
    for (size_t i = 0; i < pollables.size(); ++i) {
      if (pollables[i]->Ready(&waker_)) ready.push_back(i);
    }
    if (!ready.empty() || !AwaitWaker(until)) break;
  }
  for (Pollable* pollable : pollables) (void)pollable->Ready();
  wasinn_session_on_stop(session_, nullptr, nullptr);
  return ready;
}

std::string_view Guest::last_error() const {
  const wasinn_str text = wasinn_session_last_error(session_);
  return {text.data, text.size};
}

}  // namespace wasinn::inproc
