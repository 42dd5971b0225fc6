// Calls of core modules with any arguments over any memory, also of wasinn_nn: never a trap, an
// errno that the specification or WasmEdge has, and no access outside the memory (AddressSanitizer
// sees it).
//
// An input is steps: a byte of what to do, then its operands. An operand is a byte below 0xf0 for a
// number (below 0x80 itself, else 16 times what is above), or one from there on and four bytes.
#include <array>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "engine.h"
#include "inproc/inproc.h"
#include "input.h"

namespace wasinn::fuzz {
namespace {

constexpr size_t kMemory = 2048;
constexpr int kMostSteps = 48;
constexpr std::string_view kExtension = "wasinn_nn";
constexpr std::array kFunctions = {
    "load",    "load_by_name", "load_by_name_with_config", "init_execution_context", "set_input",
    "compute", "get_output"};

SharedEngine& Shared() {
  static SharedEngine* const shared = [] {
    auto* made = new SharedEngine;
    made->AddModel("m", "wasinn-echo\ninput x f32 2\noutput y f32 2\n");
    made->AddModel("n",
                   "wasinn-echo\ninput a any *\ninput b i16 -1,2 optional\n"
                   "input s string -1 optional\noutput c any *\n");
    return made;
  }();
  return *shared;
}

uint32_t Operand(Input& input) {
  const uint8_t byte = input.Byte();
  if (byte < 0x80) return byte;
  if (byte < 0xf0) return (byte - 0x80u) * 16;
  return input.Number<uint32_t>();
}

void Call(inproc::Guest& guest, const wasinn_core_import& import, Input& input) {
  std::array<uint64_t, 8> args{};
  const size_t count = std::strlen(import.params);
  for (size_t i = 0; i < count; ++i) args[i] = Operand(input);
  uint64_t result = ~0ull;
  const wasinn_call_state state = guest.Call(import, {args.data(), count}, &result);
  Require(state != WASINN_CALL_TRAP);
  if (state == WASINN_CALL_DONE) Require(result <= 8 || (result >= 100 && result <= 103));
  // In wasinn_nn a text that does not fit (7) and the end of an output (100) are no failures.
  const bool quiet =
      std::string_view(import.module) == kExtension && (result == 7 || result == 100);
  if (state == WASINN_CALL_DONE && result != 0 && !quiet) Require(!guest.last_error().empty());
}

// The rows of wasinn_nn.
const std::vector<const wasinn_core_import*>& Extension() {
  static const auto rows = [] {
    std::vector<const wasinn_core_import*> found;
    size_t count = 0;
    const wasinn_core_import* table = wasinn_core_imports(&count);
    for (size_t i = 0; i < count; ++i) {
      if (std::string_view(table[i].module) == kExtension) found.push_back(&table[i]);
    }
    return found;
  }();
  return rows;
}

void Step(inproc::Guest& guest, Input& input) {
  const uint8_t what = input.Byte() % 16;
  if (what < kFunctions.size()) {
    Call(guest, *inproc::FindCoreImport("wasi_ephemeral_nn", kFunctions[what]), input);
    return;
  }
  switch (what) {
    case 7:
      guest.set_wait(static_cast<inproc::Wait>(input.Byte() % 3));
      return;
    case 8: {
      const uint32_t at = Operand(input) % kMemory;
      const auto bytes = input.Take(input.Byte());
      const size_t size = std::min(bytes.size(), kMemory - at);
      if (size != 0) std::memcpy(guest.memory().data() + at, bytes.data(), size);
      return;
    }
    case 10:
      Call(guest, *Extension()[input.Byte() % Extension().size()], input);
      return;
    default: {
      // The record that set_input reads, five numbers.
      const uint32_t at = Operand(input) % (kMemory - 20);
      for (uint32_t i = 0; i < 5; ++i) {
        const uint32_t value = Operand(input);
        std::memcpy(guest.memory().data() + at + i * 4, &value, sizeof(value));
      }
    }
  }
}

}  // namespace
}  // namespace wasinn::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace wasinn;
  fuzz::Input input(data, size);
  const auto guest = inproc::Guest::Create(fuzz::Shared().engine(), fuzz::Shared().policy(),
                                           fuzz::kMemory, nullptr);
  fuzz::Require(guest != nullptr);
  std::memcpy(guest->memory().data(), "mn", 2);
  for (int step = 0; step < fuzz::kMostSteps && !input.empty(); ++step) fuzz::Step(*guest, input);
  return 0;
}
