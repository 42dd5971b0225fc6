// .npy files: what is read can be written, and reads back the same.
#include "npy.h"

#include "input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace wasinn;
  using namespace wasinn::fuzz;
  const auto tensor = cli::ReadNpy({reinterpret_cast<const std::byte*>(data), size});
  if (!tensor) {
    Require(!tensor.error().empty());
    return 0;
  }
  const auto written = cli::WriteNpy(tensor->view());
  if (!written) {
    Require(tensor->dtype == WASINN_DTYPE_STRING);
    return 0;
  }
  const auto again = cli::ReadNpy(*written);
  Require(again.has_value());
  Require(again->dtype == tensor->dtype && again->dims == tensor->dims &&
          again->data == tensor->data);
  return 0;
}
