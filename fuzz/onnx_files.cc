// The files that an ONNX model names for its tensors, read from a file of any bytes.
#include "model/onnx_files.h"

#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using wasinn::fuzz::Require;
  const int number = memfd_create("model", MFD_CLOEXEC);
  Require(number >= 0 && write(number, data, size) == static_cast<ssize_t>(size));
  const auto file = wasinn::os::File::Open("/proc/self/fd/" + std::to_string(number));
  Require(file.has_value() && (*file)->size() == size);
  for (const auto& [name, needed] : wasinn::ReadExternalFiles(**file)) {
    Require(!name.empty() && name.size() <= size);
  }
  close(number);
  return 0;
}
