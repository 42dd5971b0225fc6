#include "model/encoding.h"

#include <array>

namespace wasinn {
namespace {

struct Row {
  Encoding encoding;
  std::string_view text;
  int witx;
  int wit;
};

constexpr auto kRows = std::to_array<Row>({
#define X(name, constant, text, witx, wit, description) Row{Encoding::k##constant, text, witx, wit},
#include "model/encoding.def"
#undef X
});

std::optional<Encoding> FromColumn(int Row::* column, uint32_t number) {
  for (const Row& row : kRows) {
    if (row.*column >= 0 && static_cast<uint32_t>(row.*column) == number) return row.encoding;
  }
  return std::nullopt;
}

constexpr std::array<std::string_view, 4> kTargets = {"cpu", "gpu", "tpu", "auto"};
static_assert(WASINN_TARGET_CPU == 0 && WASINN_TARGET_AUTO == 3);

}  // namespace

std::string_view EncodingName(Encoding encoding) {
  return kRows[static_cast<size_t>(encoding)].text;
}

std::optional<Encoding> EncodingFromName(std::string_view name) {
  for (const Row& row : kRows) {
    if (row.text == name) return row.encoding;
  }
  return std::nullopt;
}

std::optional<Encoding> EncodingFromWitx(uint32_t number) { return FromColumn(&Row::witx, number); }
std::optional<Encoding> EncodingFromWit(uint32_t number) { return FromColumn(&Row::wit, number); }

std::string WitEncodingCases() {
  std::string cases;
  for (uint32_t number = 0;; ++number) {
    const auto encoding = EncodingFromWit(number);
    if (!encoding) return cases;
    if (number != 0) cases += ' ';
    cases += EncodingName(*encoding);
  }
}

std::string EncodingNames() {
  std::string names;
  for (const Row& row : kRows) {
    if (!names.empty()) names += ", ";
    names += row.text;
  }
  return names;
}

std::string_view TargetName(Target target) { return kTargets[static_cast<size_t>(target)]; }

std::optional<Target> TargetFromName(std::string_view name) {
  for (size_t i = 0; i < kTargets.size(); ++i) {
    if (kTargets[i] == name) return static_cast<Target>(i);
  }
  return std::nullopt;
}

std::optional<Target> TargetFromGuest(uint32_t number) {
  if (number > 2) return std::nullopt;
  return static_cast<Target>(number);
}

}  // namespace wasinn
