#include "golden/runner.h"

#include <wasinn/adapter.h>

#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "base/text.h"
#include "echo/echo.h"
#include "golden/values.h"
#include "golden/wit.h"
#include "inproc/inproc.h"

namespace wasinn::golden {
namespace {

constexpr size_t kMostMemory = 64 << 20;
constexpr size_t kFirstAddress = 1024;
constexpr uint8_t kUntouched = 0xaa;

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

std::string Canonical(const Value& value, const Names& names);

std::string CanonicalList(std::span<const Value> values, const Names& names) {
  std::string text;
  for (const Value& value : values) text += (text.empty() ? "" : " ") + Canonical(value, names);
  return text;
}

// A value as results are written, so that both compare as text.
std::string Canonical(const Value& value, const Names& names) {
  switch (value.kind) {
    case Value::Kind::kWord:
      return value.text;
    case Value::Kind::kName:
      return value.offset == 0 ? "$" + value.text
                               : fmt::format("${}{:+}", value.text, value.offset);
    case Value::Kind::kText:
      return Quote(value.text);
    case Value::Kind::kTyped: {
      const auto bytes = Encode(value.text, value.items, names);
      if (!bytes) return fmt::format("{}({})", value.text, bytes.error().message);
      std::string type = value.text;
      const std::string text = Decode(type, *bytes);
      return type + "(" + text + ")";
    }
    case Value::Kind::kList:
      return "[" + CanonicalList(value.items, names) + "]";
    case Value::Kind::kTuple:
      return "(" + CanonicalList(value.items, names) + ")";
  }
  return "";
}

// `... contains "part"` stands for any text with that part.
const Value* ContainsPart(const Statement& statement) {
  const auto& operands = statement.operands;
  if (operands.size() < 2 || operands[operands.size() - 2].text != "contains") return nullptr;
  return &operands.back();
}

bool MakesSession(Verb verb) { return verb == Verb::kMemory || verb == Verb::kPolicy; }

// One pass of one case.
class CaseRun {
 public:
  CaseRun(const Settings& settings, inproc::Wait wait, std::string snapshot)
      : settings_(settings), wait_(wait), snapshot_(std::move(snapshot)) {
    wasinn_error error{};
    wasinn_engine_options options = WASINN_ENGINE_OPTIONS_INIT;
    options.threads = 2;
    backend_path_ = settings.backend_path.string();
    options.backend_path = backend_path_.c_str();
    wasinn_engine* engine = nullptr;
    if (wasinn_engine_create(&options, &engine, &error) == WASINN_OK) engine_.reset(engine);
    wasinn_policy* policy = nullptr;
    if (wasinn_policy_create(&policy, &error) == WASINN_OK) policy_.reset(policy);
  }

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
    return Fail(Code::kINVALID_ARGUMENT, "line {}: {}", statement.line, result.error().message);
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
  Result<> Drop(const Statement& statement);
  // Of wasi:nn in the snapshot of this pass, or of wasinn's own package.
  std::string Interface(std::string_view name) const {
    if (name == "info" || name == "runs") return fmt::format("wasinn:nn/{}@0.1.0", name);
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
  size_t next_address_ = kFirstAddress;
  Names names_;
  std::string skip_reason_;

  // Of the last action.
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

Result<> CaseRun::StepInside(const Statement& statement) {
  const auto& operands = statement.operands;
  outcome_ = {};
  switch (statement.verb) {
    case Verb::kMemory: {
      WASINN_TRY(size, ToNumber(operands[0], names_));
      if (size < 0 || static_cast<size_t>(size) > kMostMemory) {
        return Fail(Code::kINVALID_ARGUMENT, "memory: expected 0 to {} bytes, given {}",
                    kMostMemory, size);
      }
      memory_size_ = static_cast<size_t>(size);
      return {};
    }
    case Verb::kModel:
      return AddModel(statement);
    case Verb::kPolicy: {
      wasinn_error error{};
      const std::string& value = operands[1].text;
      return FromCall(
          wasinn_policy_set(policy_.get(), ToStr(operands[0].text), ToStr(value), &error), error);
    }
    case Verb::kRequires:
      return Require(operands[0].text);
    case Verb::kPut: {
      WASINN_TRY(address, ToNumber(operands[0], names_));
      WASINN_TRY(bytes, Encode(operands[1].text, std::span(operands).subspan(2), names_));
      WASINN_TRY(memory, Memory(address, bytes.size()));
      std::ranges::copy(bytes, memory.begin());
      return {};
    }
    case Verb::kData: {
      WASINN_TRY(bytes, Encode(operands[1].text, std::span(operands).subspan(2), names_));
      WASINN_CHECK(Place(operands[0].text, bytes));
      return {};
    }
    case Verb::kSpace: {
      WASINN_TRY(size, ToNumber(operands[1], names_));
      if (size < 0 || static_cast<size_t>(size) > kMostMemory) {
        return Fail(Code::kINVALID_ARGUMENT, "space: expected at most {} bytes", kMostMemory);
      }
      WASINN_CHECK(
          Place(operands[0].text, std::vector<uint8_t>(static_cast<size_t>(size), kUntouched)));
      return {};
    }
    case Verb::kTensor:
      return PlaceTensor(statement);
    case Verb::kWitx:
      return CallCore("wasi_ephemeral_nn", statement);
    case Verb::kExt:
      return CallCore("wasinn_nn", statement);
    case Verb::kWit:
      return CallWit(statement);
    case Verb::kDrop:
      return Drop(statement);
    case Verb::kCancel:
      WASINN_CHECK(EnsureGuest());
      wasinn_session_cancel(guest_->session());
      return {};
    default:
      return {};
  }
}

Result<> CaseRun::AddModel(const Statement& statement) {
  const auto& operands = statement.operands;
  const std::string& form = operands[1].text;
  wasinn_model_config config = WASINN_MODEL_CONFIG_INIT;
  config.name = ToStr(operands[0].text);
  std::string content = "wasinn-echo\n" + statement.body;
  std::string path;
  size_t next = 2;
  if (form == "bytes" || form == "file") {
    if (operands.size() < 3) return Fail(Code::kINVALID_ARGUMENT, "model: expected more values");
    content = operands[2].text;
    path = (settings_.root / operands[2].text).lexically_normal().string();
    next = 3;
  } else if (form != "echo") {
    return Fail(Code::kINVALID_ARGUMENT, "model: expected echo, bytes or file, given '{}'", form);
  }
  if (form == "file") {
    if (!std::filesystem::exists(path)) {
      skip_reason_ = fmt::format("{} is not there; ./dev build makes it", operands[2].text);
      return {};
    }
    config.path = path.c_str();
  } else {
    config.content = {content.data(), content.size()};
  }
  std::vector<wasinn_option> options;
  for (const Value& operand : std::span(operands).subspan(next)) {
    const std::string_view text = operand.text;
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos) {
      return Fail(Code::kINVALID_ARGUMENT, "model: expected NAME=VALUE, given '{}'", text);
    }
    const std::string_view value = text.substr(equals + 1);  // ends with the word: NUL-terminated
    if (text.starts_with("backend=")) {
      config.backend = value.data();
    } else if (text.starts_with("encoding=")) {
      config.encoding = value.data();
    } else {
      options.push_back({ToStr(text.substr(0, equals)), ToStr(value)});
    }
  }
  config.options = options.data();
  config.option_count = options.size();
  wasinn_error error{};
  return FromCall(wasinn_engine_add_model_config(engine_.get(), &config, &error), error);
}

Result<> CaseRun::Require(std::string_view what) {
  for (const wasinn_backend* linked :
       {wasinn_backend_echo_blocking_entry(), wasinn_backend_echo_generating_entry()}) {
    if (what != linked->name) continue;
    wasinn_error error{};
    return FromCall(wasinn_engine_add_backend(engine_.get(), linked, &error), error);
  }
  if (!std::filesystem::exists(settings_.backend_path / fmt::format("{}.so", what))) {
    skip_reason_ = fmt::format("the backend {} is not built", what);
  }
  return {};
}

Result<> CaseRun::EnsureGuest() {
  if (guest_ != nullptr) return {};
  wasinn_error error{};
  guest_ = inproc::Guest::Create(engine_.get(), policy_.get(), memory_size_, &error);
  if (guest_ == nullptr) return FromCall(error.code, error);
  guest_->set_wait(wait_);
  return {};
}

Result<std::span<uint8_t>> CaseRun::Memory(int64_t address, size_t size) {
  WASINN_CHECK(EnsureGuest());
  std::vector<uint8_t>& memory = guest_->memory();
  if (address < 0 || static_cast<uint64_t>(address) > memory.size() ||
      memory.size() - static_cast<uint64_t>(address) < size) {
    return Fail(Code::kINVALID_ARGUMENT,
                "expected a range in the {} bytes of memory, given {} at {}", memory.size(), size,
                address);
  }
  return std::span(memory).subspan(static_cast<size_t>(address), size);
}

Result<uint32_t> CaseRun::Place(const std::string& name, std::span<const uint8_t> bytes) {
  WASINN_TRY(memory, Memory(static_cast<int64_t>(next_address_), bytes.size()));
  std::ranges::copy(bytes, memory.begin());
  const auto address = static_cast<uint32_t>(next_address_);
  names_[name] = address;
  names_[name + ".size"] = bytes.size();
  next_address_ += (bytes.size() + 15) / 16 * 16 + 16;
  return address;
}

// tensor NAME [dims] NUMBER TYPE VALUES: the record that set_input reads, and what it points to.
Result<> CaseRun::PlaceTensor(const Statement& statement) {
  const auto& operands = statement.operands;
  const std::string& name = operands[0].text;
  WASINN_TRY(dims, Encode("u32", operands[1].items, names_));
  WASINN_TRY(number, ToNumber(operands[2], names_));
  WASINN_TRY(bytes, Encode(operands[3].text, std::span(operands).subspan(4), names_));
  WASINN_TRY(dims_at, Place(name + ".dims", dims));
  WASINN_TRY(data_at, Place(name + ".data", bytes));
  const uint32_t record[] = {dims_at, static_cast<uint32_t>(dims.size() / 4),
                             static_cast<uint32_t>(number), data_at,
                             static_cast<uint32_t>(bytes.size())};
  WASINN_CHECK(Place(name, {reinterpret_cast<const uint8_t*>(record), sizeof(record)}));
  return {};
}

Result<> CaseRun::CallCore(const char* module, const Statement& statement) {
  WASINN_CHECK(EnsureGuest());
  const std::string& name = statement.operands[0].text;
  const wasinn_core_import* import = inproc::FindCoreImport(module, name);
  if (import == nullptr) {
    return Fail(Code::kNOT_FOUND, "no function named '{}' in {}", name, module);
  }
  std::vector<uint64_t> args;
  for (const Value& operand : std::span(statement.operands).subspan(1)) {
    WASINN_TRY(number, ToNumber(operand, names_));
    args.push_back(static_cast<uint32_t>(number));
  }
  if (args.size() != std::strlen(import->params)) {
    return Fail(Code::kINVALID_ARGUMENT, "{}: expected {} arguments, given {}", name,
                std::strlen(import->params), args.size());
  }
  uint64_t result = ~0ull;
  outcome_.state = guest_->Call(*import, args, &result);
  outcome_.errno_value = static_cast<uint32_t>(result);
  outcome_.error = guest_->last_error();
  return {};
}

Result<> CaseRun::CallWit(const Statement& statement) {
  WASINN_CHECK(EnsureGuest());
  if (snapshot_.empty()) return Fail(Code::kINVALID_ARGUMENT, "expected `snapshots` above");
  const std::string interface = Interface(statement.operands[0].text);
  const std::string& name = statement.operands[1].text;
  const wasinn_component_import* import = inproc::FindComponentImport(interface, name);
  if (import == nullptr) {
    return Fail(Code::kNOT_FOUND, "no function named '{}' in {}", name, interface);
  }
  WASINN_TRY(signature, ParseSignature(import->signature));
  const auto operands = std::span(statement.operands).subspan(2);
  if (operands.size() != signature.parameters.size()) {
    return Fail(Code::kINVALID_ARGUMENT, "{}: expected {} arguments, given {}", name,
                signature.parameters.size(), operands.size());
  }
  Arena arena;
  std::vector<wasinn_val> args;
  for (size_t i = 0; i < operands.size(); ++i) {
    WASINN_TRY(lifted, Lift(signature.parameters[i], operands[i], names_, arena));
    args.push_back(lifted);
  }
  outcome_.state = guest_->Call(*import, args, &outcome_.val);
  outcome_.error = guest_->last_error();
  outcome_.bind = statement.bind;
  if (!signature.results.empty()) outcome_.type = signature.results[0];
  return {};
}

Result<> CaseRun::Drop(const Statement& statement) {
  WASINN_CHECK(EnsureGuest());
  const std::string& name = statement.operands[0].text;
  WASINN_TRY(handle, ToNumber(statement.operands[1], names_));
  for (const char* interface : {"tensor", "graph", "inference", "errors", "prompt"}) {
    const auto* resource = inproc::FindComponentResource(Interface(interface), name);
    if (resource == nullptr) continue;
    guest_->Drop(*resource, static_cast<uint32_t>(handle));
    return {};
  }
  return Fail(Code::kNOT_FOUND, "no resource named '{}'", name);
}

// `error CODE "data"`, asked of the error resource as a guest does.
std::string CaseRun::ShowError(uint32_t handle) {
  wasinn_val self{};
  self.word = handle;
  wasinn_val result{};
  const auto call = [&](const char* method) {
    return guest_->Call(*inproc::FindComponentImport(Interface("errors"), method), {&self, 1},
                        &result) == WASINN_CALL_DONE;
  };
  if (!call("[method]error.code")) return "error without a code";
  std::string text = "error " + EnumCase("error-code", result.word);
  if (!call("[method]error.data")) return text + " without data";
  text += " " + Quote({static_cast<const char*>(result.bytes.data), result.bytes.size});
  if (!outcome_.bind.empty()) {
    names_[outcome_.bind] = handle;
  } else {
    guest_->Drop(*inproc::FindComponentResource(Interface("errors"), "error"), handle);
  }
  return text;
}

std::string CaseRun::ShowReturns(const Value* hint) {
  if (!outcome_.type) return "";
  std::optional<uint32_t> error_handle;
  std::string text = Show(*outcome_.type, outcome_.val, hint, outcome_.bind, names_, error_handle);
  if (outcome_.val.release != nullptr) outcome_.val.release(outcome_.val.owner);
  return error_handle ? ShowError(*error_handle) : text;
}

Result<Expectations> CaseRun::Compare(std::span<const Statement> expectations) {
  Expectations lines;
  const auto find = [&](Verb verb) -> const Statement* {
    for (const Statement& statement : expectations) {
      if (statement.verb == verb) return &statement;
    }
    return nullptr;
  };
  for (const Statement& statement : expectations) {
    constexpr std::string_view kWords[] = {"errno", "returns", "trap", "error"};
    if (statement.verb == Verb::kMem) continue;
    std::string line(kWords[static_cast<int>(statement.verb) - static_cast<int>(Verb::kErrno)]);
    const std::string operands = CanonicalList(statement.operands, names_);
    lines.given.push_back(operands.empty() ? line : line + " " + operands);
  }
  // An actual line; one that has the part that `contains` asks for is written as the file has it.
  const auto add = [&](Verb verb, std::string line) {
    const Statement* given = find(verb);
    const Value* part = given == nullptr ? nullptr : ContainsPart(*given);
    if (part != nullptr &&
        line.find(Quote(part->text).substr(1, Quote(part->text).size() - 2)) != std::string::npos) {
      const auto fixed = std::span(given->operands).first(given->operands.size() - 2);
      const std::string word = line.substr(0, line.find(' '));
      const std::string start = fixed.empty() ? word : word + " " + CanonicalList(fixed, names_);
      if (line.starts_with(start)) line = start + " contains " + Quote(part->text);
    }
    lines.actual.push_back(std::move(line));
  };
  bool failed = false;
  if (outcome_.state == WASINN_CALL_TRAP) {
    add(Verb::kTrap, "trap");
    failed = true;
  } else if (outcome_.errno_value) {
    add(Verb::kErrno, fmt::format("errno {}", *outcome_.errno_value));
    failed = *outcome_.errno_value != 0;
  } else if (outcome_.type) {
    const Statement* given = find(Verb::kReturns);
    const Value* hint =
        given != nullptr && given->operands.size() == 1 ? &given->operands[0] : nullptr;
    add(Verb::kReturns, "returns " + ShowReturns(hint));
  }
  if (failed || find(Verb::kError) != nullptr) {
    add(Verb::kError, "error " + Quote(outcome_.error));
  }
  for (const Statement& statement : expectations) {
    if (statement.verb != Verb::kMem) continue;
    const auto& operands = statement.operands;
    WASINN_TRY(address, ToNumber(operands[0], names_));
    WASINN_TRY(bytes, Encode(operands[1].text, std::span(operands).subspan(2), names_));
    WASINN_TRY(memory, Memory(address, bytes.size()));
    const std::string at = "mem " + Canonical(operands[0], names_) + " ";
    std::string type = operands[1].text;
    std::string values = Decode(type, bytes);
    lines.given.push_back(at + type + " " + values);
    values = Decode(type, memory);
    lines.actual.push_back(at + type + " " + values);
  }
  return lines;
}

// Where the expectations below an action stand, and what they should be.
struct Edit {
  std::vector<size_t> lines;  // from 1
  std::vector<std::string> actual;
};

class FileRun {
 public:
  FileRun(std::string_view text, const Settings& settings) : text_(text), settings_(settings) {}

  Report Run() {
    auto file = Parse(text_);
    if (!file) {
      report_.failed = 1;
      report_.messages.push_back(file.error().message);
      report_.rebased = text_;
      return report_;
    }
    std::vector<std::string> snapshots;
    for (const Statement& statement : file->prelude) {
      if (statement.verb != Verb::kSnapshots) continue;
      for (const Value& value : statement.operands) snapshots.push_back(value.text);
    }
    if (snapshots.empty()) snapshots.emplace_back();
    if (file->cases.empty()) {
      report_.failed = 1;
      report_.messages.emplace_back("expected at least one case, given none");
    }
    for (const Case& one : file->cases) RunCase(file->prelude, one, snapshots);
    report_.rebased = Rebase();
    return report_;
  }

 private:
  void RunCase(const std::vector<Statement>& prelude, const Case& one,
               const std::vector<std::string>& snapshots) {
    std::vector<Statement> statements = prelude;
    statements.insert(statements.end(), one.statements.begin(), one.statements.end());
    std::set<std::string> problems;
    std::string skip;
    for (const std::string& snapshot : snapshots) {
      for (const inproc::Wait wait : {inproc::Wait::kBlock, inproc::Wait::kWaker}) {
        const std::string pass =
            fmt::format("{}{}{}", snapshot, snapshot.empty() ? "" : ", ",
                        wait == inproc::Wait::kBlock ? "blocking" : "with a waker");
        CaseRun run(settings_, wait, snapshot);
        if (auto result = RunPass(run, statements); !result) {
          problems.insert(fmt::format("{} ({})", result.error().message, pass));
        }
        skip = run.skip_reason();
      }
    }
    if (!skip.empty()) {
      ++report_.skipped;
      report_.messages.push_back(fmt::format("{}: {}: skipped: {}", one.line, one.name, skip));
      return;
    }
    ++(problems.empty() ? report_.passed : report_.failed);
    for (const std::string& problem : problems) {
      report_.messages.push_back(fmt::format("{}: {}: {}", one.line, one.name, problem));
    }
  }

  Result<> RunPass(CaseRun& run, const std::vector<Statement>& statements) {
    // What the session is made with comes first, wherever it stands.
    for (const Statement& statement : statements) {
      if (MakesSession(statement.verb)) WASINN_CHECK(run.Step(statement));
    }
    std::string wrong;
    for (size_t i = 0; i < statements.size();) {
      const Statement& action = statements[i];
      size_t end = i + 1;
      while (end < statements.size() && IsExpectation(statements[end].verb)) ++end;
      if (!MakesSession(action.verb)) WASINN_CHECK(run.Step(action));
      if (!run.skip_reason().empty()) return {};
      const auto expected = std::span(statements).subspan(i + 1, end - i - 1);
      auto lines = run.Compare(expected);
      if (!lines) {
        return Fail(Code::kINVALID_ARGUMENT, "line {}: {}", action.line, lines.error().message);
      }
      if (lines->given != lines->actual) {
        wrong += fmt::format("\n  line {}: expected\n    {}\n  given\n    {}", action.line,
                             fmt::join(lines->given, "\n    "), fmt::join(lines->actual, "\n    "));
        Edit edit;
        for (const Statement& statement : expected) edit.lines.push_back(statement.line);
        edit.actual = lines->actual;
        edits_.try_emplace(action.line, std::move(edit));
      }
      i = end;
    }
    if (!wrong.empty()) return Fail(Code::kINVALID_ARGUMENT, "{}", wrong);
    return {};
  }

  std::string Rebase() const {
    std::set<size_t> old;
    for (const auto& [line, edit] : edits_) old.insert(edit.lines.begin(), edit.lines.end());
    std::string text;
    size_t number = 0;
    const auto lines = Split(text_, '\n');
    for (const std::string_view line : lines) {
      ++number;
      if (!old.contains(number)) {
        text += line;
        if (number != lines.size()) text += '\n';
      }
      if (const auto edit = edits_.find(number); edit != edits_.end()) {
        for (const std::string& actual : edit->second.actual) text += actual + "\n";
      }
    }
    return text;
  }

  const std::string_view text_;
  const Settings& settings_;
  Report report_;
  std::map<size_t, Edit> edits_;  // by the action's line
};

}  // namespace

Report RunText(std::string_view text, const Settings& settings) {
  return FileRun(text, settings).Run();
}

}  // namespace wasinn::golden
