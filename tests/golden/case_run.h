// One pass of one golden case: its calls and their outcomes.
#pragma once

#include <wasinn/adapter.h>

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "golden/format.h"
#include "golden/runner.h"
#include "golden/values.h"
#include "golden/wit.h"
#include "inproc/inproc.h"

namespace wasinn::golden {

struct EngineDeleter {
  void operator()(wasinn_engine* engine) const { wasinn_engine_free(engine); }
};
struct PolicyDeleter {
  void operator()(wasinn_policy* policy) const { wasinn_policy_free(policy); }
};

// The expectation lines below an action, as the file has them and as they came out.
struct Expectations {
  std::vector<std::string> given;
  std::vector<std::string> actual;
};

// One pass of one case.
class CaseRun {
 public:
  CaseRun(const Settings& settings, inproc::Wait wait, std::string snapshot);

  // Runs a set-up statement or an action.
  Result<> Step(const Statement& statement) {
    WASINN_CHECK(At(statement, StepInside(statement)));
    return {};
  }
  // The expectations below the action that Step ran last.
  Result<Expectations> Compare(std::span<const Statement> expectations);

  const std::string& skip_reason() const { return skip_reason_; }

 private:
  static Result<> At(const Statement& statement, Result<> result) {
    if (result) return {};
    return Fail(Code::kInvalidArgument, "line {}: {}", statement.line, result.error().message);
  }
  static Result<> FromCall(wasinn_code code, const wasinn_error& error) {
    if (code == WASINN_OK) return {};
    return Fail(Error{CodeFromNumber(code), error.message, 0});
  }

  Result<> StepInside(const Statement& statement);
  Result<> AddModel(const Statement& statement);
  Result<> Require(std::string_view what);
  Result<> EnsureGuest();
  Result<std::span<uint8_t>> Memory(int64_t address, size_t size);
  Result<uint32_t> Place(const std::string& name, std::span<const uint8_t> bytes);
  Result<> PlaceTensor(const Statement& statement);
  Result<> CallCore(const char* module, const Statement& statement);
  Result<> CallWit(const Statement& statement);
  // A function of wasi:io/poll.
  Result<> CallPoll(const Statement& statement);
  Result<> Drop(const Statement& statement);
  // Of wasi:nn in the snapshot of this pass, or of wasinn's own package.
  std::string Interface(std::string_view name) const {
    if (name == "info" || name == "runs" || name == "pollables") {
      return fmt::format("wasinn:nn/{}@0.1.0", name);
    }
    return fmt::format("wasi:nn/{}@0.2.0-rc-{}", name, snapshot_);
  }
  std::string ShowError(uint32_t handle);
  std::string ShowReturns(const Value* hint);

  const Settings& settings_;
  const inproc::Wait wait_;
  const std::string snapshot_;
  std::string backend_path_;
  std::unique_ptr<wasinn_engine, EngineDeleter> engine_;
  std::unique_ptr<wasinn_policy, PolicyDeleter> policy_;
  std::unique_ptr<inproc::Guest> guest_;
  size_t memory_size_ = 65536;
  size_t next_address_ = 1024;
  Names names_;
  // Before the guest, whose waker they may know, ends.
  std::map<uint32_t, inproc::Pollable> pollables_;
  uint32_t next_pollable_ = 0;
  std::vector<uint32_t> polled_;  // by the last poll
  std::string skip_reason_;

  // The outcome of the last action.
  struct Outcome {
    wasinn_call_state state = WASINN_CALL_DONE;
    std::optional<uint32_t> errno_value;
    std::optional<Type> type;
    wasinn_val val{};
    std::string bind;
    std::string error;
  };
  Outcome outcome_;
};

}  // namespace wasinn::golden
