#include "golden/case_run.h"

#include <cstring>

#include "base/text.h"
#include "echo/echo.h"

namespace wasinn::golden {
namespace {

constexpr size_t kMaxMemory = 64 << 20;
constexpr uint8_t kUntouched = 0xaa;

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

// `... contains "part"` matches any text with that part.
const Value* ContainsPart(const Statement& statement) {
  const auto& operands = statement.operands;
  if (operands.size() < 2 || operands[operands.size() - 2].text != "contains") return nullptr;
  return &operands.back();
}

}  // namespace

CaseRun::CaseRun(const Settings& settings, inproc::Wait wait, std::string snapshot)
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

Result<> CaseRun::StepInside(const Statement& statement) {
  const auto& operands = statement.operands;
  outcome_ = {};
  switch (statement.verb) {
    case Verb::kMemory: {
      WASINN_TRY(size, ToNumber(operands[0], names_));
      if (size < 0 || static_cast<size_t>(size) > kMaxMemory) {
        return Fail(Code::kInvalidArgument, "memory: expected 0 to {} bytes, given {}", kMaxMemory,
                    size);
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
      if (size < 0 || static_cast<size_t>(size) > kMaxMemory) {
        return Fail(Code::kInvalidArgument, "space: expected at most {} bytes", kMaxMemory);
      }
      WASINN_CHECK(
          Place(operands[0].text, std::vector<uint8_t>(static_cast<size_t>(size), kUntouched)));
      return {};
    }
    case Verb::kTensor:
    case Verb::kLegacyTensor:
      return PlaceTensor(statement);
    case Verb::kWitx:
      return CallCore("wasi_ephemeral_nn", statement);
    case Verb::kExt:
      return CallCore("wasinn_nn", statement);
    case Verb::kLegacy:
      return CallCore("wasi_nn", statement);
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
    if (operands.size() < 3) return Fail(Code::kInvalidArgument, "model: expected more values");
    content = operands[2].text;
    path = (settings_.root / operands[2].text).lexically_normal().string();
    next = 3;
  } else if (form != "echo") {
    return Fail(Code::kInvalidArgument, "model: expected echo, bytes or file, given '{}'", form);
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
      return Fail(Code::kInvalidArgument, "model: expected NAME=VALUE, given '{}'", text);
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
    return Fail(Code::kInvalidArgument,
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

// tensor NAME [dims] NUMBER TYPE VALUES (or legacy_tensor): the record that set_input reads, and
// what it points to.
Result<> CaseRun::PlaceTensor(const Statement& statement) {
  const auto& operands = statement.operands;
  const std::string& name = operands[0].text;
  WASINN_TRY(dims, Encode("u32", operands[1].items, names_));
  WASINN_TRY(number, ToNumber(operands[2], names_));
  WASINN_TRY(bytes, Encode(operands[3].text, std::span(operands).subspan(4), names_));
  WASINN_TRY(dims_at, Place(name + ".dims", dims));
  WASINN_TRY(data_at, Place(name + ".data", bytes));
  const auto rank = static_cast<uint32_t>(dims.size() / 4);
  const auto place = [&](const std::string& as, std::span<const uint32_t> record) {
    return Place(as, {reinterpret_cast<const uint8_t*>(record.data()), record.size_bytes()});
  };
  if (statement.verb == Verb::kLegacyTensor) {
    const uint32_t list[] = {dims_at, rank};
    WASINN_TRY(list_at, place(name + ".list", list));
    const uint32_t record[] = {list_at, static_cast<uint32_t>(number), data_at};
    WASINN_CHECK(place(name, record));
    return {};
  }
  const uint32_t record[] = {dims_at, rank, static_cast<uint32_t>(number), data_at,
                             static_cast<uint32_t>(bytes.size())};
  WASINN_CHECK(place(name, record));
  return {};
}

Result<> CaseRun::CallCore(const char* module, const Statement& statement) {
  WASINN_CHECK(EnsureGuest());
  const std::string& name = statement.operands[0].text;
  const wasinn_core_import* import = inproc::FindCoreImport(module, name);
  if (import == nullptr) return Fail(Code::kNotFound, "no function of {} named '{}'", module, name);
  std::vector<uint64_t> args;
  for (const Value& operand : std::span(statement.operands).subspan(1)) {
    WASINN_TRY(number, ToNumber(operand, names_));
    args.push_back(static_cast<uint32_t>(number));
  }
  if (args.size() != std::strlen(import->params)) {
    return Fail(Code::kInvalidArgument, "{}: expected {} arguments, given {}", name,
                std::strlen(import->params), args.size());
  }
  uint64_t result = ~0ull;
  outcome_.state = guest_->Call(*import, args, &result);
  outcome_.errno_value = static_cast<uint32_t>(result);
  outcome_.error = guest_->last_error();
  return {};
}

Result<> CaseRun::CallPoll(const Statement& statement) {
  const std::string& name = statement.operands[1].text;
  const auto operands = std::span(statement.operands).subspan(2);
  const bool asks = name == "[method]pollable.ready";
  if ((!asks && name != "poll") || operands.size() != 1) {
    return Fail(Code::kNotFound,
                "poll: expected `[method]pollable.ready $p` or `poll [$p ...]`, given '{}'", name);
  }
  std::vector<inproc::Pollable*> pollables;
  for (const Value& value : asks ? operands : std::span(operands[0].items)) {
    WASINN_TRY(handle, ToNumber(value, names_));
    const auto found = pollables_.find(static_cast<uint32_t>(handle));
    if (found == pollables_.end()) {
      return Fail(Code::kNotFound, "poll: expected a pollable, given {}", handle);
    }
    pollables.push_back(&found->second);
  }
  if (asks) {
    outcome_.type = Type{"bool", {}};
    outcome_.val.word = pollables[0]->Ready() ? 1 : 0;
    return {};
  }
  polled_.clear();
  for (const size_t index : guest_->Poll(pollables))
    polled_.push_back(static_cast<uint32_t>(index));
  outcome_.type = Type{"list", {Type{"u32", {}}}};
  outcome_.val.bytes = {polled_.data(), polled_.size() * sizeof(uint32_t)};
  return {};
}

Result<> CaseRun::CallWit(const Statement& statement) {
  WASINN_CHECK(EnsureGuest());
  if (statement.operands[0].text == "poll") return CallPoll(statement);
  if (snapshot_.empty()) return Fail(Code::kInvalidArgument, "expected `snapshots` above");
  const std::string interface = Interface(statement.operands[0].text);
  const std::string& name = statement.operands[1].text;
  const wasinn_component_import* import = inproc::FindComponentImport(interface, name);
  if (import == nullptr) {
    return Fail(Code::kNotFound, "no function named '{}' in {}", name, interface);
  }
  WASINN_TRY(signature, ParseSignature(import->signature));
  const auto operands = std::span(statement.operands).subspan(2);
  if (operands.size() != signature.parameters.size()) {
    return Fail(Code::kInvalidArgument, "{}: expected {} arguments, given {}", name,
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
  constexpr std::string_view kPollable = "-> result<own<pollable>";
  if (std::string_view(import->signature).find(kPollable) != std::string_view::npos &&
      outcome_.state == WASINN_CALL_DONE && outcome_.val.tag == 0) {
    outcome_.val.word = next_pollable_++;
    pollables_.try_emplace(outcome_.val.word, outcome_.val);
    outcome_.val.release = nullptr;
  }
  return {};
}

Result<> CaseRun::Drop(const Statement& statement) {
  WASINN_CHECK(EnsureGuest());
  const std::string& name = statement.operands[0].text;
  WASINN_TRY(handle, ToNumber(statement.operands[1], names_));
  if (name == "pollable") {
    pollables_.erase(static_cast<uint32_t>(handle));
    return {};
  }
  for (const char* interface : {"tensor", "graph", "inference", "errors", "prompt"}) {
    const auto* resource = inproc::FindComponentResource(Interface(interface), name);
    if (resource == nullptr) continue;
    guest_->Drop(*resource, static_cast<uint32_t>(handle));
    return {};
  }
  return Fail(Code::kNotFound, "no resource named '{}'", name);
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
    constexpr std::string_view kWords[] = {"errno", "returns", "trap", "error", "stdout"};
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
    // `TYPE contains "part"`
    Value type{Value::Kind::kTyped, "", 0, {}};
    if (given != nullptr && given->operands.size() == 3 && ContainsPart(*given) != nullptr) {
      type.text = given->operands[0].text;
      hint = type.text == "error" ? nullptr : &type;
    }
    add(Verb::kReturns, "returns " + ShowReturns(hint));
  }
  if (failed || find(Verb::kError) != nullptr) {
    add(Verb::kError, "error " + Quote(outcome_.error));
  }
  if (guest_ != nullptr) {
    const std::string written = guest_->TakeStdout();
    if (!written.empty()) add(Verb::kStdout, "stdout " + Quote(written));
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

}  // namespace wasinn::golden
