// wasinn-ggml-check BUILD: prints one line that says whether a build of the ggml backend works on
// this processor: "works", or "fails: " and the reason. It is a separate program because a build
// that does not work may end its process. Without such a line nothing is known about the build.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "ggml/self_test.h"

namespace {

// The test takes a second; a test that takes this long hangs.
constexpr rlim_t kMaxCpuSeconds = 120;
constexpr unsigned kMaxSeconds = 1200;
// With less memory nothing could be tested.
constexpr size_t kMemory = size_t{64} << 20;

char doing[256] = "opening it";  // NOLINT: the signal handler reads it

void At(const char* what) { std::snprintf(doing, sizeof doing, "%s", what); }

void Say(const char* text) {
  if (write(STDOUT_FILENO, text, std::strlen(text)) < 0) _exit(2);
}

void OnSignal(int number) {
  // Several threads may fail at the same instruction.
  static std::atomic_flag said;
  while (said.test_and_set()) pause();
  Say("fails: SIG");
  Say(sigabbrev_np(number));
  Say(" in ");
  Say(doing);
  Say("\n");
  _exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: wasinn-ggml-check BUILD\n", stderr);
    return 2;
  }
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  const rlimit cpu{kMaxCpuSeconds, kMaxCpuSeconds + 1};
  setrlimit(RLIMIT_CPU, &cpu);
  alarm(kMaxSeconds);
  void* memory = mmap(nullptr, kMemory, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return 2;
  munmap(memory, kMemory);

  for (const int number :
       {SIGILL, SIGSEGV, SIGBUS, SIGFPE, SIGTRAP, SIGSYS, SIGABRT, SIGXCPU, SIGALRM}) {
    std::signal(number, OnSignal);
  }
  void* build = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (build == nullptr) {
    std::fprintf(stderr, "wasinn-ggml-check: %s\n", dlerror());
    return 2;
  }
  const auto test =
      reinterpret_cast<decltype(&wasinn_ggml_self_test)>(dlsym(build, "wasinn_ggml_self_test"));
  if (test == nullptr) return 2;
  const char* difference = test(At);
  if (difference != nullptr) Say("fails: ");
  Say(difference != nullptr ? difference : "works");
  Say("\n");
  // The tested code need not shut down cleanly.
  _exit(difference != nullptr ? 1 : 0);
}
