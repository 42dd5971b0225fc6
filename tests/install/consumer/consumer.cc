// Uses the installed library, adapter and plug-ins from C++: consumer_cpp BACKEND... checks that
// these backends are found, and runs a guest.
#include <wasinn/adapter.h>

#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <wasinn/wasinn.hpp>

namespace {

int Fail(std::string_view what, const wasinn::Error& error) {
  std::fprintf(stderr, "%s: %s\n", std::string(what).c_str(), error.message.c_str());
  return 1;
}

// Ends with the exit code 7.
constexpr std::string_view kGuest = R"((module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start") (call $exit (i32.const 7)))))";

}  // namespace

int main(int argc, char** argv) {
  auto engine = wasinn::Engine::Create({.backend_path = BACKEND_DIR});
  if (!engine) return Fail("engine", engine.error());

  auto backends = engine->BackendsJson();
  if (!backends) return Fail("backends", backends.error());
  for (const char* name : std::span(argv, argc).subspan(1)) {
    if (backends->find('"' + std::string(name) + '"') == std::string::npos) {
      std::fprintf(stderr, "expected the backend %s, given %s\n", name, backends->c_str());
      return 1;
    }
  }

  if (auto added = engine->AddAdapter(wasinn_adapter_wasmtime()); !added) {
    return Fail("adapter", added.error());
  }
  auto program = engine->LoadProgram(std::as_bytes(std::span(kGuest)));
  if (!program) return Fail("program", program.error());
  auto session = engine->NewSession();
  if (!session) return Fail("session", session.error());
  auto run = program->Run(*session, {.args = {"guest"}});
  if (!run) return Fail("run", run.error());
  if (run->exit_code != 7) {
    std::fprintf(stderr, "expected exit code 7, given %d\n", run->exit_code);
    return 1;
  }
  std::printf("found every backend in %s; the guest ended with 7\n", BACKEND_DIR);
  return 0;
}
