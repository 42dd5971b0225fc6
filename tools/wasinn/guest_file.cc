#include "guest_file.h"

#include <cerrno>
#include <utility>

#include "files.h"

namespace wasinn::cli {

std::expected<std::vector<std::byte>, Failure> ReadGuest(const std::string& path) {
  auto wasm = ReadFileOrStdin(path);
  if (wasm) return std::move(*wasm);
  return Fail(wasm.error().number == ENOENT ? kNotFound : kNotRunnable, wasm.error().message);
}

}  // namespace wasinn::cli
