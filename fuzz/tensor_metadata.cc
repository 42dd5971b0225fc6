// Dims, types and lengths that do not belong together: what FitToPort lets through is whole, and
// what FitToDialect shows can be given back.
#include <vector>

#include "input.h"
#include "session/carry.h"

namespace wasinn::fuzz {
namespace {

DType AnyType(Input& input) {
  return static_cast<DType>(input.Byte() % (static_cast<int>(DType::kString) + 1));
}

std::vector<int64_t> AnyDims(Input& input, int64_t min) {
  std::vector<int64_t> dims(input.Byte() % (WASINN_MAX_RANK + 1));
  for (int64_t& dim : dims) {
    dim = static_cast<int8_t>(input.Byte());
    if (dim == -2) dim = static_cast<int64_t>(input.Number<uint64_t>() >> 1);
    if (dim < min) dim = min;
  }
  return dims;
}

void CheckWhole(const Tensor& tensor) {
  Require(CheckByteSize("tensor", tensor.dtype, tensor.shape, tensor.data.bytes()).has_value());
}

void CheckBack(DTypeNumbers numbers, const Tensor& tensor) {
  const Tensor shown = FitToDialect(numbers, tensor);
  Require(ToDialect(numbers, shown.dtype).has_value());
  Require(shown.data.size() == tensor.data.size());
  CheckWhole(shown);
  Port port;
  port.dtype = tensor.dtype;
  port.any_rank = false;
  port.shape = tensor.shape;
  const auto back = FitToPort(numbers, "back", port, shown);
  Require(back.has_value());
  Require(back->dtype == tensor.dtype && back->shape == tensor.shape);
}

}  // namespace
}  // namespace wasinn::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace wasinn;
  using namespace wasinn::fuzz;
  Input input(data, size);
  Port port;
  port.dtype = AnyType(input);
  port.any_rank = input.Byte() % 2 != 0;
  if (!port.any_rank) port.shape = *Shape::OfPort(AnyDims(input, -1));
  Tensor tensor;
  tensor.dtype = AnyType(input);
  if (tensor.dtype == DType::kNone) tensor.dtype = DType::kU8;
  tensor.shape = *Shape::OfTensor(AnyDims(input, 0));
  const std::optional<DTypeNumbers> numbers[] = {DTypeNumbers::kWitx, DTypeNumbers::kWit,
                                                 std::nullopt};
  const auto dialect = numbers[input.Byte() % 3];
  const auto bytes = input.Rest();
  std::vector<uint8_t> copy(bytes.begin(), bytes.end());
  tensor.data = BufferRef::Lend(copy.data(), copy.size(), [](void*) {}, nullptr);

  (void)tensor.shape.ToString();
  (void)CountStrings(bytes);
  const auto fitted = FitToPort(dialect, "input", port, tensor);
  if (!fitted) {
    Require(fitted.error().code == Code::kInvalidArgument && !fitted.error().message.empty());
    return 0;
  }
  CheckWhole(*fitted);
  Require(port.dtype == DType::kNone || fitted->dtype == port.dtype);
  if (!port.any_rank) Require(fitted->shape.rank() == port.shape.rank());
  for (const DTypeNumbers column : {DTypeNumbers::kWitx, DTypeNumbers::kWit}) {
    CheckBack(column, *fitted);
  }
  return 0;
}
