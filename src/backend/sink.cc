#include "backend/sink.h"

namespace wasinn {

Result<Tensor> TakeOutput(const wasinn_backend_output& output) {
  const wasinn_tensor_view& view = output.tensor;
  Tensor tensor;
  tensor.data = BufferRef::Lend(view.data, view.data == nullptr ? 0 : view.size, output.release,
                                output.owner);
  const auto dtype = DTypeFromNumber(view.dtype);
  if (!dtype) {
    return Fail(Code::kUnknown, "output {}: the backend gave element type number {}, which is none",
                output.port, static_cast<uint32_t>(view.dtype));
  }
  if (view.rank > 0 && view.dims == nullptr) {
    return Fail(Code::kUnknown, "output {}: the backend gave no dims", output.port);
  }
  WASINN_TRY(shape, Shape::OfTensor({view.dims, view.rank}));
  tensor.dtype = *dtype;
  tensor.shape = shape;
  if (auto sized = CheckByteSize("", tensor.dtype, tensor.shape, tensor.data.bytes()); !sized) {
    // The text is only made here, because every output of every run takes this path.
    sized.error().message.insert(0, fmt::format("output {} of the backend", output.port));
    return Fail(std::move(sized.error()));
  }
  return tensor;
}

namespace {

void SayThatNoTextCame(Error& error) noexcept {
  try {
    error.message =
        fmt::format("the backend failed with {} and gave no text", CodeName(error.code));
  } catch (...) {
    // The exception is dropped: the code is the essential part.
  }
}

}  // namespace

RunTable::~RunTable() { log_limit_.Tell(*log_); }

RunTable::Slots::~Slots() {
  for (auto& chunk : chunks) delete chunk.load(std::memory_order_relaxed);
}

RunTable::Slot* RunTable::SlotAt(uint32_t slot) const {
  if (slot / kChunk >= kChunks) return nullptr;
  Chunk* chunk = slots_->chunks[slot / kChunk].load(std::memory_order_acquire);
  return chunk == nullptr ? nullptr : &(*chunk)[slot % kChunk];
}

Result<uint32_t> RunTable::TakeSlot() {
  MutexLock lock(mutex_);
  if (!free_.empty()) {
    const uint32_t slot = free_.back();
    free_.pop_back();
    return slot;
  }
  if (next_ == kChunk * kChunks) {
    return Fail(Code::kTooLarge,
                "expected at most {} execution contexts in one engine, given one "
                "more",
                kChunk * kChunks);
  }
  // Reserved so that GiveSlot need not allocate.
  if (free_.capacity() <= next_) free_.reserve(2 * size_t{next_} + 16);
  if (next_ % kChunk == 0) {
    slots_->chunks[next_ / kChunk].store(new Chunk, std::memory_order_release);
  }
  return next_++;
}

void RunTable::GiveSlot(uint32_t slot) noexcept {
  MutexLock lock(mutex_);
  free_.push_back(slot);
}

wasinn_backend_sink RunTable::BeginRun(uint32_t slot_number, RunListener* listener) {
  Slot* slot = SlotAt(slot_number);
  MutexLock lock(slot->mutex);
  slot->listener = listener;
  slot->run = ((slot->run >> kSlotBits) + 1) << kSlotBits | slot_number;
  return {
      sizeof(wasinn_backend_sink), this, slot->run, Output, ChunkData, Done, ReadFile, GuestStdout};
}

// A report on its way to the listener.
class RunTable::Report {
 public:
  // `last`: the run ends with it.
  Report(const RunTable& table, uint64_t run, bool last) : slots_(table.slots_) {
    Slot* const slot = table.SlotOf(run);
    if (slot == nullptr) return;
    MutexLock lock(slot->mutex);
    if (slot->listener == nullptr || slot->run != run) return;
    listener_ = slot->listener;
    slot_ = slot;
    if (last) {
      slot->listener = nullptr;
      Wait(*slot);
    }
    ++slot->inside;
    outer_ = std::exchange(innermost, this);
  }
  ~Report() {
    if (listener_ == nullptr) return;
    innermost = outer_;
    MutexLock lock(slot_->mutex);
    --slot_->inside;
    slot_->left.NotifyAll();
  }
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;

  // nullptr for a run that is over.
  RunListener* listener() const { return listener_; }

  // Until only this thread is inside.
  static void Wait(Slot& slot) REQUIRES(slot.mutex) {
    uint32_t own = 0;
    for (const Report* report = innermost; report != nullptr; report = report->outer_) {
      if (report->slot_ == &slot) ++own;
    }
    while (slot.inside > own) slot.left.Wait(slot.mutex);
  }

 private:
  // Of this thread: a listener may call a backend that reports again.
  static thread_local const Report* innermost;

  // Once the listener has been told, the table may be gone.
  const std::shared_ptr<Slots> slots_;
  Slot* slot_ = nullptr;
  RunListener* listener_ = nullptr;
  const Report* outer_ = nullptr;
};

thread_local const RunTable::Report* RunTable::Report::innermost = nullptr;

bool RunTable::EndRun(uint32_t slot_number, uint64_t run) {
  Slot* slot = SlotAt(slot_number);
  MutexLock lock(slot->mutex);
  const bool open = slot->listener != nullptr && slot->run == run;
  if (open) slot->listener = nullptr;
  Report::Wait(*slot);
  return open;
}

void RunTable::Ignored(const char* what, uint64_t run) {
  log_limit_.Log(*log_, WASINN_LOG_WARN,
                 "a backend reported {} for run {:#x}, which is over; ignored", what, run);
}

int32_t RunTable::Output(void* self, uint64_t run, const wasinn_backend_output* output) {
  auto* table = static_cast<RunTable*>(self);
  if (output == nullptr) return 1;
  auto tensor = [&]() -> Result<Tensor> {
    try {
      return TakeOutput(*output);
    } catch (...) {
      return Fail(ErrorOfException());
    }
  }();
  const Report report(*table, run, /*last=*/false);
  if (report.listener() == nullptr) {
    table->Ignored("an output", run);
    return 1;
  }
  return report.listener()->OnOutput(output->port, std::move(tensor)) ? 0 : 1;
}

int32_t RunTable::ChunkData(void* self, uint64_t run, uint32_t port, wasinn_bytes data) {
  auto* table = static_cast<RunTable*>(self);
  const Report report(*table, run, /*last=*/false);
  if (report.listener() == nullptr) {
    table->Ignored("a chunk", run);
    return 1;
  }
  if (data.data == nullptr) data.size = 0;
  return report.listener()->OnChunk(port, {static_cast<const char*>(data.data), data.size}) ? 0 : 1;
}

int32_t RunTable::GuestStdout(void* self, uint64_t run, wasinn_bytes data) {
  auto* table = static_cast<RunTable*>(self);
  const Report report(*table, run, /*last=*/false);
  if (report.listener() == nullptr) {
    table->Ignored("text for standard output", run);
    return 1;
  }
  if (data.data == nullptr) data.size = 0;
  return report.listener()->OnGuestStdout({static_cast<const char*>(data.data), data.size}) ? 0 : 1;
}

void RunTable::Done(void* self, uint64_t run, wasinn_code code, wasinn_str message,
                    int64_t engine_code, const wasinn_backend_usage* usage) {
  auto* table = static_cast<RunTable*>(self);
  const Report report(*table, run, /*last=*/true);
  if (report.listener() == nullptr) {
    table->Ignored("done", run);
    return;
  }
  Result<> result;
  if (code != WASINN_OK) {
    result = Fail(PlainError(CodeFromNumber(code), CutErrorText(View(message))));
    result.error().engine_code = engine_code;
    if (result.error().message.empty()) SayThatNoTextCame(result.error());
  }
  report.listener()->OnDone(std::move(result), usage == nullptr ? wasinn_backend_usage{} : *usage);
}

wasinn_code RunTable::ReadFile(void* self, uint64_t run, wasinn_str path, size_t max,
                               void (*take)(void* to, wasinn_bytes bytes), void* to,
                               wasinn_error* error) {
  auto* table = static_cast<RunTable*>(self);
  std::optional<std::shared_ptr<const GuestDirs>> dirs;
  if (Slot* slot = table->SlotOf(run)) {
    MutexLock lock(slot->mutex);
    if (slot->listener != nullptr && slot->run == run) dirs = slot->listener->guest_dirs();
  }
  try {
    // A slow file system must not hold up a cancel.
    Result<std::string> file = Fail(Code::kCancelled, "the run is over");
    if (dirs) file = (*dirs ? **dirs : GuestDirs()).ReadFile(View(path), max);
    if (!file) return ToC(file.error(), error);
    take(to, {file->data(), file->size()});
    return WASINN_OK;
  } catch (...) {
    return ToC(ErrorOfException(), error);
  }
}

}  // namespace wasinn
