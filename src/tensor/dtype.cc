#include "tensor/dtype.h"

namespace wasinn {
namespace {

struct Row {
  DType dtype;
  std::string_view text;
  size_t bits;
  int witx;
  int old_witx;
  int wit;
};

constexpr auto kRows = std::to_array<Row>({
#define X(name, constant, number, text, bits, witx, old_witx, wit, numpy) \
  Row{DType::k##constant, text, bits, witx, old_witx, wit},
#include "tensor/dtype.def"
#undef X
});

#define X(name, constant, number, text, bits, witx, old_witx, wit, numpy) \
  static_assert(WASINN_DTYPE_##name == (number));
#include "tensor/dtype.def"
#undef X

const Row* RowOf(DType dtype) {
  const auto index = static_cast<size_t>(dtype) - 1;  // rows start at number 1
  return index < kRows.size() ? &kRows[index] : nullptr;
}

int Column(DTypeNumbers numbers, const Row& row) {
  switch (numbers) {
    case DTypeNumbers::kWitx:
      return row.witx;
    case DTypeNumbers::kOldWitx:
      return row.old_witx;
    case DTypeNumbers::kWit:
      return row.wit;
  }
  return -1;
}

}  // namespace

std::string_view DTypeName(DType dtype) {
  const Row* row = RowOf(dtype);
  return row == nullptr ? "" : row->text;
}

std::optional<DType> DTypeFromName(std::string_view name) {
  for (const Row& row : kRows) {
    if (row.text == name) return row.dtype;
  }
  return std::nullopt;
}

std::optional<DType> DTypeFromNumber(uint32_t number) {
  if (number == 0 || number > kRows.size()) return std::nullopt;
  return static_cast<DType>(number);
}

size_t DTypeSize(DType dtype) {
  const Row* row = RowOf(dtype);
  return row == nullptr ? 0 : row->bits / 8;
}

std::optional<uint32_t> ToDialect(DTypeNumbers numbers, DType dtype) {
  const Row* row = RowOf(dtype);
  const int number = row == nullptr ? -1 : Column(numbers, *row);
  if (number < 0) return std::nullopt;
  return static_cast<uint32_t>(number);
}

std::optional<DType> FromDialect(DTypeNumbers numbers, uint32_t number) {
  for (const Row& row : kRows) {
    const int column = Column(numbers, row);
    if (column >= 0 && static_cast<uint32_t>(column) == number) return row.dtype;
  }
  return std::nullopt;
}

}  // namespace wasinn
