// A compute in the background, and reading what it has given so far.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "sched/execution.h"
#include "session/call.h"

namespace wasinn {

enum class RunStatus {
  kRunning,   // and nothing new to read
  kReadable,  // still running, and a streamed piece can be read
  kDone,      // ended well: the outputs are there, and pieces that were not read yet
};

// The event that a wait waits for, besides the end of the run.
enum class WaitFor { kPiece, kEnd };

// A part of an output.
struct Piece {
  enum class State {
    kNothingYet,
    kBytes,
    kEnd,  // all was read
  };
  State state;
  // Never empty with kBytes; valid until the next piece is read or the run is dropped.
  std::span<const uint8_t> bytes;
};

class RunSignal;

// Told that a run has news. Any thread.
class NewsListener {
 public:
  virtual ~NewsListener() = default;
  virtual void News() noexcept = 0;
};

// Tells whether a run has news, for as long as somebody asks: also after the run, its context and
// its session are gone. Any thread.
class RunPollable {
 public:
  RunPollable(std::weak_ptr<Execution> execution, std::shared_ptr<RunSignal> signal);
  ~RunPollable();
  RunPollable(const RunPollable&) = delete;
  RunPollable& operator=(const RunPollable&) = delete;

  // Whether a piece can be read or the run has ended, which is final; see wasinn_pollable_ready.
  bool Ready(const wasinn_waker* waker);

 private:
  class Waker;

  // Weak, since a pollable that a guest keeps must not keep its context.
  const std::weak_ptr<Execution> execution_;
  const std::shared_ptr<RunSignal> signal_;
  const std::shared_ptr<Waker> waker_;
  const uint64_t watch_;
};

// Only the thread of the session's calls uses it; it ends with the next compute of its context. The
// state that the backend's threads use is shared with them, so a Run may be destroyed while they
// are at work: the backend's run is then cancelled.
class Run {
 public:
  enum class Kind {
    kBackground,  // polled and waited for
    kSingle,      // stepped through by compute_single
  };

  static Result<std::unique_ptr<Run>> Start(std::shared_ptr<Execution> execution,
                                            std::vector<Execution::Input> inputs,
                                            std::chrono::steady_clock::time_point deadline,
                                            Kind kind);
  ~Run();
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  Kind kind() const { return kind_; }
  const std::shared_ptr<Execution>& execution() const { return execution_; }
  bool ended() const { return execution_->progress().ended; }
  void Cancel(Error why) noexcept { execution_->Cancel(std::move(why)); }

  // The error of a run that has failed, even while there are pieces left to read.
  Result<RunStatus> Status() const;
  // A call that ends with the next news of that kind. News that came before does not end it, so
  // look again after this.
  std::shared_ptr<PendingCall> Watch(WaitFor what);
  std::unique_ptr<RunPollable> Subscribe() const;

  // The next `max` bytes of an output, or fewer if fewer have arrived: from the stream or, once the
  // run has succeeded, from an output that the backend gave as a whole. If the run failed, its
  // error follows the last streamed bytes.
  Result<Piece> Read(uint32_t port, size_t max);

  // ---- kSingle: a chunk at a time, as the backend cut them; of output 0
  // nullopt when nothing has arrived yet. END_OF_SEQUENCE after the last; a model that does not
  // stream gives its outputs as the one chunk.
  std::optional<Result<>> Step();
  // Whether Step has failed or Close was called, so that the next step is of a new run.
  bool over() const { return over_; }
  // Ends the stream; its outputs are gone unless Step has reached its end.
  void Close();
  // Whether the outputs of the whole run may be read: whether that depends on how far the guest has
  // read, and not on how fast the backend is.
  bool complete() const { return complete_; }
  // Output `port` of the last step: of a streamed one, the chunk is output 0 and the others are
  // the outputs that the backend has delivered so far. INVALID_ARGUMENT if there was no step.
  Result<Tensor> StepOutput(uint32_t port) const;

 private:
  // For a run that succeeded: why it gave no such output.
  Result<const Tensor*> WholeOutput(uint32_t port) const;

  Run(std::shared_ptr<Execution> execution, Kind kind);

  const std::shared_ptr<Execution> execution_;
  const Kind kind_;
  const std::shared_ptr<RunSignal> signal_;
  std::string piece_;                        // the memory behind Piece::bytes
  std::map<uint32_t, uint64_t> whole_read_;  // bytes read of outputs that were not streamed

  bool started_ = false;
  bool over_ = false;
  bool complete_ = false;
  bool whole_ = false;           // the step gave the outputs as they are
  std::optional<Tensor> chunk_;  // of the last step
};

}  // namespace wasinn
