// The text format of golden cases; README.md describes it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace wasinn::golden {

// Limits for a file; more is an error, so that any bytes parse in bounded time and memory.
inline constexpr size_t kMaxFileBytes = 1 << 20;
inline constexpr size_t kMaxLineBytes = 8192;
inline constexpr size_t kMaxDepth = 8;

struct Value {
  enum class Kind {
    kWord,   // 12, -1.5, FP32, ok
    kName,   // $name, with `offset` from $name+4
    kText,   // "text", unescaped
    kTyped,  // f32(1 2): `text` is the type
    kList,   // [a b]
    kTuple,  // (a b)
  };
  Kind kind = Kind::kWord;
  std::string text;
  int64_t offset = 0;
  std::vector<Value> items;
};

enum class Verb {
  // set-up
  kMemory,
  kModel,
  kPolicy,
  kRequires,
  kSnapshots,
  // memory
  kPut,
  kData,
  kSpace,
  kTensor,
  kLegacyTensor,
  // actions
  kWitx,
  kLegacy,
  kExt,
  kWit,
  kDrop,
  kCancel,
  // expectations of the action above
  kErrno,
  kReturns,
  kTrap,
  kError,
  kStdout,
  kMem,
};
bool IsExpectation(Verb verb);

struct Statement {
  Verb verb = Verb::kPut;
  size_t line = 0;              // from 1
  std::vector<Value> operands;  // all of the line but the verb and the binding
  std::string bind;             // of `-> name`
  std::string body;             // indented lines below, without the indent
};

struct Case {
  std::string name;
  size_t line = 0;
  std::vector<Statement> statements;
};

struct File {
  std::vector<Statement> prelude;  // runs at the start of each case
  std::vector<Case> cases;
};

// INVALID_ARGUMENT names the line, what was expected there and what was given. Never throws, keeps
// no reference to `text`.
Result<File> Parse(std::string_view text);

// As the format writes it: "text" with escapes.
std::string Quote(std::string_view text);

}  // namespace wasinn::golden
