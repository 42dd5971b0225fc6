// Receives the reports of runs, and turns a backend's calls into one well-defined outcome.
#pragma once

#include <wasinn/backend.h>

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/guest_dirs.h"
#include "base/log.h"
#include "base/log_limit.h"
#include "base/mutex.h"
#include "tensor/tensor.h"

namespace wasinn {

// Checks a backend's output. In every case `release` is called once: the tensor owns the memory.
// UNKNOWN names the backend's fault.
Result<Tensor> TakeOutput(const wasinn_backend_output& output);

// Gets what a run reports. Calls come from any thread, with no lock of the table held, and never
// after OnDone or once EndRun has returned. Nothing is thrown, for a plug-in stands in between.
class RunListener {
 public:
  virtual ~RunListener() = default;
  // An output, or the error in the output that the backend gave; false if it is refused.
  virtual bool OnOutput(uint32_t port, Result<Tensor>&& tensor) noexcept = 0;
  // False asks the backend to stop.
  virtual bool OnChunk(uint32_t port, std::string_view data) noexcept = 0;
  // Text for the guest's standard output. False asks the backend to stop.
  virtual bool OnGuestStdout(std::string_view data) noexcept = 0;
  virtual void OnDone(Result<> result, const wasinn_backend_usage& usage) noexcept = 0;
  // The folders in which the run may read files; nullptr: none.
  virtual std::shared_ptr<const GuestDirs> guest_dirs() const noexcept = 0;
};

// Gives each run a unique number, so that reports that come twice, late, or for an ended run are
// ignored. Any thread. Slots are reused and stay allocated until the table ends, which must be
// after all backends are closed. Functions that plug-ins call do not throw: without memory, an
// output is refused, and `done` arrives without its text.
class RunTable {
 public:
  explicit RunTable(const Logger* log) : log_(log) {}
  ~RunTable();
  RunTable(const RunTable&) = delete;
  RunTable& operator=(const RunTable&) = delete;

  // A context takes a slot for its lifetime.
  Result<uint32_t> TakeSlot();
  void GiveSlot(uint32_t slot) noexcept;

  // Starts a run in the slot; the sink is for Backend's `run`.
  wasinn_backend_sink BeginRun(uint32_t slot, RunListener* listener);
  // Ends that run of the slot if it has not reported done: later reports are ignored. True if it
  // had not. Waits for reports under way, but for those that this is called from.
  bool EndRun(uint32_t slot, uint64_t run);

 private:
  struct Slot {
    Mutex mutex;
    CondVar left;
    RunListener* listener GUARDED_BY(mutex) = nullptr;
    uint64_t run GUARDED_BY(mutex) = 0;     // the newest
    uint32_t inside GUARDED_BY(mutex) = 0;  // reports that the listener is being told
  };
  static constexpr size_t kChunk = 1024;
  static constexpr size_t kChunks = 1024;
  // A run's number has its slot in the low bits and above them a count, which no process lives long
  // enough to exhaust.
  static constexpr uint32_t kSlotBits = 20;
  static_assert(kChunk * kChunks == size_t{1} << kSlotBits);
  using Chunk = std::array<Slot, kChunk>;
  struct Slots {
    ~Slots();
    std::array<std::atomic<Chunk*>, kChunks> chunks{};
  };

  static int32_t Output(void* self, uint64_t run, const wasinn_backend_output* output);
  static int32_t ChunkData(void* self, uint64_t run, uint32_t port, wasinn_bytes data);
  static int32_t GuestStdout(void* self, uint64_t run, wasinn_bytes data);
  static void Done(void* self, uint64_t run, wasinn_code code, wasinn_str message,
                   int64_t engine_code, const wasinn_backend_usage* usage);
  static wasinn_code ReadFile(void* self, uint64_t run, wasinn_str path, size_t max,
                              void (*take)(void* to, wasinn_bytes bytes), void* to,
                              wasinn_error* error);

  class Report;

  Slot* SlotAt(uint32_t slot) const;
  Slot* SlotOf(uint64_t run) const { return SlotAt(run & ((1u << kSlotBits) - 1)); }
  void Ignored(const char* what, uint64_t run);

  const Logger* log_;
  LogLimit log_limit_{"reports of runs that are over"};
  Mutex mutex_;
  // The last `done` may arrive while the engine is being freed, so functions that are running hold
  // the slots.
  const std::shared_ptr<Slots> slots_ = std::make_shared<Slots>();
  uint32_t next_ GUARDED_BY(mutex_) = 0;
  std::vector<uint32_t> free_ GUARDED_BY(mutex_);
};

}  // namespace wasinn
