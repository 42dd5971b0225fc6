// The parser of golden files: any bytes parse or give an error that names a line.
#include "golden/format.h"

#include "golden/values.h"
#include "input.h"

namespace wasinn::fuzz {
namespace {

void CheckStatement(const golden::Statement& statement) {
  Require(statement.line > 0);
  for (const golden::Value& value : statement.operands) {
    if (value.kind == golden::Value::Kind::kText) {
      const auto again = golden::Parse("policy rule " + golden::Quote(value.text));
      Require(again && again->prelude[0].operands[1].text == value.text);
    }
    if (value.kind == golden::Value::Kind::kTyped) {
      const auto bytes = golden::Encode(value.text, value.items, {});
      std::string type = value.text;
      if (bytes) (void)golden::Decode(type, *bytes);
    }
  }
}

}  // namespace
}  // namespace wasinn::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace wasinn;
  const auto file = golden::Parse({reinterpret_cast<const char*>(data), size});
  if (!file) {
    fuzz::Require(!file.error().message.empty());
    return 0;
  }
  for (const auto& statement : file->prelude) fuzz::CheckStatement(statement);
  for (const auto& one : file->cases) {
    for (const auto& statement : one.statements) fuzz::CheckStatement(statement);
  }
  return 0;
}
