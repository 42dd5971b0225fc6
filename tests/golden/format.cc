#include "golden/format.h"

#include <array>
#include <charconv>
#include <optional>

#include "base/text.h"

namespace wasinn::golden {
namespace {

struct VerbRow {
  Verb verb;
  std::string_view text;
  size_t min;  // operands
  size_t max;
};

constexpr size_t kAny = 100000;
constexpr auto kVerbs = std::to_array<VerbRow>({
    {Verb::kMemory, "memory", 1, 1},
    {Verb::kModel, "model", 2, kAny},
    {Verb::kPolicy, "policy", 2, 2},
    {Verb::kRequires, "requires", 1, 1},
    {Verb::kSnapshots, "snapshots", 1, 3},
    {Verb::kPut, "put", 2, kAny},
    {Verb::kData, "data", 2, kAny},
    {Verb::kSpace, "space", 2, 2},
    {Verb::kTensor, "tensor", 4, kAny},
    {Verb::kLegacyTensor, "legacy_tensor", 4, kAny},
    {Verb::kWitx, "witx", 1, 6},
    {Verb::kLegacy, "legacy", 1, 5},
    {Verb::kExt, "ext", 1, 6},
    {Verb::kWit, "wit", 2, 5},
    {Verb::kDrop, "drop", 2, 2},
    {Verb::kCancel, "cancel", 0, 0},
    {Verb::kErrno, "errno", 1, 1},
    {Verb::kReturns, "returns", 0, 4},
    {Verb::kTrap, "trap", 0, 0},
    {Verb::kError, "error", 1, 2},
    {Verb::kStdout, "stdout", 1, 1},
    {Verb::kMem, "mem", 2, kAny},
});

constexpr std::string_view kSpaces = " \t,";
constexpr std::string_view kEndsWord = " \t,[]()\"";

std::optional<uint8_t> HexDigit(char c) {
  if (c >= '0' && c <= '9') return static_cast<uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<uint8_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<uint8_t>(c - 'A' + 10);
  return std::nullopt;
}

// Reads the values of one line.
class LineReader {
 public:
  LineReader(std::string_view line, size_t number) : rest_(line), number_(number) {}

  // True at the end of the line or before a remark.
  bool AtEnd() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(kSpaces), rest_.size()));
    return rest_.empty() || rest_[0] == '#';
  }

  // Everything up to the next space: "[method]graph.init-execution-context".
  std::string Raw() {
    AtEnd();
    const size_t size = std::min(rest_.find_first_of(" \t"), rest_.size());
    std::string text(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return text;
  }

  Result<Value> Next(size_t depth = 0) {
    if (depth > kMaxDepth) return Wrong("brackets at most 8 deep");
    if (AtEnd()) return Wrong("a value");
    const char c = rest_[0];
    if (c == '"') return Text();
    if (c == '[') return Items(Value::Kind::kList, ']', depth);
    if (c == '(') return Items(Value::Kind::kTuple, ')', depth);
    if (c == ']' || c == ')') return Wrong("a value");
    const size_t size = std::min(rest_.find_first_of(kEndsWord), rest_.size());
    Value value;
    value.text = rest_.substr(0, size);
    rest_.remove_prefix(size);
    if (!rest_.empty() && rest_[0] == '(') {
      WASINN_TRY(typed, Items(Value::Kind::kTyped, ')', depth));
      typed.text = std::move(value.text);
      return typed;
    }
    if (value.text[0] == '$') WASINN_CHECK(ReadName(value));
    return value;
  }

  std::unexpected<Error> Wrong(std::string_view expected) const {
    return Fail(Code::kInvalidArgument, "line {}: expected {}, given '{}'", number_, expected,
                Printable(rest_));
  }

 private:
  Result<> ReadName(Value& value) {
    value.kind = Value::Kind::kName;
    std::string name = value.text.substr(1);
    if (const size_t sign = name.find_first_of("+-"); sign != std::string::npos) {
      const auto offset = ParseUint(std::string_view(name).substr(sign + 1));
      if (!offset || *offset > UINT32_MAX) return Wrong("$name or $name+NUMBER before");
      value.offset = static_cast<int64_t>(*offset) * (name[sign] == '-' ? -1 : 1);
      name.resize(sign);
    }
    if (name.empty()) return Wrong("a name after $ before");
    value.text = std::move(name);
    return {};
  }

  Result<Value> Items(Value::Kind kind, char close, size_t depth) {
    rest_.remove_prefix(1);
    Value value;
    value.kind = kind;
    while (!AtEnd() && rest_[0] != close) {
      WASINN_TRY(item, Next(depth + 1));
      value.items.push_back(std::move(item));
    }
    if (rest_.empty() || rest_[0] != close) return Wrong(close == ']' ? "]" : ")");
    rest_.remove_prefix(1);
    return value;
  }

  Result<Value> Text() {
    rest_.remove_prefix(1);
    Value value;
    value.kind = Value::Kind::kText;
    while (!rest_.empty() && rest_[0] != '"') {
      char c = rest_[0];
      size_t used = 1;
      if (c == '\\') {
        const char escape = rest_.size() > 1 ? rest_[1] : ' ';
        used = 2;
        if (escape == 'n') {
          c = '\n';
        } else if (escape == 't') {
          c = '\t';
        } else if (escape == '"' || escape == '\\') {
          c = escape;
        } else if (escape == 'x' && rest_.size() > 3 && HexDigit(rest_[2]) && HexDigit(rest_[3])) {
          c = static_cast<char>(*HexDigit(rest_[2]) * 16 + *HexDigit(rest_[3]));
          used = 4;
        } else {
          return Wrong("\\n, \\t, \\\", \\\\ or \\xNN");
        }
      }
      value.text += c;
      rest_.remove_prefix(used);
    }
    if (rest_.empty()) return Wrong("the end of the text");
    rest_.remove_prefix(1);
    return value;
  }

  std::string_view rest_;
  size_t number_;
};

Result<Statement> ParseStatement(const VerbRow& row, LineReader& reader, size_t number) {
  Statement statement;
  statement.verb = row.verb;
  statement.line = number;
  if (row.verb == Verb::kWit) {
    for (int i = 0; i < 2; ++i)
      statement.operands.push_back({Value::Kind::kWord, reader.Raw(), 0, {}});
  }
  while (!reader.AtEnd()) {
    WASINN_TRY(value, reader.Next());
    if (value.kind == Value::Kind::kWord && value.text == "->") {
      if (row.verb != Verb::kWit || reader.AtEnd()) return reader.Wrong("-> NAME after a wit call");
      statement.bind = reader.Raw();
      if (!reader.AtEnd()) return reader.Wrong("the end of the line");
      break;
    }
    statement.operands.push_back(std::move(value));
  }
  if (statement.operands.size() < row.min || statement.operands.size() > row.max) {
    return Fail(Code::kInvalidArgument, "line {}: {}: expected {} to {} values, given {}", number,
                row.text, row.min, row.max, statement.operands.size());
  }
  return statement;
}

}  // namespace

bool IsExpectation(Verb verb) { return verb >= Verb::kErrno; }

Result<File> Parse(std::string_view text) {
  if (text.size() > kMaxFileBytes) {
    return Fail(Code::kTooLarge, "expected a file of at most {} bytes, given {}", kMaxFileBytes,
                text.size());
  }
  File file;
  std::vector<Statement>* statements = &file.prelude;
  bool acted = false;  // whether an expectation has an action above it
  size_t number = 0;
  for (const std::string_view line : Split(text, '\n')) {
    ++number;
    if (line.size() > kMaxLineBytes) {
      return Fail(Code::kTooLarge, "line {}: expected at most {} bytes, given {}", number,
                  kMaxLineBytes, line.size());
    }
    LineReader reader(line, number);
    if (reader.AtEnd()) continue;
    if (line[0] == ' ' || line[0] == '\t') {
      if (statements->empty() || statements->back().verb != Verb::kModel) {
        return reader.Wrong("a line without an indent, or one below `model`");
      }
      statements->back().body += std::string(Trim(line)) + "\n";
      continue;
    }
    const std::string word = reader.Raw();
    if (word == "case") {
      const std::string name = reader.Raw();
      if (name.empty() || !reader.AtEnd()) return reader.Wrong("case NAME");
      file.cases.push_back({name, number, {}});
      statements = &file.cases.back().statements;
      acted = false;
      continue;
    }
    const VerbRow* row = nullptr;
    for (const VerbRow& candidate : kVerbs) {
      if (candidate.text == word) row = &candidate;
    }
    if (row == nullptr) {
      std::vector<std::string_view> names = {"case"};
      for (const VerbRow& candidate : kVerbs) names.push_back(candidate.text);
      return Fail(Code::kInvalidArgument, "line {}: no statement named '{}'{}", number,
                  Printable(word), Suggest(word, names));
    }
    if (IsExpectation(row->verb)) {
      if (!acted) return reader.Wrong("an action above the expectation");
    } else {
      acted = row->verb >= Verb::kWitx;
    }
    WASINN_TRY(statement, ParseStatement(*row, reader, number));
    statements->push_back(std::move(statement));
  }
  return file;
}

std::string Quote(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (c == '\t') {
      quoted += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      quoted += fmt::format("\\x{:02x}", byte);
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

}  // namespace wasinn::golden
