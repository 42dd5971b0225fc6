// Calls of a core module's functions, and of wasinn_nn's, with any arguments over any memory: never
// a trap, an errno that the specification or WasmEdge has, and no access outside the memory
// (AddressSanitizer sees it).
//
// An input is steps: a byte of what to do, then its operands. An operand is a byte below 0xf0 for a
// number (below 0x80 itself, else 16 times what is above), or one from there on and four bytes.
#pragma once

#include <array>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "engine.h"
#include "inproc/inproc.h"
#include "input.h"

namespace wasinn::fuzz {

class CoreTarget {
 public:
  // What a step's byte means, by its low five bits: the functions come first.
  static constexpr uint8_t kWait = 24;
  static constexpr uint8_t kPoke = 25;       // bytes into memory
  static constexpr uint8_t kExtension = 26;  // a row of wasinn_nn
  // All others: five numbers into memory, as in records.

  CoreTarget(const char* module, std::span<const char* const> functions)
      : module_(module), functions_(functions) {
    engine_.AddModel("m", "wasinn-echo\ninput x f32 2\noutput y f32 2\n");
    engine_.AddModel("n",
                     "wasinn-echo\ninput a any *\ninput b i16 -1,2 optional\n"
                     "input s string -1 optional\noutput c any *\noption chunk_bytes 3\n");
    size_t count = 0;
    const wasinn_core_import* table = wasinn_core_imports(&count);
    for (const wasinn_core_import& row : std::span(table, count)) {
      if (std::string_view(row.module) == "wasinn_nn") extension_.push_back(&row);
    }
  }

  void Run(const uint8_t* data, size_t size) {
    Input input(data, size);
    const auto guest = inproc::Guest::Create(engine_.engine(), engine_.policy(), kMemory, nullptr);
    Require(guest != nullptr);
    std::memcpy(guest->memory().data(), "mn", 2);
    for (int step = 0; step < kMaxSteps && !input.empty(); ++step) Step(*guest, input);
  }

 private:
  static constexpr size_t kMemory = 2048;
  static constexpr int kMaxSteps = 48;

  static uint32_t Operand(Input& input) {
    const uint8_t byte = input.Byte();
    if (byte < 0x80) return byte;
    if (byte < 0xf0) return (byte - 0x80u) * 16;
    return input.Number<uint32_t>();
  }

  static void Call(inproc::Guest& guest, const wasinn_core_import& import, Input& input) {
    std::array<uint64_t, 8> args{};
    const size_t count = std::strlen(import.params);
    for (size_t i = 0; i < count; ++i) args[i] = Operand(input);
    uint64_t result = ~0ull;
    const wasinn_call_state state = guest.Call(import, {args.data(), count}, &result);
    Require(state != WASINN_CALL_TRAP);
    if (state == WASINN_CALL_DONE) Require(result <= 8 || (result >= 100 && result <= 103));
    // In wasinn_nn a text that does not fit (7) and the end of an output (100) are no failures.
    const bool quiet =
        std::string_view(import.module) == "wasinn_nn" && (result == 7 || result == 100);
    if (state == WASINN_CALL_DONE && result != 0 && !quiet) Require(!guest.last_error().empty());
  }

  void Step(inproc::Guest& guest, Input& input) const {
    const uint8_t what = input.Byte() % 32;
    if (what < functions_.size()) {
      Call(guest, *inproc::FindCoreImport(module_, functions_[what]), input);
    } else if (what == kWait) {
      guest.set_wait(static_cast<inproc::Wait>(input.Byte() % 3));
    } else if (what == kPoke) {
      const uint32_t at = Operand(input) % kMemory;
      const auto bytes = input.Take(input.Byte());
      const size_t size = std::min(bytes.size(), kMemory - at);
      if (size != 0) std::memcpy(guest.memory().data() + at, bytes.data(), size);
    } else if (what == kExtension) {
      Call(guest, *extension_[input.Byte() % extension_.size()], input);
    } else {
      const uint32_t at = Operand(input) % (kMemory - 20);
      for (uint32_t i = 0; i < 5; ++i) {
        const uint32_t value = Operand(input);
        std::memcpy(guest.memory().data() + at + i * 4, &value, sizeof(value));
      }
    }
  }

  const char* const module_;
  const std::span<const char* const> functions_;
  SharedEngine engine_;
  std::vector<const wasinn_core_import*> extension_;
};

}  // namespace wasinn::fuzz
