// Files of a folder of states: an opened one is read within its bounds, and what llama.cpp would
// get has each place once. The first byte says how the rest is used.
#include "ggml/state.h"

#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "ggml/runtime.h"
#include "input.h"

namespace {

using wasinn::fuzz::Require;

const std::filesystem::path& Folder() {
  static const std::filesystem::path path = [] {
    const auto made =
        std::filesystem::temp_directory_path() / ("wasinn-fuzz-state-" + std::to_string(getpid()));
    std::filesystem::create_directories(made);
    return made;
  }();
  return path;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  wasinn::fuzz::Input input(data, size);
  static const wasinn::ggml::StateFolder folder(Folder().string(), 1 << 30);
  const bool sealed = (input.Byte() & 1) != 0;
  const size_t tokens = input.Byte() % 16 + 1;
  const auto rest = input.Rest();
  const bool good = wasinn::ggml::GoodState(rest, tokens);
  if (sealed) {
    // As somebody does it who knows how the checksum is made.
    folder.Save("one", 7, std::vector<llama_token>(tokens, 3), rest);
  } else {
    std::ofstream(Folder() / "one", std::ios::binary)
        .write(reinterpret_cast<const char*>(rest.data()),
               static_cast<std::streamsize>(rest.size()));
  }
  try {
    const auto file = folder.Open("one", 7, 100);
    Require(!file->tokens().empty());
    const auto read = file->ReadData();
    Require(wasinn::ggml::GoodState(read, file->tokens().size()));
    if (sealed) Require(good);
  } catch (const wasinn::backend::Failure& failure) {
    Require(failure.message().starts_with("ggml: option 'state-load': "));
    Require(failure.message().find(Folder().string()) == std::string::npos);
    Require(!sealed || !good);
  }
  return 0;
}
