#include "words.h"

#include <algorithm>

namespace wasinn::conformance {
namespace {

constexpr Dialect kDialects[] = {
#define DIALECT(name, form, snapshot, numbers) {name, Form::form, snapshot, Numbers::numbers},
#include "dialect.def"
};

struct Encoding {
  std::string_view name;
  int numbers[4];  // in the order of Numbers
};
constexpr Encoding kEncodings[] = {
#define ENCODING(name, witx, wasmedge, wamr, wit) {name, {witx, wasmedge, wamr, wit}},
#include "encoding.def"
};

constexpr std::string_view kFeatures[] = {
#define FEATURE(name, meaning) name,
#include "feature.def"
};

const Encoding* FindEncoding(std::string_view name) {
  const auto* found = std::ranges::find(kEncodings, name, &Encoding::name);
  return found == std::end(kEncodings) ? nullptr : found;
}

}  // namespace

const Dialect* FindDialect(std::string_view name) {
  const auto* found = std::ranges::find(kDialects, name, &Dialect::name);
  return found == std::end(kDialects) ? nullptr : found;
}

std::vector<std::string> DialectNames() {
  std::vector<std::string> names;
  for (const auto& dialect : kDialects) names.emplace_back(dialect.name);
  return names;
}

std::vector<std::string> FeatureNames() { return {std::begin(kFeatures), std::end(kFeatures)}; }

int EncodingNumber(std::string_view encoding, Numbers numbers) {
  const auto* found = FindEncoding(encoding);
  return found == nullptr ? -1 : found->numbers[static_cast<int>(numbers)];
}

bool IsEncoding(std::string_view encoding) { return FindEncoding(encoding) != nullptr; }

const std::vector<KindFacts>& AllKinds() {
  static const std::vector<KindFacts> kinds = {
#define KIND(kind, text, sign, deviates, meaning) {Kind::kind, text, sign, deviates, meaning},
#include "result_kind.def"
  };
  return kinds;
}

const KindFacts& FactsOf(Kind kind) { return AllKinds()[static_cast<std::size_t>(kind)]; }

const KindFacts* FindKind(std::string_view text) {
  const auto found = std::ranges::find(AllKinds(), text, &KindFacts::text);
  return found == AllKinds().end() ? nullptr : &*found;
}

}  // namespace wasinn::conformance
