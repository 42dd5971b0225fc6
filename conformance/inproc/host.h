// The shared declarations of the native conformance program. It runs the suite's guests, compiled
// for this machine, against adapters/inproc: the same host core, but no Wasm engine between.
#pragma once

#include <inproc/inproc.h>

#include <string>
#include <string_view>
#include <vector>

namespace wasinn::conformance {

// The mistakes of the deliberately broken host (--break GROUP).
enum class Flip {
  kNone,
  kErrno,          // an errno or error code is wrong
  kOutput,         // one bit of an output is wrong
  kWritten,        // the size of an output is one too large
  kHandle,         // handles skip a number
  kIgnoreRefusal,  // a refusal is returned as success
};

// The guest that runs on this thread. Only inside a guest's main.
inproc::Guest& CurrentGuest();
// The mistake for all guests of this process.
Flip CurrentFlip();
// Ends the process as a Wasm program's trap does: "wasm trap: TEXT" on stderr, exit code 134.
[[noreturn]] void Trap(std::string_view text);

// A guest that is linked in: `main` of the file that WebAssembly hosts know as STEM.wasm.
struct NativeGuest {
  const char* stem;
  int (*main)(int argc, char** argv);
};
// CMake generates it from the list of guests.
const std::vector<NativeGuest>& NativeGuests();

}  // namespace wasinn::conformance
