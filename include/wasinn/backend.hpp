// Help for authors of backends in C++: errors, options, outputs, cancelling. Header-only, needs
// nothing but the standard library; backend.h stays the contract.
//
//   wasinn_code GraphLoad(wasinn_backend_instance* instance, const wasinn_load_request* request,
//                         wasinn_backend_graph** out, wasinn_error* error) {
//     return wasinn::backend::Guard(error, [&] {
//       const wasinn::backend::Options options(request->options, request->option_count);
//       if (options.Int("threads", 0) > 8) throw wasinn::backend::Failure(WASINN_TOO_LARGE, "...");
//       *out = new Graph(...);
//     });
//   }
#ifndef WASINN_BACKEND_HPP_
#define WASINN_BACKEND_HPP_

#include <wasinn/backend.h>

#include <charconv>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <mutex>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#if defined(__GNUC__)
#define WASINN_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define WASINN_PRINTF(text, first)
#endif

namespace wasinn::backend {

inline std::string_view View(wasinn_str text) {
  return text.size == 0 ? std::string_view() : std::string_view(text.data, text.size);
}

// Borrows `text`.
inline wasinn_str Str(std::string_view text) { return {text.data(), text.size()}; }

// Fills `error` (may be null) with a printf-like message, cut to its size, and returns `code`.
// `engine_code` is the framework's own number, 0 without one.
WASINN_PRINTF(4, 5)
inline wasinn_code SetError(wasinn_error* error, wasinn_code code, int64_t engine_code,
                            const char* format, ...) {
  if (error != nullptr) {
    std::va_list args;
    va_start(args, format);
    std::vsnprintf(error->message, sizeof error->message, format, args);
    va_end(args);
    error->code = code;
    error->engine_code = engine_code;
  }
  return code;
}

// An error on its way to Guard. The message says what was expected and what was given.
class Failure : public std::exception {
 public:
  Failure(wasinn_code code, std::string message, int64_t engine_code = 0)
      : code_(code), engine_code_(engine_code), message_(std::move(message)) {}

  const char* what() const noexcept override { return message_.c_str(); }
  wasinn_code code() const { return code_; }
  int64_t engine_code() const { return engine_code_; }
  const std::string& message() const { return message_; }

 private:
  wasinn_code code_;
  int64_t engine_code_;
  std::string message_;
};

// Calls `body` and turns whatever it throws into a code and a filled `error`, so that no exception
// leaves a slot. WASINN_OK when it returns.
template <typename Body>
wasinn_code Guard(wasinn_error* error, Body&& body) noexcept {
  try {
    std::forward<Body>(body)();
    return WASINN_OK;
  } catch (const Failure& failure) {
    return SetError(error, failure.code(), failure.engine_code(), "%s", failure.what());
  } catch (const std::bad_alloc&) {
    return SetError(error, WASINN_TOO_LARGE, 0, "out of memory");
  } catch (const std::exception& exception) {
    return SetError(error, WASINN_RUNTIME_ERROR, 0, "%s", exception.what());
  } catch (...) {
    return SetError(error, WASINN_RUNTIME_ERROR, 0, "an exception of an unknown type");
  }
}

// Borrowed options, looked up by name. Their values have been checked against the backend's table;
// a value that does not parse all the same throws Failure(WASINN_INVALID_ARGUMENT).
class Options {
 public:
  Options(const wasinn_option* options, size_t count) : options_(options, count) {}

  // The last value of that name; nullopt without one.
  std::optional<std::string_view> Find(std::string_view name) const {
    std::optional<std::string_view> found;
    for (const wasinn_option& option : options_) {
      if (View(option.name) == name) found = View(option.value);
    }
    return found;
  }

  std::string Text(std::string_view name, std::string_view otherwise) const {
    return std::string(Find(name).value_or(otherwise));
  }

  bool Bool(std::string_view name, bool otherwise) const {
    const std::optional<std::string_view> text = Find(name);
    if (!text) return otherwise;
    if (*text == "true") return true;
    if (*text == "false") return false;
    throw BadValue(name, "true or false", *text);
  }

  int64_t Int(std::string_view name, int64_t otherwise) const {
    const std::optional<std::string_view> text = Find(name);
    return text ? ParseInt(name, *text) : otherwise;
  }

  // Calls `each(rest, value)` for every option that starts with `prefix`: ("batch", "1") for
  // "free_dim:batch=1" and the prefix "free_dim:".
  template <typename Each>
  void ForPrefix(std::string_view prefix, Each&& each) const {
    for (const wasinn_option& option : options_) {
      const std::string_view name = View(option.name);
      if (name.starts_with(prefix)) each(name.substr(prefix.size()), View(option.value));
    }
  }

  // `text` as a whole decimal number; `name` is for the message.
  static int64_t ParseInt(std::string_view name, std::string_view text) {
    int64_t value = 0;
    const auto [end, result] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (result != std::errc() || end != text.data() + text.size()) {
      throw BadValue(name, "a whole number", text);
    }
    return value;
  }

 private:
  static Failure BadValue(std::string_view name, std::string_view expected,
                          std::string_view given) {
    return Failure(WASINN_INVALID_ARGUMENT, "option " + std::string(name) + ": expected " +
                                                std::string(expected) + ", given '" +
                                                std::string(given) + "'");
  }

  std::span<const wasinn_option> options_;
};

// A block of the host's pooled memory, given back at the end of the scope unless lent.
class HostBuffer {
 public:
  // Throws Failure(WASINN_TOO_LARGE) when the host refuses. `size` in bytes.
  HostBuffer(const wasinn_backend_host& host, size_t size)
      : host_(&host), data_(host.buffer_alloc(host.self, size)), size_(size) {
    if (data_ == nullptr) {
      throw Failure(WASINN_TOO_LARGE,
                    "expected " + std::to_string(size) + " bytes of memory, given none");
    }
  }
  HostBuffer(HostBuffer&& other) noexcept
      : host_(other.host_), data_(std::exchange(other.data_, nullptr)), size_(other.size_) {}
  HostBuffer& operator=(HostBuffer&&) = delete;
  ~HostBuffer() {
    if (data_ != nullptr) host_->buffer_free(host_->self, data_);
  }

  char* data() const { return static_cast<char*>(data_); }
  size_t size() const { return size_; }
  // Hands the block over with `output`, whose release gives it back.
  void Lend(wasinn_backend_output& output) {
    output.owner = new HostBuffer(std::move(*this));
    output.release = [](void* owner) { delete static_cast<HostBuffer*>(owner); };
  }

 private:
  const wasinn_backend_host* host_;
  void* data_;
  size_t size_;
};

// Which run of a context is under way and which were cancelled: settles the races that the slot
// `cancel` allows. `stop` runs under the lock, so it can never hit the next run. Any thread.
class CancelState {
 public:
  // Starts run number `run`; false when it has been cancelled already. Calls `reset` under the
  // lock when an earlier run was stopped, so that its mark can be wiped.
  template <typename Reset>
  bool Start(uint64_t run, Reset&& reset) {
    const std::lock_guard lock(mutex_);
    active_ = run;
    if (std::exchange(stopped_, false)) reset();
    return cancelled_ != run;
  }

  // Ends the run under way; true when it was cancelled.
  bool Finish() {
    const std::lock_guard lock(mutex_);
    return std::exchange(active_, std::nullopt) == cancelled_;
  }

  // For the slot `cancel`: calls `stop` under the lock when that run is under way. Numbers of runs
  // grow, so a late cancel of an older run cannot undo that of a newer one.
  template <typename Stop>
  void Cancel(uint64_t run, Stop&& stop) {
    const std::lock_guard lock(mutex_);
    if (active_ == run) {
      cancelled_ = run;
      stopped_ = true;
      stop();
    } else if (!cancelled_ || run > *cancelled_) {
      cancelled_ = run;
    }
  }

 private:
  std::mutex mutex_;
  std::optional<uint64_t> active_;
  std::optional<uint64_t> cancelled_;  // the newest
  bool stopped_ = false;
};

}  // namespace wasinn::backend

#undef WASINN_PRINTF
#endif  // WASINN_BACKEND_HPP_
