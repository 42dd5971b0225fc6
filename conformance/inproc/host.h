// What the parts of the native conformance program share. It runs the suite's guests, compiled for
// this machine, against adapters/inproc: the same host core, but no Wasm engine between.
#pragma once

#include <inproc/inproc.h>

#include <string>
#include <string_view>
#include <vector>

namespace wasinn::conformance {

// What the deliberately broken host (--break GROUP) does wrong.
enum class Flip {
  kNone,
  kErrno,    // an errno or error code is another one
  kOutput,   // one bit of an output is
  kWritten,  // the size of an output is one too large
  kHandle,   // handles skip a number
  kCarryOn,  // a refusal comes out as success
};

// The guest that runs on this thread. Only inside a guest's main.
inproc::Guest& CurrentGuest();
// What is to be wrong for all guests of this process.
Flip CurrentFlip();
// Ends the process as a Wasm program's trap does: "wasm trap: TEXT" on stderr, exit code 134.
[[noreturn]] void Trap(std::string_view text);

// A guest that is linked in: `main` of the file that WebAssembly hosts know as STEM.wasm.
struct NativeGuest {
  const char* stem;
  int (*main)(int argc, char** argv);
};
// Made by CMake from the guests' list.
const std::vector<NativeGuest>& NativeGuests();

}  // namespace wasinn::conformance
