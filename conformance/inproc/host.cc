#include "host.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "guest.h"
#include "program.h"

namespace wasinn::conformance {
namespace {

// The first address of a guest; as in WebAssembly, 0 is a valid address, but it is never allocated.
constexpr uint32_t kFirstAddress = 1024;
constexpr uint32_t kPage = 65536;
constexpr uint32_t kAlignment = 16;

struct Running {
  inproc::Guest* guest = nullptr;
  uint32_t next_address = kFirstAddress;
  std::string label;
};
thread_local Running running;
std::vector<Folder> folders;

}  // namespace

inproc::Guest& CurrentGuest() { return *running.guest; }

void Trap(std::string_view text) {
  // Other guests' threads are still working, so no destructors may run.
  std::fflush(stdout);
  std::fprintf(stderr, "wasm trap: %.*s\n", static_cast<int>(text.size()), text.data());
  std::_Exit(kTrapExit);
}

void SetFolders(std::vector<Folder> all) { folders = std::move(all); }

int RunGuest(const NativeGuest& native, inproc::Guest& guest, std::string label, int argc,
             char** argv) {
  running = {&guest, kFirstAddress, std::move(label)};
  // This way the bytes stay in place while the memory grows.
  guest.memory().reserve(kMaxMemory);
  guest.memory().resize(2 * kPage);
  const int code = native.main(argc, argv);
  running = {};
  return code;
}

}  // namespace wasinn::conformance

using wasinn::conformance::CurrentGuest;

extern "C" {

uint32_t g_alloc(uint32_t size) {
  auto& running = wasinn::conformance::running;
  auto& memory = CurrentGuest().memory();
  const uint64_t end = uint64_t{running.next_address} + size;
  if (end + wasinn::conformance::kPage > memory.capacity()) {
    g_setup_failed("no memory for %u bytes", size);
  }
  const uint32_t address = running.next_address;
  // One byte more, so that empty blocks have unique addresses, too.
  running.next_address = static_cast<uint32_t>(end / wasinn::conformance::kAlignment + 1) *
                         wasinn::conformance::kAlignment;
  if (running.next_address > memory.size()) {
    memory.resize((running.next_address / wasinn::conformance::kPage + 1) *
                  wasinn::conformance::kPage);
  }
  return address;
}

uint32_t g_grow(void) {
  auto& running = wasinn::conformance::running;
  auto& memory = CurrentGuest().memory();
  const auto page = static_cast<uint32_t>(memory.size());
  memory.resize(memory.size() + wasinn::conformance::kPage);
  running.next_address = page + wasinn::conformance::kPage;
  return page;
}

void* g_at(uint32_t address) { return CurrentGuest().memory().data() + address; }

uint64_t g_memory_size(void) { return CurrentGuest().memory().size(); }

const char* g_label(void) { return wasinn::conformance::running.label.c_str(); }

FILE* g_open(const char* path) {
  const std::string_view guest_path(path);
  for (const auto& folder : wasinn::conformance::folders) {
    if (!guest_path.starts_with(folder.guest + "/")) continue;
    return std::fopen((folder.host + std::string(guest_path.substr(folder.guest.size()))).c_str(),
                      "rb");
  }
  return nullptr;
}

}  // extern "C"
