// The functions that core guests import: each is a call of the core's import table.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "host.h"
#include "nn.h"

namespace wasinn::conformance {
namespace {

// The meaning of a function's arguments by index; -1: no such argument.
struct Meaning {
  std::string_view name;
  int handle_in;
  int handle_out;
  int output;   // address of the bytes
  int written;  // address of their number
};
constexpr Meaning kMeanings[] = {
    {"load", -1, -2, -1, -1},
    {"load_by_name", -1, -2, -1, -1},
    {"load_by_name_with_config", -1, -2, -1, -1},
    {"init_execution_context", 0, -2, -1, -1},
    {"set_input", 0, -1, -1, -1},
    {"compute", 0, -1, -1, -1},
    {"get_output", 0, -1, 2, -2},
    {"compute_single", 0, -1, -1, -1},
    {"get_output_single", 0, -1, 2, -2},
    {"fini_single", 0, -1, -1, -1},
    {"unload", 0, -1, -1, -1},
    {"finalize_execution_context", 0, -1, -1, -1},
};

const Meaning& MeaningOf(std::string_view name) {
  static constexpr Meaning kNone = {"", -1, -1, -1, -1};
  for (const auto& meaning : kMeanings) {
    if (meaning.name == name) return meaning;
  }
  return kNone;
}

// -2 means the last argument.
uint32_t ArgAt(std::span<const uint64_t> args, int at) {
  return static_cast<uint32_t>(at == -2 ? args.back() : args[static_cast<size_t>(at)]);
}

// Makes the result of a call wrong.
void Spoil(Flip flip, const Meaning& meaning, std::span<const uint64_t> args, uint64_t& result) {
  constexpr uint64_t kInvalidArgument = 1, kRuntimeError = 5;
  const auto add_to = [&](int at) { g_put_u32(ArgAt(args, at), g_get_u32(ArgAt(args, at)) + 1); };
  if (flip == Flip::kErrno && result != 0) {
    result = result == kInvalidArgument ? kRuntimeError : kInvalidArgument;
  } else if (flip == Flip::kIgnoreRefusal) {
    result = 0;
  } else if (result != 0) {
    return;
  } else if (flip == Flip::kOutput && meaning.output != -1 &&
             g_get_u32(ArgAt(args, meaning.written)) != 0) {
    *static_cast<uint8_t*>(g_at(ArgAt(args, meaning.output))) ^= 1;
  } else if (flip == Flip::kWritten && meaning.written != -1) {
    add_to(meaning.written);
  } else if (flip == Flip::kHandle && meaning.handle_out != -1) {
    add_to(meaning.handle_out);
  }
}

template <typename... Args>
int32_t CallCore(const char* module, const char* name, Args... words) {
  const wasinn_core_import* import = inproc::FindCoreImport(module, name);
  if (import == nullptr) {
    std::fprintf(stderr, "unknown import: %s %s\n", module, name);
    std::_Exit(1);
  }
  std::array<uint64_t, sizeof...(words)> args{words...};
  const Flip flip = CurrentFlip();
  const Meaning& meaning = MeaningOf(name);
  if (flip == Flip::kHandle && meaning.handle_in == 0) {
    args[0] = static_cast<uint32_t>(args[0] - 1);
  }
  uint64_t result = 0;
  inproc::Guest& guest = CurrentGuest();
  if (guest.Call(*import, args, &result) == WASINN_CALL_TRAP) Trap(guest.last_error());
  if (flip != Flip::kNone) Spoil(flip, meaning, args, result);
  return static_cast<int32_t>(static_cast<uint32_t>(result));
}

}  // namespace
}  // namespace wasinn::conformance

#define TAKE_1 uint32_t a
#define TAKE_2 TAKE_1, uint32_t b
#define TAKE_3 TAKE_2, uint32_t c
#define TAKE_4 TAKE_3, uint32_t d
#define TAKE_5 TAKE_4, uint32_t e
#define PASS_1 a
#define PASS_2 PASS_1, b
#define PASS_3 PASS_2, c
#define PASS_4 PASS_3, d
#define PASS_5 PASS_4, e

#define X(function, module, name, params)                              \
  int32_t function(TAKE_##params) {                                    \
    return wasinn::conformance::CallCore(module, name, PASS_##params); \
  }
extern "C" {
#include "nn_functions.def"
}
#undef X
