// The words of the contract between cases, hosts and the runner, from the .def tables.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wasinn::conformance {

enum class Form { kCore, kComponent };
enum class Numbers { kWitx, kWasmEdge, kWamr, kWit };

struct Dialect {
  std::string_view name;
  Form form;
  std::string_view snapshot;
  Numbers numbers;
};
// nullptr for an unknown name.
const Dialect* FindDialect(std::string_view name);
std::vector<std::string> DialectNames();
std::vector<std::string> FeatureNames();

// The encoding's number in a dialect's column; -1 for none or an unknown encoding.
int EncodingNumber(std::string_view encoding, Numbers numbers);
bool IsEncoding(std::string_view encoding);

enum class Kind {
#define KIND(kind, text, sign, deviates, meaning) kind,
#include "result_kind.def"
};
struct KindFacts {
  Kind kind;
  std::string_view text;
  std::string_view sign;
  bool deviates;
  std::string_view meaning;
};
const KindFacts& FactsOf(Kind kind);
const std::vector<KindFacts>& AllKinds();
// nullptr for an unknown text.
const KindFacts* FindKind(std::string_view text);

}  // namespace wasinn::conformance
